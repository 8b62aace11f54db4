import { dirname } from 'node:path';
import { allSettled, syncDirectory, writeAll, writePieces } from './durable';
import { GroupSync } from './group-sync';
import { leftoversTo } from './leftovers';
import type { RecordBatch } from './log-records';
import { FILE_MODE, type QueueFiles } from './queue-files';

/**
 * Zeros are written so far ahead where data are to be synced: a sync of bytes in place of others need not wait for the file
 * system's journal, which halves it. One that comes behind new zeros does.
 */
const ZEROS = Buffer.alloc(524_288);

export interface SegmentSyncing {
  /** What is appended is to be synced. */
  synced: boolean;
  /** A disk that takes less than this for a sync, in milliseconds, is quick. */
  quickSyncMs: number;
}

/**
 * Handing a sync to another thread and back may take longer than a quick disk. So when so many in a row served one object
 * each, the next ones are done here; then it is looked again whether there are others now that would share a sync. A disk
 * that hesitates holds up this thread once.
 */
const ALONE_IN_A_ROW = 4;
const SYNCS_HERE = 60;

/** The file of the log that is being written, one batch of records behind the other. */
export class SegmentWriter {
  private end = 0;
  /** Up to here there are bytes to write over: zeros, or what the file held before. */
  private filledTo: number;
  private isNamed = false;
  private syncsAlone = 0;
  private syncsHere = 0;
  private isSpoilt = false;
  private readonly fd: number;
  /** Some file systems count no links. */
  private hadLinks = false;
  private readonly syncs = new GroupSync(() => this.syncNow());

  /**
   * @param path of a file that is not there yet, or of this one
   * @param file is written over
   */
  constructor(
    private readonly path: string,
    private readonly options: SegmentSyncing,
    private readonly files: QueueFiles,
    file?: { fd: number; size: number },
  ) {
    this.fd = file?.fd ?? files.openSync(path, 'wx', FILE_MODE);
    this.filledTo = file?.size ?? 0;
  }

  /** Bytes written. */
  get size(): number {
    return this.end;
  }

  /** False once something failed that later records must not depend on. */
  get isUsable(): boolean {
    return !this.isSpoilt;
  }

  /** Returns where the records lie. Of records that cannot be written nothing stays. */
  append(batch: RecordBatch): number {
    const offset = this.end;
    const end = offset + batch.size;
    try {
      this.checkThere();
      if (this.options.synced) this.fillTo(end);
      writePieces(this.files, this.fd, batch.pieces(), offset);
    } catch (error) {
      this.cutBack();
      throw error;
    }
    this.end = end;
    return offset;
  }

  /** What has been appended is on the disk, and so is the file's name. */
  async sync(): Promise<void> {
    try {
      if (this.syncsHere > 0 && this.syncs.isIdle) this.syncHere();
      else await this.syncs.done();
    } catch (error) {
      this.isSpoilt = true;
      throw error;
    }
  }

  /** Closes the file, once no sync uses it any more. */
  close(onFailure: (error: Error) => void): void {
    this.isSpoilt = true;
    const cleanUp = leftoversTo(onFailure);
    this.syncs.whenIdle(() => cleanUp(() => this.files.closeSync(this.fd)));
  }

  /** Writing to a file that somebody has deleted succeeds. */
  private checkThere(): void {
    const hasLinks = this.files.fstatSync(this.fd).nlink > 0;
    if (hasLinks || !this.hadLinks) {
      this.hadLinks = hasLinks;
      return;
    }
    this.isSpoilt = true;
    throw Object.assign(new Error(`${this.path} was deleted`), { code: 'ENOENT' });
  }

  private fillTo(end: number): void {
    while (this.filledTo < end) {
      writeAll(this.files, this.fd, ZEROS, this.filledTo);
      this.filledTo += ZEROS.length;
    }
  }

  /** Where even this fails, the log goes on in another file: the rest would look like damage behind later records. */
  private cutBack(): void {
    try {
      this.files.ftruncateSync(this.fd, this.end);
      this.filledTo = this.end;
    } catch {
      this.isSpoilt = true;
    }
  }

  private async syncNow(): Promise<void> {
    if (!this.isNamed) {
      await allSettled([this.files.syncData(this.fd), syncDirectory(dirname(this.path), this.files)]);
      this.isNamed = true;
      return;
    }
    const began = performance.now();
    await this.files.syncData(this.fd);
    const isAlone = !this.syncs.isShared && this.wasQuick(began);
    this.syncsAlone = isAlone ? this.syncsAlone + 1 : 0;
    if (this.syncsAlone < ALONE_IN_A_ROW) return;
    this.syncsAlone = 0;
    this.syncsHere = SYNCS_HERE;
  }

  /** Not before others have been handed over, and so not before the name is on the disk. */
  private syncHere(): void {
    const began = performance.now();
    this.files.fdatasyncSync(this.fd);
    this.syncsHere = this.wasQuick(began) ? this.syncsHere - 1 : 0;
  }

  private wasQuick(began: number): boolean {
    return performance.now() - began < this.options.quickSyncMs;
  }
}
