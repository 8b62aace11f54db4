import type { DeadLetter } from '../admin-api';
import type { Attempts } from './attempts';
import type { BlockBuffer } from './block-buffer';
import type { LocalDeadLetters } from './dead-letters';
import type { PinnedBytes } from './object-handle';
import type { FoundObject } from './object-place';
import type { ObjectContent } from './object-queue';
import type { Parking } from './parking';

/** Where a queue of one process keeps its objects: on a disk, or in memory. */
export interface ObjectStorage {
  /** Makes ready. Returns what earlier runs left, in order. @throws the system's error */
  open(): Promise<FoundObject[]>;
  /** Ids that sort before this are of earlier runs. */
  readonly newestFound: string;
  readonly deadLetters: LocalDeadLetters;
  /** @throws QueueRefusal when there is no room */
  checkRoom(): void;
  /** Gives back at once what holds no object any more, such as what is there to be written over. False: there is nothing. */
  freeRoom(): boolean;
  begin(head: Buffer): ObjectPart;
  /** The object may be read now; else `onReady` tells when. */
  isReady(id: string): boolean;
  has(id: string): boolean;
  /**
   * @param bytes what memory has of it: then it is not read again
   * @throws ObjectDamaged, or the system's error
   */
  read<T>(
    id: string,
    use: (content: ObjectContent) => T,
    bytes: BlockBuffer | undefined,
    evenIfDamaged: boolean,
  ): T;
  /** @throws ObjectDamaged, or the system's error */
  pin(id: string): PinnedBytes;
  setAttempts(id: string, attempts: Attempts): void;
  /** Undefined: nobody owns it any more. */
  setParking(id: string, parking: Parking | undefined): void;
  /** What has been set and removed up to now is as safe as it is to be. @throws the system's error */
  safe(): Promise<void>;
  remove(id: string): void;
  /** It has been removed, and that may not be safe. */
  removeAgain(id: string): void;
  /** As `remove`, but what can be read stays until `discardKept`, or until the process ends. */
  keep(id: string): void;
  /** Its bytes go. */
  discardKept(id: string): void;
  /** What was kept is an object again. */
  restore(id: string): void;
  /** The object becomes a dead letter. Returns why its note could not be written. @throws what keeps it from that */
  setAside(letter: DeadLetter): Error | undefined;
  /** What was found out about the object's bytes may have changed. */
  forget(id: string): void;
  close(): void;
}

/** What a storage tells its queue. */
export interface StorageListener {
  /** Something may be ready now. */
  onReady(): void;
  /** Objects of an earlier run that could not be read at the start. */
  onFoundLater(objects: readonly FoundObject[]): void;
  /** Something is an object that nobody has written here: a dead letter, or a file that others have put here. */
  onCame(id: string, study: string | undefined): void;
  /** An object that waited is none any more: somebody has taken it away, or changed it. */
  onGone(id: string): void;
  onLeftover(error: Error): void;
}

/** An object that is being written, as `QueueWriter`. */
export interface ObjectPart {
  append(bytes: Buffer): void;
  content(): ObjectContent;
  complete(): Promise<CompletedObject>;
  discard(): void;
}

export interface CompletedObject {
  id: string;
  /** All of its bytes, or the first ones, where memory has them: the queue gives them back. */
  bytes: BlockBuffer | undefined;
  head: BlockBuffer | undefined;
}
