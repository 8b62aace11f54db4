import type { OnWarning } from '../../basics';
import type { FileFacts } from './folder-files';

/** What becomes of a file that the flow is done with. */
export type After = 'keep' | 'move' | 'delete';

export interface FolderStorageOptions {
  /** The watched folder. */
  folder: string;
  /** Of this queue alone, on a disk of this machine. */
  directory: string;
  /** Names this queue among all that may watch the folder: a plain file name. */
  owner: string;
  after: After;
  /** Where `after` is `move`. */
  moveTo: string;
  /** Empty: below `directory`. */
  errorDirectory: string;
  /** Bytes that must stay free on the disk of `directory`; below, no file is taken. */
  minFreeBytes: number;
  onWarning?: OnWarning;
  /** Files cannot be put away; they are tried again. */
  onNotPutAway(error: Error): void;
}

/** What is known of a file of the folder: that it is to be taken, perhaps as one that came before, or not, or not now. */
export type KnownFile = 'new' | 'again' | 'taken' | 'no-room';

/** A file of the folder, as a scan has found it. */
export interface FolderFile {
  /** Its path below the folder, with the system's separators. */
  rel: string;
  facts: FileFacts;
}

/** A file that was changed after it had been taken. */
export interface ChangedFile extends FolderFile {
  id: string;
  path: string;
}
