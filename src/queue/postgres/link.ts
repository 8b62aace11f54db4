import type { ClaimedObjects, ClaimSource } from './claimed-objects';
import type { Database } from './database';
import type { DirectoryWatch } from './directory-watch';
import type { FileRows } from './file-rows';
import type { ObjectCount } from './object-count';
import type { ObjectNumbers } from './object-numbers';
import type { PutGroups } from './put-groups';
import type { Removals } from './removals';
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
  directory: { files: SharedDirectory; watch: DirectoryWatch } | undefined;
  /** `Date.now()`. */
  openedAt: number;
}

/** What the parts of a queue share. */
export interface QueueParts {
  /** @throws QueueRefusal where there is no database */
  db: () => Link;
  /** As `instanceName`. */
  instance: () => string;
  readonly count: ObjectCount;
  readonly claimed: ClaimedObjects;
  readonly removals: Removals;
  /** A statement has failed: what it was to do is done later, or whoever wanted it has been told. */
  failed: (error: unknown) => void;
  onLeftover: (error: Error) => void;
  /** Objects wait that did not: others hear of them. */
  tell: () => void;
}
