import { join } from 'node:path';
import type { BlockBuffer } from './block-buffer';
import { DeadLetterFolder } from './dead-letter-folder';
import { FreeSpace } from './free-space';
import { lockDirectory, type DirectoryLock } from './directory-lock';
import { objectIds, sizeInId } from './object-id';
import { PART_SUFFIX, objectName, parseObjectName } from './object-names';
import {
  QueueRefusal,
  queueFull,
  type ObjectQueue,
  type QueueWriter,
  type QueuedObject,
} from './object-queue';
import { PartFile } from './part-file';
import { DIRECTORY_MODE, FILE_MODE, realFiles, type QueueFiles } from './queue-files';

const DEAD_LETTERS = 'dead-letter';
/** Of so many objects that have just come, what is in memory stays there. */
const MOST_FRESH = 64;

export interface DiskQueueOptions {
  directory: string;
  maxObjects: number;
  /** Sync the object and its directory entry before `commit` resolves: it then survives a loss of power. */
  synced: boolean;
  /** Bytes that must stay free on the disk; below, nothing is taken. */
  minFreeBytes: number;
  /** Told of what could not be cleaned up; it is cleaned up at the next start. */
  onLeftover(error: Error): void;
}

/**
 * Keeps each object as one file, named by an id that sorts by arrival and ends with the object's size. What is written in
 * pieces has another suffix until it is complete. A file that is shorter than its name says was cut off, by the end of
 * the process or by a loss of power, before it was acknowledged. So a small one needs no renaming, and data and name can be
 * synced at the same time, which costs one wait for the disk instead of two.
 */
export class DiskQueue implements ObjectQueue {
  readonly deadLetters: DeadLetterFolder;
  /** Ids not yet taken, oldest first, from this index on. */
  private waiting: string[] = [];
  private firstWaiting = 0;
  private readonly taken = new Set<string>();
  /** Deliveries of objects that had any: what is to be counted, and what the file name says. Not in here: none. */
  private readonly deliveries = new Map<string, { count: number; inName: number }>();
  private readonly parts = new Set<PartFile>();
  /** What need not be read again, because it has just come. */
  private readonly fresh = new Map<string, { bytes: BlockBuffer | undefined; note: unknown }>();
  /** Ids up to this one are of earlier runs. */
  private newestFound = '';
  private nextId = objectIds(undefined, 0);
  private lock: DirectoryLock | undefined;
  private readonly space: FreeSpace;

  constructor(
    private readonly options: DiskQueueOptions,
    private readonly files: QueueFiles = realFiles,
  ) {
    this.space = new FreeSpace(options.directory, options.minFreeBytes, files);
    this.deadLetters = new DeadLetterFolder(join(options.directory, DEAD_LETTERS), files, (file) =>
      this.readmit(file),
    );
  }

  get size(): number {
    return this.waiting.length - this.firstWaiting + this.taken.size;
  }

  async open(): Promise<void> {
    const { directory } = this.options;
    await this.files.makeDirectory(directory, DIRECTORY_MODE);
    this.lock ??= await lockDirectory(directory);
    const names = await this.files.readDirectory(directory);
    for (const part of names.filter((name) => name.endsWith(PART_SUFFIX))) {
      await this.files.removeFile(join(directory, part));
    }
    const found = names
      .map(parseObjectName)
      .filter((object) => object !== undefined)
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    this.waiting = found.map(({ id }) => id);
    this.firstWaiting = 0;
    // Found means that it may have been handed over before the end of that run.
    for (const { id, deliveries } of found)
      this.deliveries.set(id, { count: deliveries + 1, inName: deliveries });
    this.newestFound = this.waiting.at(-1) ?? '';
    this.nextId = objectIds(this.waiting.at(-1), Date.now());
  }

  begin(head: Buffer): QueueWriter {
    if (this.size >= this.options.maxObjects) throw queueFull(this.options.maxObjects);
    refusing(() => this.space.check());
    const part = new PartFile(this.partPath(), FILE_MODE, this.files);
    this.parts.add(part);
    const writer: QueueWriter = {
      write: (bytes) => refusing(() => part.write(bytes)),
      content: () => refusing(() => part.content()),
      commit: (note) => this.commit(part, note),
      discard: () => this.discard(part),
    };
    try {
      writer.write(head);
    } catch (error) {
      writer.discard();
      throw error;
    }
    return writer;
  }

  /** Ids are given at completion, so that objects come out in the order in which they were acknowledged. */
  private async commit(part: PartFile, note: unknown): Promise<string> {
    const id = this.nextId(part.size);
    let bytes: BlockBuffer | undefined;
    try {
      bytes = part.completeAs(this.path(id));
      if (this.options.synced) await this.sync(part);
      if (!this.parts.has(part)) throw new QueueRefusal('QUEUE_CLOSED', 'the receiver stops');
      part.close();
    } catch (error) {
      bytes?.clear();
      this.discard(part);
      throw refusal(error);
    }
    this.parts.delete(part);
    this.waiting.push(id);
    if (this.fresh.size < MOST_FRESH) this.fresh.set(id, { bytes, note });
    else bytes?.clear();
    return id;
  }

  /** Both at once. Neither is left running when the other fails: its file is about to be closed. */
  private async sync(part: PartFile): Promise<void> {
    const syncs = await Promise.allSettled([part.sync(), this.syncDirectory()]);
    for (const sync of syncs) if (sync.status === 'rejected') throw sync.reason;
  }

