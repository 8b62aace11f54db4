import { join } from 'node:path';
import type { DeadLetter } from '../admin-api';
import {
  checkSyncing,
  DIRECTORY_MODE,
  type DirectoryLock,
  type DiskFiles,
  type DiskWarning,
  FILE_MODE,
  leftoversTo,
  makeDirectory,
  makeDurableDirectory,
  once,
  type OnWarning,
} from '../basics';
import type { Attempts } from './attempts';
import { BLOCK_BYTES, type BlockBuffer } from './block-buffer';
import { DeadLetterFolder, FileChecks, ObjectFiles, PartFile } from './files';
import { FreeSpace } from './free-space';
import { LOG_LIMITS, type LogLimits, ObjectLog } from './log';
import type { PinnedBytes } from './object-handle';
import { endOfRun, factsInId, objectIds, sequence } from './object-id';
import { isOurs, isRemains, partName } from './object-names';
import { ObjectDamaged } from './object-damaged';
import type { FoundObject, ObjectPlace } from './object-place';
import { QueueRefusal, type ObjectContent } from './object-queue';
import type { CompletedObject, ObjectPart, ObjectStorage, StorageListener } from './object-storage';
import type { Parking } from './parking';
import { refusal, refusing } from './refusal';

const DEAD_LETTERS = 'dead-letter';
/** An object that is smaller goes to the log, a slice of a CT among them. It is in memory until it is complete. */
const LARGE_BYTES = 1_048_576;
/** While this many are coming, or this many bytes are in the log, only much smaller ones do: the log is read at each start. */
const MOST_IN_MEMORY = 64;
const MOST_LOGGED_BYTES = 67_108_864;

export interface DiskStorageOptions {
  directory: string;
  /** Sync the object and its directory entry before `complete` resolves: it then survives a loss of power. */
  synced: boolean;
  /** Bytes that must stay free on the disk; below, nothing is taken. */
  minFreeBytes: number;
  /** Size from which an object becomes a file of its own. */
  largeBytes?: number;
  /** Other limits of the log than `LOG_LIMITS`. */
  log?: Partial<LogLimits>;
  /** As `LockOptions` has it. */
  onlyThisMachine?: boolean;
  /** Told of each wait for the disk: milliseconds. */
  onSync?(milliseconds: number): void;
  /** Told once of what the directory's file system cannot do. */
  onWarning?(warning: DiskWarning): void;
}

/** Keeps small objects in a log, and each larger one as a file. */
export class DiskStorage implements ObjectStorage {
  newestFound = '';
  readonly deadLetters: DeadLetterFolder;
  private readonly parts = new Set<PartFile>();
  private readonly checks: FileChecks;
  private nextId = objectIds(undefined, 0);
  private nextPart = sequence(undefined, 0);
  private lock: DirectoryLock | undefined;
  private readonly space: FreeSpace;
  private readonly objectFiles: ObjectFiles;
  private readonly log: ObjectLog;
  private readonly cleanUp: (operation: () => void) => void;
  private readonly onWarning: OnWarning;

