import type { QueueRequests } from '../delivery';
import type { JournalEntry, JournalPage, JournalQuery } from '../journal';

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
  journalEntry(key: string): Promise<JournalEntry | undefined>;
}
