import type { RunningFaults } from '../delivery';
import type { FolderQueue } from '../queue';
import type { Candidates } from './candidates';
import type { WatchFaultKind } from './faults';
import type { WatchSettings } from './watch-config';

/** Limits that tests make shorter. */
export interface WatchLimits {
  /** A file that begins as an object and cannot be read to its end may be one that is slow to come. */
  incompleteMs: number;
  /** Between two looks at a folder of which the system tells nothing. */
  pollMs: number;
  retryMs: number;
}

/** What the parts of a watch share. */
export interface WatchParts {
  readonly settings: WatchSettings;
  /** Its absolute path. */
  readonly folder: string;
  readonly queue: FolderQueue;
  readonly candidates: Candidates;
  readonly faults: RunningFaults<WatchFaultKind>;
  readonly limits: WatchLimits;
  isStopped(): boolean;
  /** Looks at the folder in this many milliseconds, unless it is looked at sooner. */
  lookIn(milliseconds: number): void;
  /** What people see of it may have changed. */
  tell(): void;
}
