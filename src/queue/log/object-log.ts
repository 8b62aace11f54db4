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
import { LateReading } from './late-reading';
import { LiveRecords, type Logged, type Written } from './live-records';
import { HEADER_BYTES, RecordBatch, readRecord, type RecordKind } from './log-records';
import { UNREAD_HOLDS, type LogLimits } from './log-limits';
import { readAt } from './log-reader';
import { LogSegments, type SegmentOptions } from './log-segments';
import { Removals } from './removals';
import { SegmentReading } from './segment-reading';
import { SegmentRenewal } from './segment-renewal';

export interface ObjectLogOptions extends SegmentOptions, LogLimits {
  /** Objects of an earlier run that could not be read at the start. */
  onFoundLater(objects: readonly FoundObject[]): void;
}

interface NewRecord {
  kind: RecordKind;
  text: string;
  content?: BlockBuffer;
}

/**
 * Objects that are not large, one behind the other in a few files: creating, syncing and deleting a file for each would cost
 * more than everything else. That an object has been delivered, is owned, or has left, is a record, too; who owns an object
 * is one also where the object is a file.
 */
export class ObjectLog implements ObjectPlace {
  private readonly segments: LogSegments;
  private readonly live = new LiveRecords();
  /** Not acknowledged yet. */
  private readonly unsynced = new Set<string>();
  private readonly removals = new Removals(() => this.tidy());
  private readonly batch = new RecordBatch();
  private nextName: () => string = () => '';
  private manySegments = 0;
  private readonly renewal: SegmentRenewal;
  private idle: NodeJS.Timeout | undefined;
  private readonly reading: SegmentReading;
  private readonly lateReading: LateReading;
  private readonly cleanUp: (operation: () => void) => void;

