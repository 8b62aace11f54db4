import type { MessagePort } from 'node:worker_threads';
import type { DeadLetterList, JournalEntry, JournalPage } from '../admin-api';
import type { QueueRequests } from '../delivery';
import type { JournalQuery } from '../journal';
import type { CommitmentReport } from '../network';
import type { LetterPage, OpenedObject } from '../queue';

/** What the main thread may ask of the sender, by name. */
export interface SenderRequests {
  /** An object that was to be opened is open, for the reader at the other end of the port. */
  opened(id: string, object: OpenedObject, port: MessagePort): void;
  /** It could not be opened. @param isForNow it may be opened later */
  notOpened(id: string, reason: string, isForNow: boolean): void;
  /** Of an outbox. */
  deadLetters(outbox: string, page: LetterPage): Promise<DeadLetterList>;
  /** False when there is no such dead letter. */
  requeue(outbox: string, id: string): boolean;
  discard(outbox: string, id: string): boolean;
  /** One of these peers says what it has stored. False: no request of ours to it is open, or nobody has heard it. */
  report(peers: readonly string[], report: CommitmentReport): boolean;
  /** Asks the queue of a node for what C-GETs bring. @param args of the request */
  onRetrieved(queue: string, name: keyof QueueRequests, ...args: unknown[]): unknown;
  /** What is in it stays there. */
  closeRetrieved(queue: string): Promise<void>;
  /** What is in it stays there. Resolves when another one may have its directory. */
  closeOutbox(outbox: string): Promise<void>;
  /** Entries of a node's journal, with `again` where the object is a dead letter of its outbox. Empty where none is kept. */
  journal(node: string, query: JournalQuery): Promise<JournalPage>;
  journalEntry(node: string, key: string): Promise<JournalEntry | undefined>;
  closeJournal(node: string): Promise<void>;
}
