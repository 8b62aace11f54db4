import type { JournalEntry, JournalPage } from '../admin-api';
import type { QueueRequests } from '../delivery';
import type { JournalQuery } from '../journal';
import type { CommandStatus } from '../network';
import type { FlowAnswerOutcome } from './flow-answers';
import type { QueryAnswer } from './flow-queries';

/** What the main thread may ask of a receiver, by name: its arguments and its result. */
export interface ReceiverRequests extends QueueRequests {
  /** Entries of the journal, with `again` where the object can be delivered again. Empty where none is kept. */
  journal(query: JournalQuery): Promise<JournalPage>;
  /**
   * Accepts nothing more, until its node starts anew; associations that are open are aborted after so long, between two
   * objects. Resolves with the number of those, when nothing more is accepted.
   */
  drain(graceMs: number): Promise<number>;
  /** The ids of associations that are open now. */
  openAssociations(): string[];
  /** A part of the flow's answer to a query. Resolves when it has been sent. */
  answerQuery(id: string, answer: QueryAnswer): Promise<FlowAnswerOutcome>;
  /** The flow's answer to a procedure step. */
  answerStep(id: string, status: CommandStatus): Promise<FlowAnswerOutcome>;
  journalEntry(key: string): Promise<JournalEntry | undefined>;
}
