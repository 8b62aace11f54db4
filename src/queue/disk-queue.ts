import { join } from 'node:path';
import { BLOCK_BYTES, type BlockBuffer } from './block-buffer';
import { DeadLetterFolder } from './dead-letter-folder';
import { checkSyncing, makeDurableDirectory, once, type OnWarning } from './durable';
import { Fifo } from './fifo';
import { FreeSpace } from './free-space';
import { FreshObjects } from './fresh-objects';
import { lockDirectory, type DirectoryLock } from './directory-lock';
import { leftoversTo } from './leftovers';
import { ObjectFiles } from './object-files';
import { objectIds, sequence } from './object-id';
import { LOG_LIMITS, ObjectLog, type LogLimits } from './object-log';
import { PART_SUFFIX, isOurs, isRemains } from './object-names';
import type { FoundObject, ObjectPlace } from './object-place';
import {
  QueueRefusal,
  queueFull,
  type ObjectQueue,
  type QueueWriter,
  type QueuedObject,
} from './object-queue';
import { PartFile } from './part-file';
import type { QueueWarning } from './queue-warning';
import { DIRECTORY_MODE, FILE_MODE, realFiles, type QueueFiles } from './queue-files';
import { refusal, refusing } from './refusal';

const DEAD_LETTERS = 'dead-letter';
/** An object that is smaller goes to the log, a slice of a CT among them. It is in memory until it is complete. */
const LARGE_BYTES = 1_048_576;
/** While so many are coming, or so many bytes are in the log, only much smaller ones do: the log is read at each start. */
const MOST_IN_MEMORY = 64;
const MOST_LOGGED_BYTES = 67_108_864;

export interface DiskQueueOptions {
  directory: string;
  maxObjects: number;
  /** Sync the object and its directory entry before `commit` resolves: it then survives a loss of power. */
  synced: boolean;
  /** Bytes that must stay free on the disk; below, nothing is taken. */
  minFreeBytes: number;
  /** Each object becomes a file, also a small one: whoever reads it may link to it. */
  filesOnly?: boolean;
  /** Other limits of the log than `LOG_LIMITS`. */
  log?: Partial<LogLimits>;
  /** As `LockOptions` has it. */
  onlyThisMachine?: boolean;
  /** Told of what could not be cleaned up; it is cleaned up at the next start. */
  onLeftover(error: Error): void;
  /** Told once of what the directory's file system cannot do. */
  onWarning?(warning: QueueWarning): void;
}

/** Keeps small objects in a log, and each larger one as a file; order, counts and limits are the same for both. */
export class DiskQueue implements ObjectQueue {
  readonly deadLetters: DeadLetterFolder;
  /** Ids not yet taken. */
  private waiting = new Fifo<string>();
  private readonly taken = new Set<string>();
  /** Deliveries of objects that had any. Not in here: none. */
  private readonly deliveries = new Map<string, number>();
  private readonly parts = new Set<PartFile>();
  private readonly fresh = new FreshObjects();
  /** Ids up to this one are of earlier runs. */
  private newestFound = '';
  private nextId = objectIds(undefined, 0);
  private lock: DirectoryLock | undefined;
  private readonly space: FreeSpace;
  private readonly objectFiles: ObjectFiles;
  private readonly log: ObjectLog;
  private readonly cleanUp: (operation: () => void) => void;
  private readonly onWarning: OnWarning;

  constructor(
    private readonly options: DiskQueueOptions,
    private readonly files: QueueFiles = realFiles,
  ) {
    const { directory, minFreeBytes, synced, log } = options;
    const onLeftover = (error: Error): void => options.onLeftover(error);
    this.cleanUp = leftoversTo(onLeftover);
    this.onWarning = once((warning) => options.onWarning?.(warning));
    this.space = new FreeSpace(directory, minFreeBytes, files);
    this.deadLetters = new DeadLetterFolder(join(directory, DEAD_LETTERS), files, (file) =>
      this.readmit(file),
    );
    this.objectFiles = new ObjectFiles(directory, synced, files);
    this.log = new ObjectLog(
      {
        directory,
        synced,
        ...LOG_LIMITS,
        ...log,
        onLeftover,
        onMovedOut: (object) => this.objectFiles.appeared(object),
      },
      files,
    );
  }

  get size(): number {
    return this.waiting.size + this.taken.size;
  }

  async open(): Promise<void> {
    const { directory, synced } = this.options;
    const { files, onWarning } = this;
    if (synced) makeDurableDirectory(directory, files, { mode: DIRECTORY_MODE, onWarning });
    else files.mkdirSync(directory, { recursive: true, mode: DIRECTORY_MODE });
    this.lock ??= await lockDirectory(directory, { ...this.options, onWarning }, files);
    if (synced) checkSyncing(this.partPath(), files, onWarning);
    const names = await this.files.readDirectory(directory);
    for (const name of names.filter(isRemains)) await this.files.removeFile(join(directory, name));
    const newest = names.filter(isOurs).sort().at(-1);
    const now = Date.now();
    this.nextId = objectIds(newest, now);
    const found = this.find(names, sequence(newest, now));
    this.waiting = new Fifo(found.map(({ id }) => id));
    // Found means that it may have been handed over before the end of that run.
    for (const { id, deliveries } of found) this.deliveries.set(id, deliveries + 1);
    this.newestFound = found.at(-1)?.id ?? '';
  }

