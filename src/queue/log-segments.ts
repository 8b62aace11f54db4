import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { MARKER_BYTES, type RecordBatch } from './log-records';
import { DAMAGED_SUFFIX, segmentName } from './object-names';
import type { QueueFiles } from './queue-files';
import { SegmentWriter, type SegmentSyncing } from './segment-writer';
import { SpareSegments } from './spare-segments';

/** One file of the log. */
export interface Segment {
  readonly path: string;
  readonly marker: Buffer;
  size: number;
  /** Objects that have not left, and their bytes. */
  live: number;
  liveBytes: number;
  isDamaged: boolean;
}

/** One that is being written. */
interface OpenSegment {
  segment: Segment;
  writer: SegmentWriter;
}

export interface SegmentOptions extends SegmentSyncing {
  directory: string;
  segmentBytes: number;
  /** Told of what could not be deleted. */
  onLeftover: (error: Error) => void;
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

  constructor(
    private readonly options: SegmentOptions,
    private readonly files: QueueFiles,
  ) {
    this.spares = new SpareSegments(options, files);
  }

  get oldest(): Segment | undefined {
    return this.segments[0];
  }

  get count(): number {
    return this.segments.length;
  }

  /** Bytes of objects that have not left. */
  get liveBytes(): number {
    return this.segments.reduce((total, { liveBytes }) => total + liveBytes, 0);
  }

  /** More than half of it is of objects that have left. */
  get isMostlyDone(): boolean {
    return this.segments.reduce((total, { size }) => total + size, 0) > 2 * this.liveBytes;
  }

  /** Adds one of an earlier run, younger than those before. */
  add(path: string, marker: Buffer): Segment {
    const segment = { path, marker, size: 0, live: 0, liveBytes: 0, isDamaged: false };
    this.segments.push(segment);
    return segment;
  }

  /**
   * Writes to the youngest, or to a new one.
   * @param nextName a name that sorts behind those of all others
   * @param encode what is to be written where this is the marker
   */
  append(
    nextName: () => string,
    encode: (marker: Buffer) => RecordBatch,
  ): { segment: Segment; offset: number } {
    const { segment, writer } = this.current(nextName);
    const offset = writer.append(encode(segment.marker));
    segment.size = writer.size;
    return { segment, offset };
  }

  /** What has been appended is on the disk. */
  async sync(): Promise<void> {
    await this.writer?.sync();
  }

  /** Deletes, or keeps as spares, the oldest ones of which all objects have left. True when there were some. */
  dropDone(): boolean {
    const before = this.segments.length;
    for (;;) {
      const [oldest] = this.segments;
      const isWritten = this.segments.length === 1 && this.writer !== undefined;
      if (oldest === undefined || oldest.live > 0 || isWritten || !this.drop(oldest)) break;
      this.segments.shift();
    }
    return this.segments.length < before;
  }

  /** Deletes them, and the spares. True when there were some. */
  makeRoom(): boolean {
    const dropped = this.dropDone();
    return this.spares.clear() || dropped;
  }

  /** The same, with the one that is being written. */
  dropAll(): boolean {
    this.seal();
    return this.makeRoom();
  }

  /** Nothing more is written to the youngest. */
  seal(): void {
    this.writer?.close(this.options.onLeftover);
    this.writer = undefined;
  }

  /** The segments stay, for the next start. */
  forget(): void {
    this.seal();
    this.spares.clear();
    this.segments = [];
  }

  private current(nextName: () => string): OpenSegment {
    const { segmentBytes } = this.options;
    const segment = this.segments.at(-1);
    if (segment !== undefined && this.writer?.isUsable && segment.size < segmentBytes)
      return { segment, writer: this.writer };
    this.seal();
    const next = this.next(nextName());
    this.writer = next.writer;
    return next;
  }

  /** Written over a spare, where there is one. */
  private next(name: string): OpenSegment {
    const pathOf = (marker: Buffer): string => join(this.options.directory, segmentName(name, marker));
    const spare = this.spares.take(pathOf);
    const marker = spare?.marker ?? randomBytes(MARKER_BYTES);
    const path = pathOf(marker);
    const writer = new SegmentWriter(path, this.options, this.files, spare);
    return { segment: this.add(path, marker), writer };
  }

  /** Only while the log is in use. */
  private keepsAsSpare(path: string): boolean {
    return this.writer !== undefined && this.spares.add(path);
  }

  /** One that could not be read to its end is not ours to delete. */
  private drop({ path, isDamaged }: Segment): boolean {
    try {
      if (isDamaged) this.files.renameSync(path, path + DAMAGED_SUFFIX);
      else if (!this.keepsAsSpare(path)) this.files.unlinkSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
      this.options.onLeftover(error as Error);
      return false;
    }
    return true;
  }
}
