import { dirname, join } from 'node:path';
import { type DiskFiles, leftoversTo, openToRead, syncDirectoryNow, writeFile } from '../../basics';
import { attemptsText, NO_ATTEMPTS, type Attempts } from '../attempts';
import { BlockBuffer } from '../block-buffer';
import type { PinnedBytes } from '../object-handle';
import { parseSegmentName } from '../object-names';
import { ObjectDamaged } from '../object-damaged';
import type { FoundObject, ObjectPlace } from '../object-place';
import { QueueRefusal, type ObjectContent } from '../object-queue';
import { parkingText, type Parking } from '../parking';
import { pinnedRange } from '../pinned-range';
import { HEADER_BYTES, RecordBatch, readRecord, type RecordKind } from './log-records';
import { readAt, type LoggedObject, type LoggedParking } from './log-reader';
import { LogSegments, type Segment, type SegmentOptions } from './log-segments';
import { Removals } from './removals';
import { SegmentReading } from './segment-reading';

export interface LogLimits extends Pick<SegmentOptions, 'quickSyncMs'> {
  /** A segment that has so many bytes is followed by the next. */
  segmentBytes: number;
  /** With more segments than this, and most of them done, those that stay long are written again, so that the oldest can go. */
  mostSegments: number;
  /** A log in which nothing waits is deleted after so long: delivered objects are not to lie about. */
  idleMs: number;
  /** What the disk did not give is read again after so long, then after twice as long, up to `MOST_UNREAD_MS`. */
  unreadMs: number;
}

const MOST_UNREAD_MS = 300_000;
/** With so many times more segments than wanted, one that still cannot be read does not hold up the others any more. */
const UNREAD_HOLDS = 2;

export const LOG_LIMITS: LogLimits = {
  segmentBytes: 16_777_216,
  mostSegments: 8,
  idleMs: 10_000,
  quickSyncMs: 2,
  unreadMs: 5_000,
};

export interface ObjectLogOptions extends SegmentOptions, LogLimits {
  /** Objects of an earlier run that could not be read at the start. */
  onFoundLater(objects: readonly FoundObject[]): void;
}

interface NewRecord {
  kind: RecordKind;
  text: string;
  content?: BlockBuffer;
}

type Logged = LoggedObject<Segment>;
type Written = Pick<Logged, 'segment' | 'offset' | 'length'>;

/**
 * Objects that are not large, one behind the other in a few files: creating, syncing and deleting a file for each would cost
 * more than everything else. That an object has been delivered, is owned, or has left, is a record, too; who owns an object
 * is one also where the object is a file.
 */
export class ObjectLog implements ObjectPlace {
  private readonly segments: LogSegments;
  private readonly objects = new Map<string, Logged>();
  private readonly parkings = new Map<string, LoggedParking<Segment>>();
  /** Have left, and can be read for a while. */
  private readonly kept = new Map<string, Logged>();
  /** Not acknowledged yet. */
  private readonly unsynced = new Set<string>();
  private readonly removals = new Removals(() => this.tidy());
  private readonly batch = new RecordBatch();
  private nextName: () => string = () => '';
  private manySegments = 0;
  private isRenewing = false;
  private idle: NodeJS.Timeout | undefined;
  private unread: NodeJS.Timeout | undefined;
  private unreadMs = 0;
  private readonly reading: SegmentReading;
  private readonly cleanUp: (operation: () => void) => void;

  constructor(
    private readonly options: ObjectLogOptions,
    private readonly files: DiskFiles,
  ) {
    this.cleanUp = leftoversTo((error) => options.onLeftover(error));
    this.segments = new LogSegments(options, files);
    this.reading = new SegmentReading(files, (error) => options.onLeftover(error));
    this.manySegments = options.mostSegments;
  }

  /**
   * The objects in the segments among these names, which an earlier run left.
   * @param nextName makes names that sort behind those of the segments
   * @throws an Error with code `QUEUE_VERSION` when another version has written one of them
   */
  open(names: readonly string[], nextName: () => string): FoundObject[] {
    this.close();
    this.nextName = nextName;
    for (const name of [...names].sort()) {
      const facts = parseSegmentName(name);
      if (facts === undefined) continue;
      const segment = this.segments.add(join(this.options.directory, name), facts);
      this.reading.read(segment, { objects: this.objects, parkings: this.parkings });
    }
    for (const logged of [...this.objects.values(), ...this.parkings.values()]) count(logged, 1);
    if (this.segments.unread.length > 0) this.readAgainLater(this.options.unreadMs);
    else this.reading.forget();
    this.segments.dropDone();
    return [...this.objects.values()].map((object) => ({ ...object, ...this.parkingOf(object.id) }));
  }

