import type { SharedQueue } from '../../../src/receiver';

/** A deployed node that stands for a queue in a database. */
export abstract class SharedQueueOwner {
  /** Where it is, or why it cannot be used. */
  abstract readonly place: { shared: SharedQueue } | { problem: string };
}
