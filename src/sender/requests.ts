import type { MessagePort } from 'node:worker_threads';
import type { CommitmentReport } from '../network';
import type { DeadLetterList, LetterPage, OpenedObject } from '../queue';

/** What the main thread may ask of the sender, by name. */
export interface SenderRequests {
  /** An object that was to be opened is open, for the reader at the other end of the port. */
  opened(id: string, object: OpenedObject, port: MessagePort): void;
  /** It could not be opened. */
  notOpened(id: string, reason: string): void;
  /** Of an outbox. */
  deadLetters(outbox: string, page: LetterPage): Promise<DeadLetterList>;
  /** False when there is no such dead letter. */
  requeue(outbox: string, id: string): boolean;
  discard(outbox: string, id: string): boolean;
  /** One of these peers says what it has stored. False: no request of ours to it is open, or nobody has heard it. */
  report(peers: readonly string[], report: CommitmentReport): boolean;
  /** What is in it stays there. */
  closeOutbox(outbox: string): void;
}
