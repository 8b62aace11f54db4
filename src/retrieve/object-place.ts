import type { ObjectIdentity } from '../dicom';
import type { CommandStatus, ObjectStore } from '../network';

/** Where the objects of a C-GET go. */
export interface ObjectPlace {
  /** Resolves when it has been tried to open it. */
  tried(): Promise<void>;
  /** Why it takes nothing; undefined: it does. */
  readonly problem: string | undefined;
  /** 0: no limit. */
  readonly maxObjectBytes: number;
  /** Transfer syntaxes that are taken, the best first; empty: all. */
  readonly transferSyntaxes: readonly string[];
  /** @param refuses what was not asked for */
  store(refuses: (identity: ObjectIdentity) => CommandStatus | undefined): ObjectStore;
}
