import { join } from 'node:path';
import { DirectorySync, allSettled, type DiskFiles } from '../../basics';
import { DAMAGED_SUFFIX, segmentName, type SegmentName } from '../object-names';
import type { RecordBatch } from './log-records';
import { SegmentWriter, type SegmentFile, type SegmentSyncing } from './segment-writer';
import { SpareSegments } from './spare-segments';

/** One file of the log. */
export interface Segment extends SegmentFile {
  size: number;
  /** Objects that have not left, who owns objects, and their bytes. */
  live: number;
  liveBytes: number;
  /** How many need its bytes as they are, whatever has left. */
  holds: number;
  isDamaged: boolean;
  /** The disk has not given all of it yet; of its objects, these have left meanwhile. */
  unread?: Set<string>;
}

/** One that is being written. */
interface OpenSegment {
  segment: Segment;
  writer: SegmentWriter;
}

export interface SegmentOptions extends SegmentSyncing {
  directory: string;
  segmentBytes: number;
  mostSpares: number;
}

/**
 * The files of a log, oldest first. One is deleted, or written over, when all of its objects have left, and none before an
 * older one: so a record never disappears before the object that it is about.
 */
export class LogSegments {
  private segments: Segment[] = [];
  /** Writes to the last. Undefined: that one is an earlier run's, or spoilt. */
  private writer: SegmentWriter | undefined;
  private readonly spares: SpareSegments;
  /** Until all in them is on the disk. */
  private readonly sealing = new Set<Promise<void>>();
  private readonly names: DirectorySync;

  constructor(
    private readonly options: SegmentOptions,
    private readonly files: DiskFiles,
  ) {
    this.spares = new SpareSegments(options, files);
    this.names = new DirectorySync(options.directory, files);
  }

  get oldest(): Segment | undefined {
    return this.segments[0];
  }

  get count(): number {
    return this.segments.length;
  }

  /** Those that the disk has not given yet. */
  get unread(): Segment[] {
    return this.segments.filter(({ unread }) => unread !== undefined);
  }

  /** For the records that the disk has not given yet. */
  noteRemoved(id: string): void {
    for (const { unread } of this.segments) unread?.add(id);
  }

  /** Bytes of objects that have not left. */
  get liveBytes(): number {
    return this.segments.reduce((total, { liveBytes }) => total + liveBytes, 0);
  }

  /** More than half of it is of objects that have left. */
  get isMostlyDone(): boolean {
    return this.segments.reduce((total, { size }) => total + size, 0) > 2 * this.liveBytes;
  }

  /** Adds one, younger than those before. */
  add(path: string, name: SegmentName): Segment {
    const segment = {
      ...name,
      path,
      size: 0,
      live: 0,
      liveBytes: 0,
      holds: 0,
      isDamaged: false,
      isGone: false,
    };
    this.segments.push(segment);
    return segment;
  }

  /**
   * Writes to the youngest, or to a new one.
   * @param nextName a name that sorts behind those of all others
   * @param encode what is to be written where this is the marker, and where the segment has been synced up to this since
   *   something was written
   */
  append(
    nextName: () => string,
    encode: (marker: Buffer, newlySyncedTo: number | undefined) => RecordBatch,
  ): { segment: Segment; offset: number } {
    const { segment, writer } = this.current(nextName);
    const offset = writer.append(encode(segment.marker, writer.newlySyncedTo));
    segment.size = writer.size;
    return { segment, offset };
  }

  /** What has been appended is on the disk, but what is in segments that are being sealed. */
  async sync(): Promise<void> {
    await this.writer?.sync();
  }

  /** All that has been appended is on the disk, and segments that are gone are gone there. */
  async syncAll(): Promise<void> {
    await allSettled([this.sync(), ...this.sealing]);
    await this.names.safe();
  }

  /** Deletes, or keeps as spares, the oldest ones of which all objects have left. True when there were some. */
  dropDone(): boolean {
    const before = this.segments.length;
    for (;;) {
      const [oldest] = this.segments;
      const isWritten = this.segments.length === 1 && this.writer !== undefined;
      if (oldest === undefined || !mayGo(oldest) || isWritten || !this.drop(oldest)) break;
      this.segments.shift();
    }
    return this.segments.length < before;
  }

  /** Keeps the oldest for somebody to look at, and goes on without it. Undefined: that cannot be. */
  setAsideOldest(): string | undefined {
    const [oldest] = this.segments;
    if (oldest === undefined || oldest.live > 0 || oldest.holds > 0) return undefined;
    delete oldest.unread;
    oldest.isDamaged = true;
    const kept = oldest.path + DAMAGED_SUFFIX;
    return this.dropDone() ? kept : undefined;
  }

  /** Deletes them, and the spares. True when there were some. */
  makeRoom(): boolean {
    const dropped = this.dropDone();
    return this.spares.clear() || dropped;
  }

  /** The same, with the one that is being written. */
  dropAll(): boolean {
    const { writer } = this;
    this.writer = undefined;
    const dropped = this.makeRoom();
    // Only now: of one that is gone nothing is synced, and the disk has its room again at once.
    this.seal(writer);
    return dropped;
  }

  /** The segments stay, for the next start. */
  forget(): void {
    this.writer?.sealNow();
    this.writer = undefined;
    for (const segment of this.segments) segment.isGone = true;
    this.spares.clear();
    this.segments = [];
  }

  /** Nothing more comes into it. */
  private seal(writer: SegmentWriter | undefined): void {
    const sealed = writer?.seal();
    if (sealed === undefined) return;
    this.sealing.add(sealed);
    const forget = (): boolean => this.sealing.delete(sealed);
    sealed.then(forget, forget);
  }

  private current(nextName: () => string): OpenSegment {
    const { segmentBytes } = this.options;
    const segment = this.segments.at(-1);
    if (segment !== undefined && this.writer?.isUsable && segment.size < segmentBytes)
      return { segment, writer: this.writer };
    this.seal(this.writer);
    this.writer = undefined;
    const next = this.next(nextName());
    this.writer = next.writer;
    return next;
  }

  /** Written over a spare, where there is one. */
  private next(sequence: string): OpenSegment {
    const { directory, synced: isSynced } = this.options;
    const pathOf = (marker: Buffer): string => join(directory, segmentName({ sequence, marker, isSynced }));
    const spare = this.spares.take() ?? this.spares.create(pathOf);
    const segment = this.add(spare.path, { sequence, marker: spare.marker, isSynced });
    try {
      return { segment, writer: new SegmentWriter(segment, spare, this.options, this.files) };
    } catch (error) {
      // It is deleted with the next one that is done.
      this.files.closeSync(spare.fd);
      throw error;
    }
  }

  /** Only while the log is in use. */
  private keepsAsSpare(path: string): boolean {
    return this.writer !== undefined && this.spares.add(path);
  }

  /** One that is damaged is not ours to delete. */
  private drop(segment: Segment): boolean {
    const { path, isDamaged } = segment;
    try {
      if (isDamaged) this.files.renameSync(path, path + DAMAGED_SUFFIX);
      else if (!this.keepsAsSpare(path)) this.files.unlinkSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        this.options.onLeftover(error as Error);
        return false;
      }
    }
    segment.isGone = true;
    this.names.changed();
    return true;
  }
}

/**
 * The one place that decides that a segment is not needed any more: all of it has been read, or was written by this run, and
 * every object in it has left, and nobody needs its bytes.
 */
function mayGo({ unread, live, holds }: Segment): boolean {
  return unread === undefined && live === 0 && holds === 0;
}
