import type { ClaimSource } from './claimed-objects';
import type { Database } from './database';
import type { DirectoryWatch } from './directory-watch';
import type { FileRows } from './file-rows';
import type { ObjectNumbers } from './object-numbers';
import type { PutGroups } from './put-groups';
import type { RemoteAnswers } from './remote-answers';
import type { SharedDirectory } from './shared-directory';
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
