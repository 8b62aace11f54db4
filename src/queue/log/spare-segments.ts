import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import { type DiskFiles, FILE_MODE, leftoversTo, syncDirectory, writePieces } from '../../basics';
import { SPARE_SUFFIX } from '../object-names';
import { LOG_VERSION, MARKER_BYTES, RecordBatch } from './log-records';
import type { BegunFile } from './segment-writer';

/** A file that is to become a segment. */
export interface SpareSegment extends BegunFile {
  path: string;
  /** Its records begin with this. */
  marker: Buffer;
}

export interface SpareOptions {
  /** What is in segments is synced. */
  synced: boolean;
  mostSpares: number;
  /** Told of what could not be prepared or deleted. */
  onLeftover(error: Error): void;
}

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
    private readonly files: DiskFiles,
  ) {
    this.cleanUp = leftoversTo((error) => options.onLeftover(error));
  }

  /** Takes a file that is not a segment any more. False: there are enough. @throws the system's error; then it is still one */
  add(path: string): boolean {
    if (this.paths.size >= this.options.mostSpares || path.endsWith(SPARE_SUFFIX)) return false;
    const sparePath = path + SPARE_SUFFIX;
    this.files.renameSync(path, sparePath);
    this.paths.add(sparePath);
    this.prepare(sparePath).catch((error: unknown) => this.drop(sparePath, error as Error));
    return true;
  }

  /** One that is the caller's from now on: to be renamed, and closed. Undefined: there is none. */
  take(): SpareSegment | undefined {
    const spare = this.ready.shift();
    if (spare !== undefined) this.paths.delete(spare.path);
    return spare;
  }

  /**
   * A new one.
   * @param pathOf what a segment with this marker is called
   * @throws the system's error; then there is none
   */
  create(pathOf: (marker: Buffer) => string): SpareSegment {
    const marker = randomBytes(MARKER_BYTES);
    const path = pathOf(marker) + SPARE_SUFFIX;
    const fd = this.files.openSync(path, 'wx', FILE_MODE);
    try {
      const begun = this.begin(fd, marker);
      return { path, marker, fd, begun, size: begun, isSynced: false };
    } catch (error) {
      this.cleanUp(() => this.files.closeSync(fd));
      this.cleanUp(() => this.files.unlinkSync(path));
      throw error;
    }
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
   * and it becomes one again only when they are, too: a loss of power never leaves one without its beginning.
   */
  private async prepare(path: string): Promise<void> {
    const { synced } = this.options;
    if (synced) await syncDirectory(dirname(path), this.files);
    if (!this.paths.has(path)) return;
    const fd = this.files.openSync(path, 'r+');
    let isReady = false;
    try {
      const marker = randomBytes(MARKER_BYTES);
      const begun = this.begin(fd, marker);
      const { size } = this.files.fstatSync(fd);
      if (synced) await this.files.syncData(fd);
      isReady = this.paths.has(path);
      if (isReady) this.ready.push({ path, marker, fd, begun, size, isSynced: synced });
    } finally {
      if (!isReady) this.files.closeSync(fd);
    }
  }

  /** Writes the beginning, and that nothing follows yet. Returns the bytes of the beginning. */
  private begin(fd: number, marker: Buffer): number {
    const batch = new RecordBatch(marker);
    batch.add('begin', LOG_VERSION);
    writePieces(this.files, fd, batch.pieces(), 0);
    return batch.size;
  }

  private drop(path: string, error: Error): void {
    this.options.onLeftover(error);
    this.paths.delete(path);
    this.cleanUp(() => this.files.rmSync(path, { force: true }));
  }
}