  /** Who owns an object, where somebody does. */
  parkingOf(id: string): Pick<FoundObject, 'parking'> {
    const parking = this.parkings.get(id)?.parking;
    return parking === undefined ? {} : { parking };
  }

  /** Once all segments have been read: of objects that are neither here nor elsewhere, nothing need be said. */
  forgetParkings(isElsewhere: (id: string) => boolean): void {
    if (this.segments.unread.length > 0) return;
    for (const id of this.parkings.keys())
      if (!this.objects.has(id) && !isElsewhere(id)) this.cleanUp(() => this.setParking(id, undefined));
  }

  /** Bytes of what is in it. */
  get liveBytes(): number {
    return this.segments.liveBytes;
  }

  has(id: string): boolean {
    return this.objects.has(id);
  }

  /** It has the bytes, of an object or of what is kept. */
  holds(id: string): boolean {
    return this.objects.has(id) || this.kept.has(id);
  }

  /**
   * Resolves when the object is as safe as it is to be.
   * @throws the system's error; then it is not in the log
   */
  async append(id: string, bytes: BlockBuffer): Promise<void> {
    this.add({ id, attempts: NO_ATTEMPTS, ...this.write({ kind: 'object', text: id, content: bytes }) });
    if (!this.options.synced) return;
    this.unsynced.add(id);
    try {
      await this.segments.sync();
    } catch (error) {
      this.remove(id);
      throw error;
    }
    if (!this.unsynced.delete(id)) throw new QueueRefusal('QUEUE_CLOSED', 'the receiver stops');
  }

  setAttempts(id: string, attempts: Attempts): void {
    const object = this.objects.get(id);
    const text = attemptsText(attempts);
    if (object === undefined || attemptsText(object.attempts) === text) return;
    this.write({ kind: 'counted', text: `${id}~${text}` });
    object.attempts = attempts;
  }

  /** @throws the system's error; then nothing has changed */
  setParking(id: string, parking: Parking | undefined): void {
    const before = this.parkings.get(id);
    if (before === undefined && parking === undefined) return;
    const { segment, length } = this.write({
      kind: 'parked',
      text: `${id}~${parking === undefined ? '' : parkingText(parking)}`,
    });
    if (before !== undefined) count(before, -1);
    this.parkings.delete(id);
    if (parking === undefined) {
      this.removals.tidyLater();
      return;
    }
    const logged = { id, parking, segment, length };
    this.parkings.set(id, logged);
    count(logged, 1);
  }

  /** What has been written and removed up to now is as safe as it is to be. @throws the system's error */
  async safe(): Promise<void> {
    await this.removals.written();
    if (this.options.synced) await this.segments.syncAll();
  }

  read<T>(id: string, use: (content: ObjectContent) => T, bytes?: BlockBuffer): T {
    if (bytes !== undefined) return use({ kind: 'memory', bytes });
    const read = new BlockBuffer();
    read.append(this.bytesOf(id));
    try {
      return use({ kind: 'memory', bytes: read });
    } finally {
      read.clear();
    }
  }

  remove(id: string): void {
    if (this.leave(id)) this.removals.add(id);
  }

  /** Another record says that it has left. */
  removeAgain(id: string): void {
    this.removals.add(id);
  }

  keep(id: string): void {
    const object = this.objects.get(id);
    if (object === undefined) return;
    object.segment.holds += 1;
    this.kept.set(id, object);
    this.remove(id);
  }

  discardKept(id: string): void {
    const object = this.kept.get(id);
    if (object === undefined) return;
    this.kept.delete(id);
    this.letGo(object.segment);
  }

  /** It has left, as a record says or will say: so it comes again. */
  restore(id: string): void {
    const object = this.kept.get(id);
    if (object === undefined) return;
    this.add({ id, attempts: object.attempts, ...this.writeAgain(object) });
    this.discardKept(id);
  }

