import type { Lease } from '../../../basics';
import type { QueuedObject } from '../../object-queue';
import type { LocalCopy } from '../copies';
import type { ObjectRow } from '../rows';

/** An object that this instance has claimed: it is to be delivered, in flight, or postponed. */
export class ClaimedObject {
  copy: LocalCopy | undefined;
  note: unknown;

  /** @param claim until when it is this instance's, and whether it still is what has been claimed; undefined: it is only looked at */
  constructor(
    public row: ObjectRow,
    private readonly claim?: { lease: Lease; holds(object: ClaimedObject): boolean },
  ) {}

  get id(): string {
    return this.row.id;
  }

  queued(): QueuedObject {
    const { id, deliveries, unacknowledged, crashes } = this.row;
    const { copy, claim } = this;
    return {
      id,
      redelivered: deliveries,
      unacknowledged,
      crashes,
      note: this.note,
      ...(claim && {
        lease: claim.lease,
        isElsewhere: () => claim.lease.isOver || !claim.holds(this),
      }),
      read: (use, evenIfDamaged = false) => {
        if (copy === undefined) throw new Error(`the object ${id} is not on this machine`);
        return copy.read(use, evenIfDamaged);
      },
    };
  }
}
