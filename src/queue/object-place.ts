import type { BlockBuffer } from './block-buffer';
import type { ObjectContent } from './object-queue';

/** Where objects lie that are safe: each as a file, or in the log. */
export interface ObjectPlace {
  /** Keeps how often the object has been handed over, so that a crash does not forget it. */
  setDeliveries(id: string, deliveries: number): void;
  /**
   * Calls back with the object's content, which is valid during the call only.
   * @param bytes what memory has of it: then it is not read again
   */
  read<T>(id: string, use: (content: ObjectContent) => T, bytes?: BlockBuffer): T;
  remove(id: string): void;
  /** The object becomes the file at this path, and is no longer here. */
  moveTo(id: string, path: string): void;
}

/** An object of an earlier run. */
export interface FoundObject {
  id: string;
  deliveries: number;
}
