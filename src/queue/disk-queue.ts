import { join } from 'node:path';
import {
  checkSyncing,
  DIRECTORY_MODE,
  type DirectoryLock,
  type DiskFiles,
  type DiskWarning,
  Fifo,
  FILE_MODE,
  leftoversTo,
  makeDirectory,
  makeDurableDirectory,
  once,
  type OnWarning,
  realFiles,
} from '../basics';
import { afterRestart, NO_ATTEMPTS, type Attempts } from './attempts';
import { BLOCK_BYTES, type BlockBuffer } from './block-buffer';
import { DeadLetterFolder, FileChecks, ObjectFiles, PartFile } from './files';
import { FreeSpace } from './free-space';
import { FreshObjects } from './fresh-objects';
import { LOG_LIMITS, type LogLimits, ObjectLog } from './log';
import { factsInId, endOfRun, objectIds, sequence } from './object-id';
import { isOurs, isRemains, partName } from './object-names';
import { ObjectDamaged, type FoundObject, type ObjectPlace } from './object-place';
import {
  QueueRefusal,
  queueFull,
  type LetterFacts,
  type ObjectContent,
  type ObjectQueue,
  type QueueWriter,
  type QueuedObject,
} from './object-queue';
import { refusal, refusing } from './refusal';
import { Suspects } from './suspects';

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
  /** An object of so many bytes becomes a file of its own. */
  largeBytes?: number;
  /** Other limits of the log than `LOG_LIMITS`. */
  log?: Partial<LogLimits>;
  /** As `LockOptions` has it. */
  onlyThisMachine?: boolean;
  /** Told of what could not be cleaned up, or read; it is tried again, or found at the next start. */
  onLeftover(error: Error): void;
  /** `take` may give an object now, although nothing has come. */
  onReady?(): void;
  /** Told of each wait for the disk: milliseconds. */
  onSync?(milliseconds: number): void;
  /** Told once of what the directory's file system cannot do. */
  onWarning?(warning: DiskWarning): void;
}

/** Keeps small objects in a log, and each larger one as a file; order, counts and limits are the same for both. */
export class DiskQueue implements ObjectQueue {
  readonly deadLetters: DeadLetterFolder;
  /** Ids not yet taken. */
  private waiting = new Fifo<string>();
  /** Taken and given back, the next one last. */
  private returned: string[] = [];
  private readonly taken = new Set<string>();
  /** Of objects that had any. Not in here: none. */
  private readonly attempts = new Map<string, Attempts>();
  private readonly parts = new Set<PartFile>();
  private readonly fresh = new FreshObjects();
  private readonly suspects: Suspects;
  private readonly checks: FileChecks;
  /** Ids that sort before this are of earlier runs. */
  private newestFound = '';
  private nextId = objectIds(undefined, 0);
  private nextPart = sequence(undefined, 0);
  private lock: DirectoryLock | undefined;
  private readonly space: FreeSpace;
  private readonly objectFiles: ObjectFiles;
  private readonly log: ObjectLog;
  private readonly cleanUp: (operation: () => void) => void;
  private readonly onWarning: OnWarning;

  constructor(
    private readonly options: DiskQueueOptions,
    private readonly files: DiskFiles = realFiles,
  ) {
    const { directory, minFreeBytes, synced, log } = options;
    const onLeftover = (error: Error): void => options.onLeftover(error);
    const ready = (): void => options.onReady?.();
    this.cleanUp = leftoversTo(onLeftover);
    this.onWarning = once((warning) => options.onWarning?.(warning));
    this.space = new FreeSpace(directory, minFreeBytes, files);
    this.suspects = new Suspects(ready);
    this.checks = new FileChecks((id) => this.objectFiles.damage(id), ready);
    this.deadLetters = new DeadLetterFolder(join(directory, DEAD_LETTERS), files, (file, id) =>
      this.readmit(file, id),
    );
    this.objectFiles = new ObjectFiles(directory, synced, files);
    this.log = new ObjectLog(
      {
        directory,
        synced,
        ...LOG_LIMITS,
        ...log,
        onLeftover,
        onSync: (milliseconds) => options.onSync?.(milliseconds),
        onMovedOut: (object) => this.objectFiles.appeared(object),
        onFoundLater: (objects) => {
          for (const object of objects) this.found(object);
          ready();
        },
      },
      files,
    );
  }

