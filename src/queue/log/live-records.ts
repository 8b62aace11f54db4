import type { LoggedObject, LoggedParking, LoggedState } from './log-reader';
import type { Segment } from './log-segments';

export type Logged = LoggedObject<Segment>;
/** Where a record has been written. */
export type Written = Pick<Logged, 'segment' | 'offset' | 'length'>;

/** The records of a log that are needed, counted for their segments: one of which none is needed may go. */
export class LiveRecords implements LoggedState<Segment> {
  readonly objects = new Map<string, Logged>();
  /** Who owns objects, also those that lie elsewhere. */
  readonly parkings = new Map<string, LoggedParking<Segment>>();
  /** Objects that have been removed, and can be read for a while. */
  private readonly kept = new Map<string, Logged>();

  get isEmpty(): boolean {
    return this.objects.size === 0 && this.parkings.size === 0 && this.kept.size === 0;
  }

  /** Once segments of an earlier run have been read into `objects` and `parkings`. */
  countAll(): void {
    for (const logged of [...this.objects.values(), ...this.parkings.values()]) count(logged, 1);
  }

  /** An object, or what is kept of one. */
  get(id: string): Logged | undefined {
    return this.objects.get(id) ?? this.kept.get(id);
  }

  add(object: Logged): void {
    this.objects.set(object.id, object);
    count(object, 1);
  }

  /** Undefined: it is not here. */
  remove(id: string): Logged | undefined {
    const object = this.objects.get(id);
    if (object === undefined) return undefined;
    count(object, -1);
    this.objects.delete(id);
    return object;
  }

  /** The same object has been written to another place. */
  move(object: Logged, written: Written): void {
    count(object, -1);
    Object.assign(object, written);
    count(object, 1);
  }

  setParking(id: string, parking: LoggedParking<Segment> | undefined): void {
    const before = this.parkings.get(id);
    if (before !== undefined) count(before, -1);
    this.parkings.delete(id);
    if (parking === undefined) return;
    this.parkings.set(id, parking);
    count(parking, 1);
  }

  /** Its bytes stay, whatever becomes of the object. */
  keep(object: Logged): void {
    object.segment.holds += 1;
    this.kept.set(object.id, object);
  }

  keptOf(id: string): Logged | undefined {
    return this.kept.get(id);
  }

  /** False: it was not kept. */
  discardKept(id: string): boolean {
    const object = this.kept.get(id);
    if (object === undefined) return false;
    object.segment.holds -= 1;
    return this.kept.delete(id);
  }

  discardAllKept(): void {
    for (const id of this.kept.keys()) this.discardKept(id);
  }

  clear(): void {
    this.objects.clear();
    this.parkings.clear();
    this.kept.clear();
  }
}

function count({ segment, length }: { segment: Segment; length: number }, by: 1 | -1): void {
  segment.live += by;
  segment.liveBytes += by * length;
}
