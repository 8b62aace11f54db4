import { ObjectGone, OpenHandles, type ObjectHandle } from '../object-handle';
import { isAcknowledgeId, isNameOf, isObjectId } from '../object-id';
import type { QueuedObject } from '../object-queue';
import { studyText } from './arrivals';
import { ClaimedObject } from './claims';
import type { QueueParts } from './queue-parts';
import { numberIn, type ObjectRow } from './rows';

/** What is asked of one object: `ObjectQueue` says what each means. */
export class ObjectLookup {
  private readonly handles = new OpenHandles();

  constructor(private readonly queue: QueueParts) {}

  async open(id: string): Promise<ObjectHandle> {
    const copy = this.queue.claimed.get(id)?.copy;
    if (copy !== undefined) return this.handles.add(id, () => copy.pin());
    const row = await this.findRow(id, 'queued', 'parked', 'kept');
    const fetched = row && (await this.queue.db().copies.fetch([row])).get(row.seq);
    if (fetched === undefined) throw new ObjectGone(`there is no object ${id} in the queue any more`);
    try {
      return this.handles.add(id, () => fetched.pin());
    } finally {
      fetched.discard();
    }
  }

  async describe<T>(id: string, use: (object: QueuedObject) => T): Promise<T | undefined> {
    const object = this.queue.claimed.get(id);
    if (object?.copy !== undefined) return use(object.queued());
    const row = await this.findRow(id, 'queued', 'parked', 'kept');
    if (row === undefined) return undefined;
    const other = new ClaimedObject(row);
    other.copy = (await this.queue.db().copies.fetch([row])).get(row.seq);
    try {
      return use(other.queued());
    } finally {
      other.copy?.discard();
    }
  }

  async idOf(name: string): Promise<string | undefined> {
    if (!isObjectId(name) && !isAcknowledgeId(name)) return undefined;
    const { claimed, removals } = this.queue;
    const seq = numberIn(name);
    const here = claimed.withNumber(seq);
    if (here !== undefined) return isNameOf(name, here.id) ? here.id : undefined;
    const row = removals.isLeaving(seq) ? undefined : await this.queue.db().rows.find(seq);
    if (row === undefined || row.state === 'dead' || !isNameOf(name, row.id)) return undefined;
    return row.id;
  }

  async waiting(studyInstanceUID: string): Promise<number> {
    return this.queue.db().rows.countOfStudy(studyText(studyInstanceUID));
  }

  /** Who reads from an object hears that it is gone. */
  close(): void {
    this.handles.closeAll();
  }

  private async findRow(
    id: string,
    ...states: readonly ObjectRow['state'][]
  ): Promise<ObjectRow | undefined> {
    if (!isObjectId(id) || this.queue.removals.isLeaving(numberIn(id))) return undefined;
    const row = await this.queue.db().rows.find(numberIn(id));
    return row?.id === id && states.includes(row.state) ? row : undefined;
  }
}