  constructor(
    private readonly options: ObjectLogOptions,
    private readonly files: DiskFiles,
  ) {
    this.cleanUp = leftoversTo((error) => options.onLeftover(error));
    this.segments = new LogSegments(options, files);
    this.reading = new SegmentReading(files, (error) => options.onLeftover(error));
    this.lateReading = new LateReading(this.segments, this.reading, this.live, this.cleanUp, (objects) =>
      this.foundLater(objects),
    );
    this.manySegments = options.mostSegments;
    this.renewal = new SegmentRenewal({
      live: this.live,
      isSafe: (id) => !this.unsynced.has(id),
      writeAgain: (object) => this.writeAgain(object),
      setParking: (id, parking) => this.setParking(id, parking),
      sync: () => (options.synced ? this.segments.syncAll() : Promise.resolve()),
      renewed: (error) => this.renewed(error),
    });
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
      this.reading.read(segment, this.live);
    }
    this.live.countAll();
    this.lateReading.begin(this.options.unreadMs);
    this.segments.dropDone();
    return [...this.live.objects.values()].map((object) => ({ ...object, ...this.parkingOf(object.id) }));
  }

  /** Who owns an object, where somebody does. */
  parkingOf(id: string): Pick<FoundObject, 'parking'> {
    const parking = this.live.parkings.get(id)?.parking;
    return parking === undefined ? {} : { parking };
  }

  /** Once all segments have been read: of objects that are neither here nor elsewhere, nothing need be said. */
  forgetParkings(isElsewhere: (id: string) => boolean): void {
    if (this.segments.unread.length > 0) return;
    for (const id of this.live.parkings.keys())
      if (!this.live.objects.has(id) && !isElsewhere(id)) this.cleanUp(() => this.setParking(id, undefined));
  }

  /** Bytes of what is in it. */
  get liveBytes(): number {
    return this.segments.liveBytes;
  }

  has(id: string): boolean {
    return this.live.objects.has(id);
  }

  /** It has the bytes, of an object or of what is kept. */
  holds(id: string): boolean {
    return this.live.get(id) !== undefined;
  }

  /**
   * Resolves when the object is as safe as it is to be.
   * @throws the system's error; then it is not in the log
   */
  async append(id: string, bytes: BlockBuffer): Promise<void> {
    this.live.add({ id, attempts: NO_ATTEMPTS, ...this.write({ kind: 'object', text: id, content: bytes }) });
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
    const object = this.live.objects.get(id);
    const text = attemptsText(attempts);
    if (object === undefined || attemptsText(object.attempts) === text) return;
    this.write({ kind: 'counted', text: `${id}~${text}` });
    object.attempts = attempts;
  }

  /** @throws the system's error; then nothing has changed */
  setParking(id: string, parking: Parking | undefined): void {
    if (parking === undefined && !this.live.parkings.has(id)) return;
    const { segment, length } = this.write({
      kind: 'parked',
      text: `${id}~${parking === undefined ? '' : parkingText(parking)}`,
    });
    this.live.setParking(id, parking && { id, parking, segment, length });
    if (parking === undefined) this.removals.tidyLater();
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
    if (this.takeOut(id)) this.removals.add(id);
  }

  /** Another record says that it has been removed. */
  removeAgain(id: string): void {
    this.removals.add(id);
  }

  keep(id: string): void {
    const object = this.live.objects.get(id);
    if (object === undefined) return;
    this.live.keep(object);
    this.remove(id);
  }

  discardKept(id: string): void {
    if (this.live.discardKept(id)) this.removals.tidyLater();
  }

  /** A record says, or will say, that it has been removed: so it comes again. */
  restore(id: string): void {
    const object = this.live.keptOf(id);
    if (object === undefined) return;
    this.live.add({ id, attempts: object.attempts, ...this.writeAgain(object) });
    this.discardKept(id);
  }

  pin(id: string): PinnedBytes {
    const object = this.live.get(id);
    if (object === undefined) throw new ObjectDamaged(`the log has no object ${id}`);
    const { segment, offset, length } = object;
    const fd = openToRead(segment.path, this.files);
    segment.holds += 1;
    const before = HEADER_BYTES + id.length;
    return pinnedRange(fd, offset + before, length - before, this.files, () => {
      segment.holds -= 1;
      this.removals.tidyLater();
    });
  }

  moveTo(id: string, path: string): void {
    const { synced } = this.options;
    writeFile(path, this.bytesOf(id), synced, this.files);
    try {
      if (synced) this.syncName(path);
    } catch (error) {
      // It stays here, and is not to be there, too.
      this.files.rmSync(path, { force: true });
      throw error;
    }
    this.remove(id);
  }

  private syncName(path: string): void {
    const { directory } = this.options;
    syncDirectoryNow(dirname(path), this.files);
    // In which the folder of the file may be new.
    if (dirname(path) !== directory) syncDirectoryNow(directory, this.files);
  }

  /** Refuses what is not safe yet. What is left is found at the next start; a log in which nothing is left is deleted. */
  close(): void {
    for (const id of [...this.unsynced]) this.remove(id);
    this.removals.stop();
    clearTimeout(this.idle);
    this.idle = undefined;
    this.lateReading.stop();
    this.live.discardAllKept();
    if (this.live.isEmpty) this.dropAll();
    if (!this.removals.isEmpty) this.cleanUp(() => this.writeRemovals());
    this.segments.forget();
    this.live.clear();
    this.removals.clear();
  }

  private takeOut(id: string): boolean {
    if (this.live.remove(id) === undefined) return false;
    this.unsynced.delete(id);
    this.segments.noteRemoved(id);
    return true;
  }

  private foundLater(objects: readonly FoundObject[]): void {
    if (objects.length > 0)
      this.options.onFoundLater(objects.map((object) => ({ ...object, ...this.parkingOf(object.id) })));
    this.tidy();
  }

  /**
   * @throws ObjectDamaged when it is not there as it was written: what is there stays in its segment, which is kept.
   * The system's error when the disk does not give it now.
   */
  private bytesOf(id: string): Buffer {
    const object = this.live.objects.get(id);
    if (object === undefined) throw new ObjectDamaged(`the log has no object ${id}`);
    const bytes = this.recordOf(object);
    if (bytes !== undefined) return bytes;
    object.segment.isDamaged = true;
    this.takeOut(id);
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
      if (!this.freeRoom()) throw error;
      return this.writeOnce(record);
    }
  }

  /** Deletes what is not needed any more. False: there is nothing. */
  freeRoom(): boolean {
    return this.live.isEmpty ? this.dropAll() : this.segments.makeRoom();
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
    if (this.segments.count > this.manySegments && this.segments.isMostlyDone)
      this.renewal.begin(this.segments.oldest);
    if (this.segments.count > UNREAD_HOLDS * this.options.mostSegments) this.setUnreadAside();
    // Where that failed, it is tried again with the next segment.
    this.manySegments = Math.max(this.options.mostSegments, this.segments.count);
    if (this.live.isEmpty) this.watchIdle();
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

  private renewed(error: Error | undefined): void {
    if (error !== undefined) this.options.onLeftover(error);
    // Meanwhile segments may have come, and no more may follow.
    else this.manySegments = this.options.mostSegments;
    this.tidy();
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
      if (this.live.isEmpty) this.dropAll();
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

function damagedIn({ id, segment }: Logged): ObjectDamaged {
  return new ObjectDamaged(`${segment.path} is damaged: the object ${id} in it cannot be read any more`);
}