  /** What earlier runs left, in order. */
  private find(names: readonly string[], nextSegment: () => string): FoundObject[] {
    const inLog = this.log.open(names, nextSegment);
    const inFiles = this.objectFiles.open(names).filter(({ id }) => {
      if (!this.log.has(id)) return true;
      // It was being moved out of the log, which has it whole.
      this.cleanUp(() => this.objectFiles.remove(id));
      return false;
    });
    return [...inLog, ...inFiles].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  begin(head: Buffer): QueueWriter {
    if (this.size >= this.options.maxObjects) throw queueFull(this.options.maxObjects);
    refusing(() => this.space.check());
    const part = new PartFile(this.partPath(), FILE_MODE, this.files, this.largeBytes());
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

  /** With so many bytes, the next object becomes a file. */
  private largeBytes(): number {
    const hasRoom = this.parts.size < MOST_IN_MEMORY && this.log.liveBytes < MOST_LOGGED_BYTES;
    return hasRoom && this.options.filesOnly !== true ? LARGE_BYTES : BLOCK_BYTES;
  }

  /** Ids are given at completion, so that objects come out in the order in which they were acknowledged. */
  private async commit(part: PartFile, note: unknown): Promise<string> {
    const id = this.nextId(part.size);
    let bytes: BlockBuffer | undefined;
    let head: BlockBuffer | undefined;
    try {
      bytes = await this.keep(part, id);
      if (!this.parts.has(part)) throw new QueueRefusal('QUEUE_CLOSED', 'the receiver stops');
      head = part.takeHead();
      part.close();
    } catch (error) {
      bytes?.clear();
      head?.clear();
      this.discard(part);
      throw refusal(error);
    }
    this.parts.delete(part);
    this.waiting.push(id);
    this.fresh.add(id, { bytes, head, note });
    return id;
  }

  /** Returns the bytes where memory has them all. */
  private async keep(part: PartFile, id: string): Promise<BlockBuffer | undefined> {
    const bytes = this.options.filesOnly ? undefined : part.takeCollected();
    if (bytes === undefined) return this.objectFiles.complete(part, id);
    try {
      await this.log.append(id, bytes);
    } catch (error) {
      bytes.clear();
      throw error;
    }
    return bytes;
  }

  take(): QueuedObject | undefined {
    for (;;) {
      const id = this.waiting.shift();
      if (id === undefined) return undefined;
      if (this.isCutOff(id)) continue;
      this.taken.add(id);
      return this.counted(id);
    }
  }

  /** Of an earlier run, which ended before the object was acknowledged. It is deleted. */
  private isCutOff(id: string): boolean {
    if (id > this.newestFound || this.log.has(id)) return false;
    let isCutOff = false;
    // Where the disk does not say, the object counts as whole: reading it will tell.
    this.cleanUp(() => (isCutOff = this.objectFiles.isCutOff(id)));
    if (isCutOff) this.remove(id);
    return isCutOff;
  }

  retake(id: string): QueuedObject | undefined {
    if (!this.taken.has(id)) return undefined;
    this.deliveries.set(id, (this.deliveries.get(id) ?? 0) + 1);
    return this.counted(id);
  }

  /** The object, with its count of deliveries kept, so that one that ends the process is not tried for ever. */
  private counted(id: string): QueuedObject {
    const redelivered = this.deliveries.get(id) ?? 0;
    this.cleanUp(() => this.place(id).setDeliveries(id, redelivered));
    return {
      id,
      redelivered,
      note: this.fresh.get(id)?.note,
      read: (use) => this.place(id).read(id, use, this.fresh.get(id)?.bytes),
    };
  }

  private place(id: string): ObjectPlace {
    return this.log.has(id) ? this.log : this.objectFiles;
  }

  remove(id: string): void {
    this.leave(id);
    this.cleanUp(() => this.place(id).remove(id));
  }

  setAside(id: string, why: string): void {
    const deliveries = this.deliveries.get(id) ?? 0;
    this.leave(id);
    const letter = { id, at: new Date().toISOString(), why, deliveries };
    this.cleanUp(() => this.deadLetters.add(letter, (path) => this.place(id).moveTo(id, path)));
  }

  /** Takes a file into the queue, as an object that has just come. */
  private readmit(file: string): void {
    const id = this.nextId(this.objectFiles.sizeOf(file) ?? 0);
    this.objectFiles.admit(file, id);
    this.waiting.push(id);
  }

  private leave(id: string): void {
    this.taken.delete(id);
    this.deliveries.delete(id);
    this.fresh.remove(id);
  }

  close(): void {
    for (const part of [...this.parts]) this.discard(part);
    this.waiting = new Fifo();
    this.taken.clear();
    this.deliveries.clear();
    this.fresh.clear();
    this.log.close();
    this.lock?.release();
    this.lock = undefined;
  }

  private discard(part: PartFile): void {
    this.parts.delete(part);
    this.cleanUp(() => part.remove());
  }

  private partPath(): string {
    return join(this.options.directory, this.nextId(0) + PART_SUFFIX);
  }
}
