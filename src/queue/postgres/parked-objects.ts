import { isObjectId } from '../object-id';
import type { ParkedObject, Unparked } from '../object-queue';
import { withoutOwner, withOwner, type Parking } from '../parking';
import { ClaimedObject } from './claims';
import { letterOf } from './dead-objects';
import type { QueueParts } from './queue-parts';
import { numberIn, type ObjectRow } from './rows';

/** Objects that nodes of this instance hold: `ObjectQueue` says what that means. */
export class ParkedObjects {
  constructor(private readonly queue: QueueParts) {}

  async park(id: string, owner: string): Promise<boolean> {
    const { queue } = this;
    if (!isObjectId(id) || queue.removals.isLeaving(numberIn(id))) return false;
    const isParked = await queue.count.during(
      () =>
        queue.db().rows.change({ seq: numberIn(id), id }, async (row, change) => {
          if (row.state === 'dead') return undefined;
          const isKept = row.state === 'kept' || queue.removals.kept.has(id);
          const parking: Parking = row.parking ?? { owners: [], isAcknowledged: isKept };
          await change.park(withOwner(parking, owner), queue.instance());
          return isKept ? 'kept' : 'queued';
        }),
      (was) => (was === 'kept' ? 1 : 0),
    );
    if (isParked === undefined) return false;
    if (isParked === 'kept') queue.removals.kept.restore(id);
    queue.claimed.drop(id);
    return true;
  }

  async unpark(id: string, owner: string): Promise<Unparked> {
    if (!isObjectId(id)) return { state: 'unknown' };
    const { queue } = this;
    const state = await queue.claimed.again(queue.db(), () => this.unparked(id, owner));
    if (state instanceof ClaimedObject) return { state: 'in-flight', object: state.queued() };
    return { state: state ?? 'unknown' } as Unparked;
  }

  /** What has become of it; where it is in flight here now, its row. */
  private unparked(id: string, owner: string): Promise<Unparked['state'] | ObjectRow | undefined> {
    const { queue } = this;
    const { rows, session } = queue.db();
    return queue.count.during(
      () =>
        rows.change(
          { seq: numberIn(id), id },
          async (row, change): Promise<Unparked['state'] | ObjectRow> => {
            if (row.parking?.owners.includes(owner) !== true) return 'unknown';
            const parking = withoutOwner(row.parking, owner);
            if (parking.owners.length > 0) {
              await change.park(parking, queue.instance());
              return parking.isAcknowledged ? 'acknowledged' : 'parked';
            }
            if (parking.failure !== undefined) {
              await change.setAside(letterOf(row, parking.failure.why, parking.failure.facts));
              return 'dead-letter';
            }
            if (parking.isAcknowledged) {
              await change.remove();
              return 'removed';
            }
            return {
              ...row,
              ...(await change.inFlightAgain(session.number)),
              state: 'queued',
              parking: undefined,
            };
          },
        ),
      (became) => (became === 'dead-letter' || became === 'removed' ? -1 : 0),
    );
  }

  /** What somebody holds is removed when nobody does any more. False: there is no such object. */
  async acknowledge(id: string): Promise<boolean> {
    const isKnown = await this.queue.db().rows.change({ seq: numberIn(id), id }, async (row, change) => {
      if (row.state === 'parked' && row.parking !== undefined)
        await change.acknowledge({ ...row.parking, isAcknowledged: true });
      return row.state !== 'dead';
    });
    return isKnown ?? false;
  }

  async list(): Promise<ParkedObject[]> {
    const parked = await this.queue.db().rows.parked(this.queue.instance());
    return parked.map(({ id, parking }) => ({ id, owners: parking?.owners ?? [] }));
  }

  async disown(owner: string): Promise<void> {
    const { queue } = this;
    for (const { seq, id, parking } of await queue.db().rows.parked(queue.instance()))
      if (parking?.owners.includes(owner) === true) await this.disownOne({ seq, id }, owner);
    queue.claimed.fetchSoon();
    queue.tell();
  }

  private async disownOne(object: Pick<ObjectRow, 'seq' | 'id'>, owner: string): Promise<void> {
    const { queue } = this;
    await queue.count.during(
      () =>
        queue.db().rows.change(object, async (row, change) => {
          if (row.parking?.owners.includes(owner) !== true) return 'parked';
          const parking = { ...withoutOwner(row.parking, owner), isAcknowledged: false };
          if (parking.owners.length > 0) await change.park(parking, queue.instance());
          else if (parking.failure === undefined) await change.deliverAgain();
          else {
            await change.setAside(letterOf(row, parking.failure.why, parking.failure.facts));
            return 'dead-letter';
          }
          return 'parked';
        }),
      (became) => (became === 'dead-letter' ? -1 : 0),
    );
  }
}
