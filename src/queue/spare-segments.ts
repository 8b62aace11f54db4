import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import { syncDirectory, writePieces } from './durable';
import { leftoversTo } from './leftovers';
import { MARKER_BYTES, RecordBatch } from './log-records';
import { SPARE_SUFFIX } from './object-names';
import type { QueueFiles } from './queue-files';

/** One that the log does not need any more, to be written over. */
export interface SpareSegment {
  path: string;
  /** Its next one: a record with this marker is not in it yet. */
  marker: Buffer;
  fd: number;
  size: number;
}

export interface SpareOptions {
  /** What is in segments is synced. */
  synced: boolean;
  /** Told of what could not be prepared or deleted. */
  onLeftover(error: Error): void;
}

/** One is being written, and one or two have objects that are just being handed over. */
const MOST_SPARES = 2;

/**
 * Files of the log whose objects have all left, kept a while to be written over: a sync then waits for the data only and not
 * for the file system's journal, and creating, growing and deleting a file of many megabytes costs more than writing to it.
 */
export class SpareSegments {
  private readonly paths = new Set<string>();
  private ready: SpareSegment[] = [];
  private readonly cleanUp: (operation: () => void) => void;

  constructor(
    private readonly options: SpareOptions,
    private readonly files: QueueFiles,
  ) {
    this.cleanUp = leftoversTo((error) => options.onLeftover(error));
  }

  /** Takes a file that is not a segment any more. False: there are enough. @throws the system's error; then it is still one */
  add(path: string): boolean {
    if (this.paths.size >= MOST_SPARES) return false;
    const sparePath = path + SPARE_SUFFIX;
    this.files.renameSync(path, sparePath);
    this.paths.add(sparePath);
    this.prepare(sparePath).catch((error: unknown) => this.drop(sparePath, error as Error));
    return true;
  }

  /**
   * One that is a segment again from now on, and the caller's to close. Undefined: there is none that can be.
   * @param pathOf what a segment with this marker is called
   */
  take(pathOf: (marker: Buffer) => string): SpareSegment | undefined {
    const spare = this.ready.shift();
    if (spare === undefined) return undefined;
    const path = pathOf(spare.marker);
    try {
      this.files.renameSync(spare.path, path);
    } catch (error) {
      this.cleanUp(() => this.files.closeSync(spare.fd));
      this.drop(spare.path, error as Error);
      return undefined;
    }
    this.paths.delete(spare.path);
    return { ...spare, path };
  }

  /** Deletes them all. True when there were some. */
  clear(): boolean {
    const paths = [...this.paths];
    const ready = this.ready;
    this.paths.clear();
    this.ready = [];
    for (const { fd } of ready) this.cleanUp(() => this.files.closeSync(fd));
    for (const path of paths) this.cleanUp(() => this.files.rmSync(path, { force: true }));
    return paths.length > 0;
  }

  /**
   * Where segments are synced, the first bytes are written over only when it is on the disk that the file is none any more,
   * and it becomes one again only when they are, too: a loss of power never leaves one that looks damaged.
   */
  private async prepare(path: string): Promise<void> {
    const { synced } = this.options;
    if (synced) await syncDirectory(dirname(path), this.files);
    if (!this.paths.has(path)) return;
    const fd = this.files.openSync(path, 'r+');
    let isReady = false;
    try {
      const marker = randomBytes(MARKER_BYTES);
      // No record, and so the end.
      writePieces(this.files, fd, new RecordBatch(marker).pieces(), 0);
      const { size } = this.files.fstatSync(fd);
      if (synced) await this.files.syncData(fd);
      isReady = this.paths.has(path);
      if (isReady) this.ready.push({ path, marker, fd, size });
    } finally {
      if (!isReady) this.files.closeSync(fd);
    }
  }

  private drop(path: string, error: Error): void {
    this.options.onLeftover(error);
    this.paths.delete(path);
    this.cleanUp(() => this.files.rmSync(path, { force: true }));
  }
}
