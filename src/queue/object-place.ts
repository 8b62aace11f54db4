import type { Attempts } from './attempts';
import type { BlockBuffer } from './block-buffer';
import type { PinnedBytes } from './object-handle';
import type { ObjectContent } from './object-queue';
import type { Parking } from './parking';

/** Where objects lie that are safe: each as a file, or in the log. */
export interface ObjectPlace {
  /** Keeps what became of attempts to deliver the object, so that a crash does not forget it. */
  setAttempts(id: string, attempts: Attempts): void;
  /**
   * Calls back with the object's content, which is valid during the call only.
   * @param bytes what memory has of it: then it is not read again
   * @throws ObjectDamaged when it is not what was received, or the system's error when it cannot be read now
   */
  read<T>(id: string, use: (content: ObjectContent) => T, bytes?: BlockBuffer): T;
  remove(id: string): void;
  /** As `remove`, but the bytes stay until `discardKept`, `restore`, or the end of the run. */
  keep(id: string): void;
  discardKept(id: string): void;
  /** What was kept is an object again. */
  restore(id: string): void;
  /** Holds the bytes of an object, or of what is kept, in place. */
  pin(id: string): PinnedBytes;
  /** The object becomes the file at this path, and is no longer here. */
  moveTo(id: string, path: string): void;
}

/** An object of an earlier run. */
export interface FoundObject {
  id: string;
  attempts: Attempts;
  /** Undefined: nobody owns it. */
  parking?: Parking;
}