  constructor(
    private readonly options: DiskStorageOptions,
    private readonly files: DiskFiles,
    private readonly listener: StorageListener,
  ) {
    const { directory, minFreeBytes, synced, log } = options;
    const onLeftover = (error: Error): void => listener.onLeftover(error);
    this.cleanUp = leftoversTo(onLeftover);
    this.onWarning = once((warning) => options.onWarning?.(warning));
    this.space = new FreeSpace(directory, minFreeBytes, files);
    this.checks = new FileChecks(
      (id) => this.objectFiles.damage(id),
      () => listener.onReady(),
    );
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
        onFoundLater: (objects) => listener.onFoundLater(objects),
      },
      files,
    );
  }

  async open(): Promise<FoundObject[]> {
    const { directory, synced, onlyThisMachine } = this.options;
    const { files, onWarning } = this;
    if (synced) makeDurableDirectory(directory, files, { mode: DIRECTORY_MODE, onWarning });
    else makeDirectory(directory, files, DIRECTORY_MODE);
    this.lock ??= await files.lock(directory, { onlyThisMachine, onWarning }, files);
    try {
      return await this.openLocked();
    } catch (error) {
      // Somebody else may be able to use it.
      this.unlock();
      throw error;
    }
  }

  private async openLocked(): Promise<FoundObject[]> {
    const { directory, synced } = this.options;
    const { files, onWarning } = this;
    if (synced) checkSyncing(this.partPath(), files, onWarning);
    const names = await this.files.readDirectory(directory);
    for (const name of names.filter(isRemains)) await this.removeRemains(name);
    const newest = names.filter(isOurs).sort().at(-1);
    const now = Date.now();
    this.nextId = objectIds(newest, now);
    this.nextPart = sequence(newest, now);
    this.newestFound = endOfRun(newest);
    const found = this.find(names, sequence(newest, now));
    // The process ended while they were set aside: they are here whole, and come again.
    await this.deadLetters.removeThose((id) => this.log.has(id) || this.objectFiles.has(id));
    return found;
  }

  /** Somebody else's, by chance, or a folder: it is not worth to keep the queue from opening. */
  private async removeRemains(name: string): Promise<void> {
    try {
      await this.files.removeFile(join(this.options.directory, name));
    } catch (error) {
      this.listener.onLeftover(error as Error);
    }
  }

  /** What earlier runs left, in order. */
  private find(names: readonly string[], nextSegment: () => string): FoundObject[] {
    const inLog = this.log.open(names, nextSegment);
    const inFiles = this.objectFiles.open(names).filter(({ id }) => {
      if (!this.log.has(id)) return true;
      // An earlier version was moving it out of the log, which has it whole.
      this.cleanUp(() => this.objectFiles.remove(id));
      return false;
    });
    const ofFiles = inFiles.map((object) => ({ ...object, ...this.log.parkingOf(object.id) }));
    this.log.forgetParkings((id) => this.objectFiles.has(id));
    return [...inLog, ...ofFiles].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  checkRoom(): void {
    refusing(() => this.space.check());
  }

  freeRoom(): boolean {
    return this.log.freeRoom();
  }

  begin(head: Buffer): ObjectPart {
    const part = new PartFile(() => this.partPath(), FILE_MODE, this.files, this.largeBytes());
    this.parts.add(part);
    const writer: ObjectPart = {
      append: (bytes) => refusing(() => part.append(bytes)),
      content: () => refusing(() => part.content()),
      complete: () => this.complete(part),
      discard: () => this.discard(part),
    };
    try {
      writer.append(head);
    } catch (error) {
      writer.discard();
      throw error;
    }
    return writer;
  }

  private partPath(): string {
    return join(this.options.directory, partName(this.nextPart()));
  }

  /** Size from which the next object becomes a file. */
  private largeBytes(): number {
    const hasRoom = this.parts.size < MOST_IN_MEMORY && this.log.liveBytes < MOST_LOGGED_BYTES;
    const { largeBytes = LARGE_BYTES } = this.options;
    return hasRoom ? largeBytes : Math.min(largeBytes, BLOCK_BYTES);
  }

  /** Ids are given at completion, so that objects come out in the order in which they were acknowledged. */
  private async complete(part: PartFile): Promise<CompletedObject> {
    const id = this.nextId(part);
    // Where memory has all of them.
    const bytes = part.takeCollected();
    let head: BlockBuffer | undefined;
    try {
      if (bytes === undefined) await this.storeFile(part, id);
      else await this.log.append(id, bytes);
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
    return { id, bytes, head };
  }

  private async storeFile(part: PartFile, id: string): Promise<void> {
    const began = performance.now();
    await this.objectFiles.complete(part, id, () => this.parts.has(part));
    if (this.options.synced) this.options.onSync?.(performance.now() - began);
  }

  /** What lies in the log is compared with what was received when it is read. */
  isReady(id: string): boolean {
    if (this.log.has(id) || this.checks.isDone(id)) return true;
    this.checks.begin(id);
    return false;
  }

  has(id: string): boolean {
    return this.log.has(id) || this.objectFiles.has(id);
  }

  read<T>(
    id: string,
    use: (content: ObjectContent) => T,
    bytes: BlockBuffer | undefined,
    evenIfDamaged: boolean,
  ): T {
    const found = this.checks.resultOf(id);
    if (found !== undefined && !evenIfDamaged)
      throw found instanceof Error ? found : new ObjectDamaged(found);
    return this.place(id).read(id, use, bytes);
  }

  pin(id: string): PinnedBytes {
    return this.log.holds(id) ? this.log.pin(id) : this.objectFiles.pin(id);
  }

  private place(id: string): ObjectPlace {
    return this.log.has(id) ? this.log : this.objectFiles;
  }

  setAttempts(id: string, attempts: Attempts): void {
    this.place(id).setAttempts(id, attempts);
  }

  setParking(id: string, parking: Parking | undefined): void {
    this.log.setParking(id, parking);
  }

  async safe(): Promise<void> {
    await this.log.safe();
    await this.objectFiles.safe();
  }

  remove(id: string): void {
    this.place(id).remove(id);
    this.log.setParking(id, undefined);
  }

  removeAgain(id: string): void {
    this.objectFiles.remove(id);
    this.log.removeAgain(id);
  }

  keep(id: string): void {
    this.place(id).keep(id);
  }

  discardKept(id: string): void {
    if (this.log.holds(id)) this.log.discardKept(id);
    else this.objectFiles.discardKept(id);
  }

  restore(id: string): void {
    if (this.log.holds(id)) this.log.restore(id);
    else this.objectFiles.restore(id);
  }

  setAside(letter: DeadLetter): Error | undefined {
    const { id } = letter;
    const failure = this.deadLetters.add(letter, (path) => this.place(id).moveTo(id, path));
    // It has left: who owned it is forgotten at the next start, where that cannot be written now.
    this.cleanUp(() => this.log.setParking(id, undefined));
    return failure;
  }

  /** Takes a dead letter into the queue, as an object that has just come. */
  private readmit(file: string, letterId: string): void {
    const id = this.nextId(factsInId(letterId));
    this.objectFiles.admit(file, id);
    this.listener.onCame(id, undefined);
  }

  forget(id: string): void {
    this.checks.forget(id);
  }

  close(): void {
    for (const part of [...this.parts]) this.discard(part);
    this.checks.clear();
    this.log.close();
    this.unlock();
  }

  private unlock(): void {
    this.lock?.release();
    this.lock = undefined;
  }

  private discard(part: PartFile): void {
    this.parts.delete(part);
    this.cleanUp(() => part.discard());
  }
}