  get size(): number {
    return this.waiting.size + this.returned.length + this.taken.size;
  }

  async open(): Promise<void> {
    const { directory, synced } = this.options;
    const { files, onWarning } = this;
    if (synced) makeDurableDirectory(directory, files, { mode: DIRECTORY_MODE, onWarning });
    else makeDirectory(directory, files, DIRECTORY_MODE);
    const { onlyThisMachine } = this.options;
    this.lock ??= await files.lock(directory, { onlyThisMachine, onWarning }, files);
    if (synced) checkSyncing(this.partPath(), files, onWarning);
    const names = await this.files.readDirectory(directory);
    for (const name of names.filter(isRemains)) await this.removeRemains(name);
    const newest = names.filter(isOurs).sort().at(-1);
    const now = Date.now();
    this.nextId = objectIds(newest, now);
    this.nextPart = sequence(newest, now);
    const found = this.find(names, sequence(newest, now));
    this.waiting = new Fifo();
    this.attempts.clear();
    this.newestFound = endOfRun(newest);
    for (const object of found) this.found(object);
  }

  /** Somebody else's, by chance, or a folder: it is not worth to keep the queue from opening. */
  private async removeRemains(name: string): Promise<void> {
    try {
      await this.files.removeFile(join(this.options.directory, name));
    } catch (error) {
      this.options.onLeftover(error as Error);
    }
  }

