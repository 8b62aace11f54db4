import { basename, dirname, join } from 'node:path';
import {
  allSettled,
  type DiskFiles,
  isUnsupported,
  leftoversTo,
  syncDirectory,
  writeAll,
  writePieces,
} from '../../basics';
import { segmentName, type SegmentName } from '../object-names';
import { GroupSync } from './group-sync';
import type { RecordBatch } from './log-records';

/**
 * Zeros are written so far ahead where data are to be synced: a sync of bytes in place of others need not wait for the file
 * system's journal, which halves it. One that comes behind new zeros does: so for what uses most of them up at once, a slice, they
 * would only be written to the disk beside it.
 */
const ZEROS = Buffer.alloc(524_288);
const WORTH_ZEROS = ZEROS.length / 4;

export interface SegmentSyncing {
  /** What is appended is to be synced. */
  synced: boolean;
  /** A disk that takes less than this for a sync, in milliseconds, is quick. */
  quickSyncMs: number;
  /** Told of what could not be renamed or closed. */
  onLeftover(error: Error): void;
  /** Told of syncs that take long: milliseconds. */
  onSync?(milliseconds: number): void;
}

/**
 * Handing a sync to another thread and back may take longer than a quick disk. After this many in a row that served one object
 * each, the next ones are done on this thread; then sharing is tried again. A disk that hesitates holds up this thread once.
 */
const ALONE_IN_A_ROW = 4;
const SYNCS_HERE = 60;

/** A file whose beginning has been written, as a spare. */
export interface BegunFile {
  fd: number;
  /** Bytes of the beginning. */
  begun: number;
  /** Up to here there are bytes to write over: zeros, or what the file held before. */
  size: number;
  /** The beginning is on the disk. */
  isSynced: boolean;
}

/** Where a segment's file is, which changes. */
export interface SegmentFile extends SegmentName {
  path: string;
  /** It is no segment of this log any more. */
  isGone: boolean;
}

/** The file of the log that is being written, one batch of records behind the other. */
export class SegmentWriter {
  private readonly fd: number;
  private end: number;
  /** Up to here it is on the disk. */
  private syncedTo: number;
  /** Up to here the records in it say so. */
  private saidTo: number;
  private filledTo: number;
  /** Its name is on the disk. */
  private isNamed = false;
  private syncsAlone = 0;
  private syncsHere = 0;
  private isSealed = false;
  /** Something that later records must not depend on. */
  private hasFailed = false;
  /** Some file systems count no links. */
  private hadLinks = false;
  private readonly syncs = new GroupSync(() => this.syncNow());
  private readonly cleanUp: (operation: () => void) => void;

  /**
   * The file has the name of a segment from now on. Where it is to be synced, its beginning is on the disk before that.
   * @throws the system's error
   */
  constructor(
    private readonly segment: SegmentFile,
    file: BegunFile,
    private readonly options: SegmentSyncing,
    private readonly files: DiskFiles,
  ) {
    this.fd = file.fd;
    this.end = file.begun;
    this.syncedTo = file.begun;
    this.saidTo = file.begun;
    this.filledTo = file.size;
    this.cleanUp = leftoversTo((error) => options.onLeftover(error));
    if (options.synced && !file.isSynced) files.fdatasyncSync(file.fd);
    this.rename();
  }

  /** Bytes written. */
  get size(): number {
    return this.end;
  }

  get isUsable(): boolean {
    return !this.isSealed && !this.hasFailed;
  }

  /** Where it is on the disk up to, if no record in it says so yet. */
  get newlySyncedTo(): number | undefined {
    return this.syncedTo > this.saidTo ? this.syncedTo : undefined;
  }

