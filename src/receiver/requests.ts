import type { JournalEntry, JournalPage, JournalQuery } from '../journal';
import type { CommandStatus } from '../network';
import type { DeadLetterList, LetterPage } from '../queue';
import type { AnswerOutcome } from './answers';
import type { QueueRequests } from './queue-requests';

/** What the main thread may ask of a receiver, by name: its arguments and its result. */
export interface ReceiverRequests extends QueueRequests {
  /** The flow's answer to an object, by either of its names. Resolves when what follows from it is safe. */
  answer(name: string, status: CommandStatus): Promise<AnswerOutcome>;
  deadLetters(page: LetterPage): Promise<DeadLetterList>;
  /** False when there is no such dead letter. */
  requeue(id: string): boolean;
  discard(id: string): boolean;
  /** Entries of the journal, with `again` where the object can be delivered again. Empty where none is kept. */
  journal(query: JournalQuery): Promise<JournalPage>;
  /**
   * Accepts nothing more, until its node starts anew; associations that are open are aborted after so long, between two
   * objects. Resolves with the number of those, when nothing more is accepted.
   */
  drain(graceMs: number): Promise<number>;
  journalEntry(key: string): Promise<JournalEntry | undefined>;
}