  private found({ id, attempts }: FoundObject): void {
    this.attempts.set(id, afterRestart(attempts));
    this.waiting.push(id);
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

  private partPath(): string {
    return join(this.options.directory, partName(this.nextPart()));
  }

  /** With so many bytes, the next object becomes a file. */
  private largeBytes(): number {
    const hasRoom = this.parts.size < MOST_IN_MEMORY && this.log.liveBytes < MOST_LOGGED_BYTES;
    const { largeBytes = LARGE_BYTES } = this.options;
    return hasRoom ? largeBytes : Math.min(largeBytes, BLOCK_BYTES);
  }

  /** Ids are given at completion, so that objects come out in the order in which they were acknowledged. */
  private async commit(part: PartFile, note: unknown): Promise<string> {
    const id = this.nextId(part);
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
    const bytes = part.takeCollected();
    if (bytes === undefined) {
      await this.keepAsFile(part, id);
      return undefined;
    }
    try {
      await this.log.append(id, bytes);
    } catch (error) {
      bytes.clear();
      throw error;
    }
    return bytes;
  }

  private async keepAsFile(part: PartFile, id: string): Promise<void> {
    const began = performance.now();
    await this.objectFiles.complete(part, id, () => this.parts.has(part));
    if (this.options.synced) this.options.onSync?.(performance.now() - began);
  }

  take(): QueuedObject | undefined {
    const id = this.returned.at(-1) ?? this.waiting.head;
    if (id === undefined || !this.suspects.mayBegin(this.attemptsOf(id)) || !this.isChecked(id))
      return undefined;
    if (this.returned.pop() === undefined) this.waiting.shift();
    this.taken.add(id);
    return this.attempt(id, this.attemptsOf(id));
  }

  /** What lies in the log is compared with what was received when it is read. */
  private isChecked(id: string): boolean {
    if (this.log.has(id) || this.fresh.get(id) !== undefined || this.checks.isDone(id)) return true;
    this.checks.begin(id);
    return false;
  }

  retake(id: string): QueuedObject | undefined {
    if (!this.taken.has(id)) return undefined;
    this.suspects.end(id);
    const { deliveries, unacknowledged, crashes } = this.attemptsOf(id);
    return this.attempt(id, {
      deliveries: deliveries + 1,
      unacknowledged: unacknowledged + 1,
      crashes,
      isOpen: false,
    });
  }

  /**
   * Keeps the counts, so that an object that ends the process is not tried for ever. That an attempt has begun is kept for
   * those of earlier runs only: a first attempt costs no write, and an end of the process is counted from the second on.
   */
  private attempt(id: string, before: Attempts): QueuedObject {
    const attempts = id < this.newestFound ? { ...before, isOpen: true } : before;
    this.suspects.begin(id, attempts);
    if (attempts !== this.attemptsOf(id)) this.keepAttempts(id, attempts);
    return {
      id,
      redelivered: attempts.deliveries,
      unacknowledged: attempts.unacknowledged,
      crashes: attempts.crashes,
      note: this.fresh.get(id)?.note,
      read: (use, evenIfDamaged = false) => this.read(id, use, evenIfDamaged),
    };
  }

  private read<T>(id: string, use: (content: ObjectContent) => T, evenIfDamaged: boolean): T {
    const found = this.checks.resultOf(id);
    if (found !== undefined && !evenIfDamaged)
      throw found instanceof Error ? found : new ObjectDamaged(found);
    return this.place(id).read(id, use, this.fresh.get(id)?.bytes);
  }

  private attemptsOf(id: string): Attempts {
    return this.attempts.get(id) ?? NO_ATTEMPTS;
  }

  private keepAttempts(id: string, attempts: Attempts): void {
    this.attempts.set(id, attempts);
    this.cleanUp(() => this.place(id).setAttempts(id, attempts));
  }

  private place(id: string): ObjectPlace {
    return this.log.has(id) ? this.log : this.objectFiles;
  }

  delivered(id: string): void {
    this.suspects.delivered(id);
  }

  release(id: string): void {
    if (!this.taken.delete(id)) return;
    this.endAttempt(id);
    this.checks.forget(id);
    this.returned.push(id);
  }

  park(id: string): void {
    this.endAttempt(id);
    this.fresh.remove(id);
  }

  /** It did not end the process. */
  private endAttempt(id: string): void {
    const attempts = this.attemptsOf(id);
    if (attempts.isOpen) this.keepAttempts(id, { ...attempts, isOpen: false });
    this.suspects.end(id);
  }

  remove(id: string): void {
    this.leave(id);
    this.cleanUp(() => this.place(id).remove(id));
  }

  setAside(id: string, why: string, facts: LetterFacts = {}): boolean {
    const { deliveries, crashes } = this.attemptsOf(id);
    const letter = { id, at: new Date().toISOString(), why, deliveries, crashes, ...facts };
    try {
      const failure = this.deadLetters.add(letter, (path) => this.place(id).moveTo(id, path));
      if (failure !== undefined) this.options.onLeftover(failure);
    } catch (error) {
      this.options.onLeftover(error as Error);
      // What is not there any more cannot be kept.
      if (!(error instanceof ObjectDamaged)) return false;
    }
    this.leave(id);
    return true;
  }

  /** Takes a dead letter into the queue, as an object that has just come. */
  private readmit(file: string, letterId: string): void {
    const id = this.nextId(factsInId(letterId));
    this.objectFiles.admit(file, id);
    this.waiting.push(id);
  }

  private leave(id: string): void {
    this.taken.delete(id);
    this.attempts.delete(id);
    this.fresh.remove(id);
    this.checks.forget(id);
    this.suspects.end(id);
  }

  close(): void {
    for (const part of [...this.parts]) this.discard(part);
    for (const id of this.taken) this.endAttempt(id);
    this.waiting = new Fifo();
    this.returned = [];
    this.taken.clear();
    this.attempts.clear();
    this.fresh.clear();
    this.checks.clear();
    this.suspects.clear();
    this.log.close();
    this.lock?.release();
    this.lock = undefined;
  }

  private discard(part: PartFile): void {
    this.parts.delete(part);
    this.cleanUp(() => part.remove());
  }
}
