import type { QueuedObject } from '../object-queue';
import type { LocalCopy } from './local-copy';
import type { ObjectRow } from './object-rows';

/** An object that this instance has claimed: it is to be delivered, in flight, or postponed. */
export class ClaimedObject {
  copy: LocalCopy | undefined;
  note: unknown;

  /** @param isElsewhere as `QueuedObject` has it */
  constructor(
    public row: ObjectRow,
    private readonly isElsewhere?: (object: ClaimedObject) => boolean,
  ) {}

  get id(): string {
    return this.row.id;
  }

  queued(): QueuedObject {
    const { id, deliveries, unacknowledged, crashes } = this.row;
    const { copy, isElsewhere } = this;
    return {
      id,
      redelivered: deliveries,
      unacknowledged,
      crashes,
      note: this.note,
      ...(isElsewhere && { isElsewhere: () => isElsewhere(this) }),
      read: (use, evenIfDamaged = false) => {
        if (copy === undefined) throw new Error(`the object ${id} is not on this machine`);
        return copy.read(use, evenIfDamaged);
      },
    };
  }
}