  pin(id: string): PinnedBytes {
    const object = this.objects.get(id) ?? this.kept.get(id);
    if (object === undefined) throw new ObjectDamaged(`the log has no object ${id}`);
    const { segment, offset, length } = object;
    const fd = openToRead(segment.path, this.files);
    segment.holds += 1;
    const before = HEADER_BYTES + id.length;
    return pinnedRange(fd, offset + before, length - before, this.files, () => this.letGo(segment));
  }

  private letGo(segment: Segment): void {
    segment.holds -= 1;
    this.removals.tidyLater();
  }

  moveTo(id: string, path: string): void {
    const { synced, directory } = this.options;
    const bytes = this.bytesOf(id);
    writeFile(path, bytes, synced, this.files);
    if (synced) {
      syncDirectoryNow(dirname(path), this.files);
      // In which the folder of the file may be new.
      if (dirname(path) !== directory) syncDirectoryNow(directory, this.files);
    }
    this.remove(id);
  }

  /** Refuses what is not safe yet. What is left is found at the next start; a log in which nothing is left is deleted. */
  close(): void {
    for (const id of [...this.unsynced]) this.remove(id);
    this.removals.stop();
    clearTimeout(this.idle);
    this.idle = undefined;
    clearTimeout(this.unread);
    this.reading.forget();
    for (const { segment } of this.kept.values()) segment.holds -= 1;
    this.kept.clear();
    if (this.isEmpty) this.dropAll();
    if (!this.removals.isEmpty) this.cleanUp(() => this.writeRemovals());
    this.segments.forget();
    this.objects.clear();
    this.parkings.clear();
    this.removals.clear();
  }

  /** No record in it is needed. */
  private get isEmpty(): boolean {
    return this.objects.size === 0 && this.parkings.size === 0 && this.kept.size === 0;
  }

  private add(object: Logged): void {
    this.objects.set(object.id, object);
    count(object, 1);
  }

  private leave(id: string): boolean {
    const object = this.objects.get(id);
    if (object === undefined) return false;
    this.unsynced.delete(id);
    count(object, -1);
    this.segments.noteRemoved(id);
    return this.objects.delete(id);
  }

  private readAgainLater(milliseconds: number): void {
    this.unreadMs = Math.min(milliseconds, MOST_UNREAD_MS);
    this.unread = setTimeout(() => this.cleanUp(() => this.readAgain()), this.unreadMs).unref();
  }

  /** Objects that are found now come behind those that were found at the start. */
  private readAgain(): void {
    for (const segment of this.segments.unread) {
      const { objects, parkings } = this.reading.readLate(segment);
      for (const parking of parkings.values()) {
        if (this.parkings.has(parking.id)) continue;
        this.parkings.set(parking.id, parking);
        count(parking, 1);
      }
      const later = [...objects.values()].filter(({ id }) => !this.holds(id));
      for (const object of later) this.add(object);
      if (later.length > 0)
        this.options.onFoundLater(later.map((object) => ({ ...object, ...this.parkingOf(object.id) })));
    }
    if (this.segments.unread.length > 0) this.readAgainLater(2 * this.unreadMs);
    else this.reading.forget();
    this.tidy();
  }

  /**
   * @throws ObjectDamaged when it is not there as it was written: what is there stays in its segment, which is kept.
   * The system's error when the disk does not give it now.
   */
  private bytesOf(id: string): Buffer {
    const object = this.objects.get(id);
    if (object === undefined) throw new ObjectDamaged(`the log has no object ${id}`);
    const bytes = this.recordOf(object);
    if (bytes !== undefined) return bytes;
    object.segment.isDamaged = true;
    this.leave(id);
    throw damagedIn(object);
  }

  /** The bytes in its record. Undefined: they are not there as they were written. */
  private recordOf({ id, segment, offset, length }: Logged): Buffer | undefined {
    const record = readRecord(readAt(segment.path, offset, length, this.files), 0, segment);
    return record?.kind === 'object' && record.text === id ? record.bytes : undefined;
  }

  /** Behind all that has been written. @throws as `bytesOf` */
  private writeAgain(object: Logged): Written {
    const bytes = this.recordOf(object);
    if (bytes === undefined) throw damagedIn(object);
    const content = new BlockBuffer();
    content.append(bytes);
    try {
      const written = this.write({ kind: 'object', text: object.id, content });
      const attempts = attemptsText(object.attempts);
      if (attempts !== '') this.write({ kind: 'counted', text: `${object.id}~${attempts}` });
      return written;
    } finally {
      content.clear();
    }
  }