  private async syncDirectory(): Promise<void> {
    // Windows cannot open a directory, and its file systems journal renames.
    if (process.platform === 'win32') return;
    const fd = this.files.openSync(this.options.directory, 'r');
    try {
      await this.files.sync(fd);
    } finally {
      this.files.closeSync(fd);
    }
  }

  take(): QueuedObject | undefined {
    for (;;) {
      const id = this.waiting[this.firstWaiting];
      if (id === undefined) return undefined;
      this.firstWaiting += 1;
      this.forgetTaken();
      if (this.isCutOff(id)) continue;
      this.taken.add(id);
      return this.counted(id);
    }
  }

  /** Of an earlier run, which ended before the object was acknowledged. It is deleted. */
  private isCutOff(id: string): boolean {
    const expected = sizeInId(id);
    if (id > this.newestFound || expected === undefined) return false;
    const path = this.path(id);
    let size = expected;
    // Where the disk does not say, the object counts as whole: reading it will tell.
    this.cleanUp(() => (size = this.files.statSync(path, { throwIfNoEntry: false })?.size ?? 0));
    if (size === expected) return false;
    this.leave(id);
    this.cleanUp(() => this.delete(path));
    return true;
  }

  /** Shifting an array of 100 000 ids for each object would make draining quadratic. */
  private forgetTaken(): void {
    if (this.firstWaiting < 1_024 || this.firstWaiting * 2 < this.waiting.length) return;
    this.waiting = this.waiting.slice(this.firstWaiting);
    this.firstWaiting = 0;
  }

  retake(id: string): QueuedObject | undefined {
    if (!this.taken.has(id)) return undefined;
    const { count, inName } = this.deliveries.get(id) ?? { count: 0, inName: 0 };
    this.deliveries.set(id, { count: count + 1, inName });
    return this.counted(id);
  }

  /** The object with its count of deliveries in its name, so that one that ends the process is not tried for ever. */
  private counted(id: string): QueuedObject {
    const deliveries = this.deliveries.get(id);
    if (deliveries !== undefined && deliveries.count !== deliveries.inName) {
      const from = this.path(id);
      this.cleanUp(() => {
        this.files.renameSync(from, join(this.options.directory, objectName(id, deliveries.count)));
        deliveries.inName = deliveries.count;
      });
    }
    const path = this.path(id);
    return {
      id,
      redelivered: deliveries?.count ?? 0,
      note: this.fresh.get(id)?.note,
      read: (use) => {
        const bytes = this.fresh.get(id)?.bytes;
        if (bytes !== undefined) return use({ kind: 'memory', bytes, path });
        const fd = this.files.openSync(path, 'r');
        try {
          return use({ kind: 'file', fd, size: this.files.fstatSync(fd).size, path });
        } finally {
          this.files.closeSync(fd);
        }
      },
    };
  }

  remove(id: string): void {
    const path = this.path(id);
    this.leave(id);
    this.cleanUp(() => this.delete(path));
  }

  setAside(id: string, why: string): void {
    const path = this.path(id);
    const deliveries = this.deliveries.get(id)?.count ?? 0;
    this.leave(id);
    this.cleanUp(() => this.deadLetters.add(path, { id, at: new Date().toISOString(), why, deliveries }));
  }

  /** Takes a file into the queue, as an object that has just come. */
  private readmit(file: string): void {
    const id = this.nextId(this.files.statSync(file).size);
    this.files.renameSync(file, this.path(id));
    this.waiting.push(id);
  }

  private leave(id: string): void {
    this.taken.delete(id);
    this.deliveries.delete(id);
    this.fresh.get(id)?.bytes?.clear();
    this.fresh.delete(id);
  }

  close(): void {
    for (const part of [...this.parts]) this.discard(part);
    this.waiting = [];
    this.firstWaiting = 0;
    this.taken.clear();
    this.deliveries.clear();
    for (const { bytes } of this.fresh.values()) bytes?.clear();
    this.fresh.clear();
    this.lock?.release();
    this.lock = undefined;
  }

  private discard(part: PartFile): void {
    this.parts.delete(part);
    this.cleanUp(() => part.remove());
  }

  /** Runs what must not fail the object that is being handled: a file that stays is found at the next start. */
  private cleanUp(operation: () => void): void {
    try {
      operation();
    } catch (error) {
      this.options.onLeftover(error as Error);
    }
  }

  /** If it is there. rmSync would do this too, at twice the cost. */
  private delete(path: string): void {
    try {
      this.files.unlinkSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }

  private path(id: string): string {
    return join(this.options.directory, objectName(id, this.deliveries.get(id)?.inName ?? 0));
  }

  private partPath(): string {
    return join(this.options.directory, this.nextId(0) + PART_SUFFIX);
  }
}

function refusing<T>(operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    throw refusal(error);
  }
}

const SENTENCES: Record<string, string> = {
  ENOSPC: 'the disk of the queue is full',
  EDQUOT: 'the disk quota of the queue is used up',
  EROFS: 'the disk of the queue is read-only',
  EACCES: 'the queue directory may not be written to',
  ENOENT: 'the queue directory is gone',
  EMFILE: 'too many files are open',
};

function refusal(error: unknown): QueueRefusal {
  if (error instanceof QueueRefusal) return error;
  const code = (error as NodeJS.ErrnoException).code ?? 'UNKNOWN';
  return new QueueRefusal(code, SENTENCES[code] ?? `the object cannot be stored (${code})`);
}