  /** Returns where the records lie. Of records that cannot be written nothing stays. They say `newlySyncedTo`. */
  append(batch: RecordBatch): number {
    const offset = this.end;
    const end = offset + batch.size;
    try {
      this.checkThere();
      if (this.options.synced && batch.size < WORTH_ZEROS) this.fillTo(end);
      const pieces = batch.pieces();
      writePieces(this.files, this.fd, pieces, offset);
      const written = pieces.reduce((sum, { length }) => sum + length, offset);
      this.filledTo = Math.max(this.filledTo, written);
    } catch (error) {
      this.cutBack();
      throw error;
    }
    this.end = end;
    this.saidTo = this.syncedTo;
    return offset;
  }

  /** What has been appended is on the disk, and so is the file's name. */
  async sync(): Promise<void> {
    const began = performance.now();
    try {
      if (this.syncsHere > 0 && this.syncs.isIdle) this.syncHere();
      else await this.syncs.done();
    } catch (error) {
      this.hasFailed = true;
      throw error;
    }
    this.options.onSync?.(performance.now() - began);
  }

  /**
   * Nothing more is written to it. When it is on the disk, its name says where it ends; then the file is closed, at once
   * where there is nothing to be synced. Resolves then.
   * @throws the system's error, of which it has told, when it could not be synced
   */
  seal(): Promise<void> | undefined {
    this.isSealed = true;
    if (!this.isToBeSynced) {
      this.syncs.whenIdle(() => this.closeFile());
      return undefined;
    }
    return new Promise((resolve, reject) => {
      this.syncs.whenIdle(() => {
        this.sealWhenSynced()
          .then(resolve, (error: Error) => {
            this.options.onLeftover(error);
            reject(error);
          })
          .finally(() => this.closeFile());
      });
    });
  }

  private get isToBeSynced(): boolean {
    return !this.hasFailed && this.options.synced && !this.segment.isGone;
  }

  /** The same at once, at the end of the run: a sync of what has been written may hold up the thread. */
  sealNow(): void {
    this.isSealed = true;
    if (!this.hasFailed)
      this.cleanUp(() => {
        if (this.isOnDisk()) this.sayEnd();
      });
    this.syncs.whenIdle(() => this.closeFile());
  }

  private async sealWhenSynced(): Promise<void> {
    if (!this.isToBeSynced) return;
    if (this.syncedTo < this.end) await this.syncNow();
    if (!this.segment.isGone) this.sayEnd();
  }

  /** Syncs it. False where the file system cannot, and nobody wanted it to. */
  private isOnDisk(): boolean {
    try {
      this.files.fdatasyncSync(this.fd);
      return true;
    } catch (error) {
      if (this.options.synced || !isUnsupported(error)) throw error;
      return false;
    }
  }

  private closeFile(): void {
    this.cleanUp(() => this.files.closeSync(this.fd));
  }

  private sayEnd(): void {
    this.segment.sealedAt = this.end;
    this.rename();
  }

  private rename(): void {
    const path = join(dirname(this.segment.path), segmentName(this.segment));
    if (path === this.segment.path) return;
    this.files.renameSync(this.segment.path, path);
    this.segment.path = path;
  }

  /** Writing to a file that somebody has deleted succeeds. */
  private checkThere(): void {
    const hasLinks = this.files.fstatSync(this.fd).nlink > 0;
    if (hasLinks || !this.hadLinks) {
      this.hadLinks = hasLinks;
      return;
    }
    this.hasFailed = true;
    throw Object.assign(new Error(`${basename(this.segment.path)} was deleted`), { code: 'ENOENT' });
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
      this.hasFailed = true;
    }
  }

  private async syncNow(): Promise<void> {
    const upTo = this.end;
    const began = performance.now();
    if (!this.isNamed) {
      await allSettled([this.files.syncData(this.fd), syncDirectory(dirname(this.segment.path), this.files)]);
      this.syncedTo = upTo;
      this.isNamed = true;
      return;
    }
    await this.files.syncData(this.fd);
    this.syncedTo = upTo;
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
    this.syncedTo = this.end;
    this.syncsHere = this.wasQuick(began) ? this.syncsHere - 1 : 0;
  }

  private wasQuick(began: number): boolean {
    return performance.now() - began < this.options.quickSyncMs;
  }
}
