import { dirname, join } from 'node:path';
import { type DiskFiles, leftoversTo, syncDirectoryNow, writeFile } from '../../basics';
import { attemptsText, NO_ATTEMPTS, type Attempts } from '../attempts';
import { BlockBuffer } from '../block-buffer';
import { objectName, parseSegmentName } from '../object-names';
import { ObjectDamaged, type FoundObject, type ObjectPlace } from '../object-place';
import { QueueRefusal, type ObjectContent } from '../object-queue';
import { readAt, type LoggedObject } from './log-reader';
import { RecordBatch, readRecord, type RecordKind } from './log-records';
import { LogSegments, type Segment, type SegmentOptions } from './log-segments';
import { SegmentReading } from './segment-reading';

export interface LogLimits extends Pick<SegmentOptions, 'quickSyncMs'> {
  /** A segment that has so many bytes is followed by the next. */
  segmentBytes: number;
  /** With more segments than this, and most of them done, objects that stay long are moved out of the oldest. */
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
  /** The object is a file in the directory now, named as `objectName` says. */
  onMovedOut(object: FoundObject): void;
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
 * more than everything else. That an object has been handed over, or has left, is a record, too.
 */
export class ObjectLog implements ObjectPlace {
  private readonly segments: LogSegments;
  private readonly objects = new Map<string, LoggedObject<Segment>>();
  /** Not acknowledged yet. */
  private readonly unsynced = new Set<string>();
  /** Have left, and no record says so yet: one write says it of many. */
  private done: string[] = [];
  private readonly batch = new RecordBatch();
  private nextName: () => string = () => '';
  private manySegments = 0;
  private endOfTurn: NodeJS.Immediate | undefined;
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
      this.reading.read(this.segments.add(join(this.options.directory, name), facts), this.objects);
    }
    for (const object of this.objects.values()) this.keep(object);
    if (this.segments.unread.length > 0) this.readAgainLater(this.options.unreadMs);
    else this.reading.forget();
    this.segments.dropDone();
    return [...this.objects.values()];
  }

  /** Bytes of what is in it. */
  get liveBytes(): number {
    return this.segments.liveBytes;
  }

  has(id: string): boolean {
    return this.objects.has(id);
  }

  /**
   * Resolves when the object is as safe as it is to be.
   * @throws the system's error; then it is not in the log
   */
  async append(id: string, bytes: BlockBuffer): Promise<void> {
    const written = this.write({ kind: 'object', text: id, content: bytes });
    this.keep({ id, attempts: NO_ATTEMPTS, ...written });
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
    if (!this.leave(id)) return;
    this.done.push(id);
    this.endOfTurn ??= setImmediate(() => this.tidy());
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
    clearImmediate(this.endOfTurn);
    this.endOfTurn = undefined;
    clearTimeout(this.idle);
    this.idle = undefined;
    clearTimeout(this.unread);
    this.reading.forget();
    if (this.objects.size === 0) this.dropAll();
    if (this.done.length > 0) this.cleanUp(() => this.write());
    this.segments.forget();
    this.objects.clear();
    this.done = [];
  }

  private keep(object: LoggedObject<Segment>): void {
    this.objects.set(object.id, object);
    object.segment.live += 1;
    object.segment.liveBytes += object.length;
  }

  private leave(id: string): boolean {
    const object = this.objects.get(id);
    if (object === undefined) return false;
    this.unsynced.delete(id);
    object.segment.live -= 1;
    object.segment.liveBytes -= object.length;
    object.segment.unread?.add(id);
    return this.objects.delete(id);
  }

  private readAgainLater(milliseconds: number): void {
    this.unreadMs = Math.min(milliseconds, MOST_UNREAD_MS);
    this.unread = setTimeout(() => this.cleanUp(() => this.readAgain()), this.unreadMs).unref();
  }

  /** Objects that are found now come behind those that were found at the start. */
  private readAgain(): void {
    for (const segment of this.segments.unread) {
      const later = this.reading.readLate(segment).filter(({ id }) => !this.objects.has(id));
      for (const object of later) this.keep(object);
      if (later.length > 0) this.options.onFoundLater(later);
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
    const { segment, offset, length } = object;
    const record = readRecord(readAt(segment.path, offset, length, this.files), 0, segment);
    if (record?.kind === 'object' && record.text === id) return record.bytes;
    segment.isDamaged = true;
    this.leave(id);
    throw new ObjectDamaged(`${segment.path} is damaged: the object ${id} in it cannot be read any more`);
  }

  /** Writes a record, and which objects have left since the last one. */
  private write(record?: NewRecord): { segment: Segment; offset: number; length: number } {
    try {
      return this.writeOnce(record);
    } catch (error) {
      // What is not needed any more may be what fills the disk.
      const hasRoom = this.objects.size === 0 ? this.dropAll() : this.segments.makeRoom();
      if (!hasRoom) throw error;
      return this.writeOnce(record);
    }
  }

  private writeOnce(record: NewRecord | undefined): { segment: Segment; offset: number; length: number } {
    const { batch } = this;
    let before = 0;
    const { segment, offset } = this.segments.append(this.nextName, (marker, newlySyncedTo) => {
      batch.begin(marker);
      if (newlySyncedTo !== undefined) batch.add('synced', String(newlySyncedTo));
      if (this.done.length > 0) batch.add('done', this.done.join('\n'));
      before = batch.size;
      if (record !== undefined) batch.add(record.kind, record.text, record.content);
      return batch;
    });
    this.done = [];
    return { segment, offset: offset + before, length: batch.size - before };
  }

  /** After many objects may have left. */
  private tidy(): void {
    this.endOfTurn = undefined;
    if (this.done.length > 0) this.writeDone();
    this.segments.dropDone();
    if (this.segments.count > this.manySegments && this.segments.isMostlyDone)
      this.cleanUp(() => this.moveOut());
    if (this.segments.count > UNREAD_HOLDS * this.options.mostSegments) this.setUnreadAside();
    // Where that failed, it is tried again with the next segment.
    this.manySegments = Math.max(this.options.mostSegments, this.segments.count);
    if (this.objects.size === 0) this.watchIdle();
  }

  private writeDone(): void {
    try {
      this.write();
    } catch {
      // It is written with the next object, which is refused where that fails, or by `close`, which tells.
    }
  }

  /** A few objects that stay long keep the oldest segment, and with it all younger ones. */
  private moveOut(): void {
    const { oldest } = this.segments;
    for (const { id, attempts, segment } of this.objects.values()) {
      if (segment !== oldest || this.unsynced.has(id)) continue;
      this.moveTo(id, join(this.options.directory, objectName(id, attempts)));
      this.options.onMovedOut({ id, attempts });
    }
    this.segments.dropDone();
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
      if (this.objects.size === 0) this.dropAll();
    }, this.options.idleMs).unref();
    this.idle.refresh();
  }

  /** Nothing is in the log: then no record of it is needed. */
  private dropAll(): boolean {
    const dropped = this.segments.dropAll();
    if (this.segments.count === 0) this.done = [];
    return dropped;
  }
}