  /** Writes a record, and which objects have left since the last one. */
  private write(record?: NewRecord): Written {
    try {
      return this.writeOnce(record);
    } catch (error) {
      // What is not needed any more may be what fills the disk.
      const hasRoom = this.isEmpty ? this.dropAll() : this.segments.makeRoom();
      if (!hasRoom) throw error;
      return this.writeOnce(record);
    }
  }

  private writeOnce(record: NewRecord | undefined): Written {
    const { batch, removals } = this;
    let before = 0;
    const { segment, offset } = this.segments.append(this.nextName, (marker, newlySyncedTo) => {
      batch.begin(marker);
      if (newlySyncedTo !== undefined) batch.add('synced', String(newlySyncedTo));
      if (!removals.isEmpty) batch.add('done', removals.text);
      before = batch.size;
      if (record !== undefined) batch.add(record.kind, record.text, record.content);
      return batch;
    });
    if (!removals.isEmpty) removals.clear();
    return { segment, offset: offset + before, length: batch.size - before };
  }

  /** After many objects may have left. */
  private tidy(): void {
    if (!this.removals.isEmpty) this.tryRemovals();
    this.segments.dropDone();
    if (this.segments.count > this.manySegments && this.segments.isMostlyDone) this.renewOldest();
    if (this.segments.count > UNREAD_HOLDS * this.options.mostSegments) this.setUnreadAside();
    // Where that failed, it is tried again with the next segment.
    this.manySegments = Math.max(this.options.mostSegments, this.segments.count);
    if (this.isEmpty) this.watchIdle();
  }

  private tryRemovals(): void {
    try {
      this.writeRemovals();
    } catch (error) {
      // It is written with the next object, which is refused where that fails, or by `close`, which tells.
      this.removals.failed(error as Error);
    }
  }

  private writeRemovals(): void {
    this.write();
  }

  /** A few objects that stay long keep the oldest segment, and with it all younger ones: they are written again. */
  private renewOldest(): void {
    const { oldest } = this.segments;
    if (this.isRenewing || oldest === undefined || oldest.live === 0) return;
    this.isRenewing = true;
    oldest.holds += 1;
    this.renew(oldest)
      .then(() => {
        // Meanwhile segments may have come, and no more may follow.
        this.manySegments = this.options.mostSegments;
      })
      .catch((error: unknown) => this.options.onLeftover(error as Error))
      .finally(() => {
        this.isRenewing = false;
        oldest.holds -= 1;
        this.tidy();
      });
  }

  /** The segment goes when what is written again is as safe as it was here. */
  private async renew(segment: Segment): Promise<void> {
    const isHere = (logged: { segment: Segment }): boolean => logged.segment === segment;
    const objects = [...this.objects.values()].filter((each) => isHere(each) && !this.unsynced.has(each.id));
    const renewed = objects.map((object): [Logged, Written] => [object, this.writeAgain(object)]);
    for (const { id, parking } of [...this.parkings.values()].filter(isHere)) this.setParking(id, parking);
    if (this.options.synced) await this.segments.syncAll();
    for (const [object, written] of renewed) {
      if (this.objects.get(object.id) !== object) continue;
      count(object, -1);
      Object.assign(object, written);
      count(object, 1);
    }
  }

  /** Segments that come behind one that cannot be read are kept as long as they may tell something of its objects. */
  private setUnreadAside(): void {
    const { oldest } = this.segments;
    const kept = oldest?.unread === undefined ? undefined : this.segments.setAsideOldest();
    if (kept !== undefined)
      this.options.onLeftover(
        new Error(
          `${oldest?.path} still cannot be read. It is kept as ${kept}: rename it back, and restart, when it can be`,
        ),
      );
  }

  private watchIdle(): void {
    this.idle ??= setTimeout(() => {
      if (this.isEmpty) this.dropAll();
    }, this.options.idleMs).unref();
    this.idle.refresh();
  }

  /** Nothing is in the log: then no record of it is needed. */
  private dropAll(): boolean {
    const dropped = this.segments.dropAll();
    if (this.segments.count === 0) this.removals.clear();
    return dropped;
  }
}

function count({ segment, length }: { segment: Segment; length: number }, by: 1 | -1): void {
  segment.live += by;
  segment.liveBytes += by * length;
}

function damagedIn({ id, segment }: Logged): ObjectDamaged {
  return new ObjectDamaged(`${segment.path} is damaged: the object ${id} in it cannot be read any more`);
}
