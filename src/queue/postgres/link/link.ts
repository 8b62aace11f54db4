import type { ClaimSource } from '../claims';
import type { Database } from '../database';
import type { DirectoryWatch, SharedDirectory } from '../directory';
import type { FileRows, ObjectNumbers, PutGroups, RemoteAnswers } from '../rows';
import type { Sweeper } from './sweeper';

/** What a queue has while it has a database. */
export interface Link extends ClaimSource {
  database: Database;
  fileRows: FileRows;
  puts: PutGroups;
  numbers: ObjectNumbers;
  answers: RemoteAnswers;
  sweeper: Sweeper;
  /** Undefined: all objects are in the database. */
  directory: SharedDirectory | undefined;
  /** Of that, or of there being none. */
  watch: DirectoryWatch;
  /** `Date.now()`. */
  openedAt: number;
}
