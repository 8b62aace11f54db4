import type { ClaimedObjects } from './claims';
import type { Link } from './link';
import type { ObjectCount } from './object-count';
import type { Removals } from './removals';

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
