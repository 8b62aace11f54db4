import type { Attempts } from '../attempts';
import type { FileFacts } from './folder-files';

/** A file of the folder that is an object of the queue, or has been one. */
export interface FolderObject {
  id: string;
  /** Its path below the folder, with the system's separators. */
  rel: string;
  /** As it was when it was taken. */
  facts: FileFacts;
  attempts: Attempts;
}

/**
 * What is to become of a file that was found at a start: to be delivered again; to be put away, for the flow is done with it; or
 * to be looked at, as it was changed after it was taken.
 */
export type FileState = 'live' | 'done' | 'changed';

export interface FoundFile extends FolderObject {
  state: FileState;
}

/** Where the files of a queue lie, and what is known of them over restarts. */
export interface FileStore {
  /** What earlier runs left that this run does not know of yet. @throws the system's error */
  found(isKnown: (id: string) => boolean): FoundFile[];
  /** Takes a file as this object. False: it is not there any more, or not as it was. @throws the system's error */
  take(object: FolderObject): Generator<void, boolean>;
  path(object: FolderObject): string;
  setAttempts(object: FolderObject, attempts: Attempts): void;
  setState(object: FolderObject, state: FileState): void;
  /** Nothing of it has been delivered: it is a file of the folder as before. False: that cannot be. */
  giveBack(object: FolderObject): boolean;
  /** The flow is done with it: puts it where it belongs then. @throws the system's error; then it can be called again */
  putAway(object: FolderObject): Generator<void, void>;
  /** Puts it into this directory, under a name like its own, and has it no more. @returns the name */
  moveTo(object: FolderObject, directory: string): string;
  /** What has been set up to now is on the disk. @throws the system's error */
  safe(): Promise<void>;
  close(): void;
}
