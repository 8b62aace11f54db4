import type { Stats } from 'node:fs';
import { join, sep } from 'node:path';
import type { DeadLetter } from '../../admin-api';
import {
  checkSyncing,
  DIRECTORY_MODE,
  type DirectoryLock,
  leftoversTo,
  makeDurableDirectory,
  once,
} from '../../basics';
import { NO_ATTEMPTS, type Attempts } from '../attempts';
import type { BlockBuffer } from '../block-buffer';
import type { PinnedBytes } from '../object-handle';
import { endOfRun, objectIds, sizeInId } from '../object-id';
import { ObjectDamaged } from '../object-damaged';
import type { FoundObject } from '../object-place';
import { QueueRefusal, type ObjectContent } from '../object-queue';
import type { ObjectPart, ObjectStorage, StorageListener } from '../object-storage';
import type { Parking } from '../parking';
import { FreeSpace } from '../free-space';
import { refusing } from '../refusal';
import { ClaimFolder, parseName } from './claim-folder';
import { ErrorFolder } from './error-folder';
import { FileIndex } from './file-index';
import type { FileStore, FolderObject } from './file-store';
import {
  isMissing,
  isSameFile,
  saysBirthTimes,
  type FactsRule,
  type FileFacts,
  type FolderFiles,
} from './folder-files';
import type { ChangedFile, FolderFile, FolderStorageOptions, KnownFile } from './folder-options';
import { FolderPresence } from './folder-presence';
import { removeEmpty } from './move-file';
import { Parkings } from './parkings';
import { PuttingAway } from './putting-away';
import { TakenFileReader } from './taken-file-reader';
import { TakenFiles } from './taken-files';

const REQUEUED = 'requeued';
const PARKED = 'parked';
const DEAD_LETTERS = 'dead-letter';

/** Keeps the objects of a queue as files of a folder into which others put them. */
export class FolderStorage implements ObjectStorage {
  newestFound = '';
  readonly deadLetters: ErrorFolder;
  /** Undefined: files are taken out of the folder. */
  readonly index: FileIndex | undefined;
  private readonly taken: TakenFiles;
  private readonly reader: TakenFileReader;
  private readonly main: FileStore;
  private readonly claims: ClaimFolder | undefined;
  private readonly requeued: ClaimFolder;
  private readonly parkings: Parkings;
  private readonly presence: FolderPresence;
  private readonly puttingAway: PuttingAway;
  private readonly space: FreeSpace;
  private readonly rule: FactsRule = { hasInodes: true };
  private readonly cleanUp: (operation: () => void) => void;
  private nextId = objectIds(undefined, 0);
  private lock: DirectoryLock | undefined;
  private isOpen = false;

  constructor(
    private readonly options: FolderStorageOptions,
    private readonly files: FolderFiles,
    private readonly listener: StorageListener,
  ) {
    const { folder, directory, owner, after, moveTo, errorDirectory, minFreeBytes } = options;
    this.cleanUp = leftoversTo((error) => listener.onLeftover(error));
    this.presence = new FolderPresence(folder, owner, after === 'keep', files, this.cleanUp);
    const putAway = { moveTo: after === 'move' ? moveTo : undefined };
    if (after === 'keep') this.index = new FileIndex(folder, directory, this.rule, files);
    else this.claims = new ClaimFolder(folder, this.presence.owners.directory, putAway, this.rule, files);
    this.main = this.index ?? (this.claims as ClaimFolder);
    this.taken = new TakenFiles(folder, this.main, this.rule, files);
    this.reader = new TakenFileReader(this.taken, files);
    const requeued = join(directory, REQUEUED);
    this.requeued = new ClaimFolder(requeued, requeued, putAway, this.rule, files);
    this.parkings = new Parkings(join(directory, PARKED), files);
    this.space = new FreeSpace(directory, minFreeBytes, files);
    this.puttingAway = new PuttingAway((error) => options.onNotPutAway(error));
    const letters = errorDirectory === '' ? join(directory, DEAD_LETTERS) : errorDirectory;
    this.deadLetters = new ErrorFolder(letters, owner, files, (file, letter) => this.readmit(file, letter));
  }

  async open(): Promise<FoundObject[]> {
    const { folder, directory } = this.options;
    const onWarning = once((warning) => this.options.onWarning?.(warning));
    makeDurableDirectory(directory, this.files, { mode: DIRECTORY_MODE, onWarning });
    this.lock ??= await this.files.lock(directory, { onlyThisMachine: true, onWarning }, this.files);
    try {
      this.presence.checkFolder();
      // Others than those of this machine give a file another number after each mount, or each time.
      this.rule.hasInodes = !this.isShared;
      checkSyncing(join(directory, 'sync.part'), this.files, onWarning);
      this.rule.hasBirthTimes = saysBirthTimes([folder, directory, process.execPath], this.files);
      this.showPresence();
      return await this.openLocked();
    } catch (error) {
      this.unlock();
      throw error;
    }
  }

  private async openLocked(): Promise<FoundObject[]> {
    this.taken.clear();
    this.main.close();
    this.requeued.close();
    this.index?.open();
    this.puttingAway.start();
    await this.deadLetters.look();
    const found = [this.main, this.requeued].flatMap((store) => this.find(store));
    const newest = [...found.map(({ id }) => id), ...(await this.letterIds())].sort().at(-1);
    this.nextId = objectIds(newest, Date.now());
    this.newestFound = endOfRun(newest);
    this.isOpen = true;
    const parkings = this.parkings.open();
    this.parkings.keepOnly((id) => this.taken.live.has(id));
    return found
      .map(({ id, attempts }) => {
        const parking = parkings.get(id);
        return { id, attempts, ...(parking && { parking }) };
      })
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** The folder is on a file system that other machines may use. */
  get isShared(): boolean {
    return this.presence.isShared;
  }

  private async letterIds(): Promise<string[]> {
    return (await this.deadLetters.list({ limit: 1_000 })).map(({ id }) => id);
  }

  /** Objects of a place that this run does not know of. */
  private find(store: FileStore): FolderObject[] {
    const { live, done } = this.taken.find(store, store === this.index);
    for (const object of done) this.putAway(object);
    return live;
  }

  /**
   * Shows others that the folder is watched, and takes over what they have left that are gone. To be called once in a while.
   * @throws the system's error; FolderShared
   */
  refresh(): void {
    this.presence.checkFolder();
    this.showPresence();
    if (this.claims !== undefined) this.takeOver(this.claims);
    const found = this.find(this.main);
    if (found.length > 0) this.listener.onFoundLater(found);
  }

  private showPresence(): void {
    if (this.isOpen) this.presence.goOn();
    else this.presence.begin();
  }

  private takeOver(claims: ClaimFolder): void {
    // It may be that of another user, whose node alone can read it.
    for (const directory of this.presence.owners.gone())
      this.cleanUp(() => {
        for (const name of this.files.readdirSync(directory)) {
          const claim = parseName(name);
          if (claim === undefined) continue;
          const id = this.nextId({ size: sizeInId(claim.id) ?? 0 });
          claims.takeOver(join(directory, name), { ...claim, id });
        }
        // Something else may be in it, or another one of us was quicker.
        removeEmpty(directory, directory, this.files);
      });
  }

  /** @throws QueueRefusal */
  checkRoom(): void {
    refusing(() => this.space.check());
  }

  /** What is done with is the folder's. */
  freeRoom(): boolean {
    return false;
  }

  begin(): ObjectPart {
    throw new QueueRefusal('NOT_HERE', 'files come into a watched folder by themselves');
  }

  /** What is known of a file that a scan has found. */
  knows(rel: string, facts: FileFacts): KnownFile {
    if (this.index === undefined) return 'new';
    const known = this.index.at(rel);
    if (known === undefined) return this.index.isFull(rel) ? 'no-room' : 'new';
    if (!isSameFile(known.facts, facts)) return 'again';
    // It was gone for a while.
    return known.state === 'live' && !this.taken.live.has(known.id) ? 'again' : 'taken';
  }

  /** As `FileIndex.makeRoom`. */
  makeRoom(): void {
    this.index?.makeRoom();
  }

  /** As `FileIndex.beginScan`. */
  beginScan(): void {
    this.index?.beginScan();
  }

  /**
   * Takes a file of the folder as an object. It is told as one that has just come, or where `isAgain`, as one that the flow may
   * have got before.
   * @returns its id. Undefined: it is not there any more, or not as it was
   * @throws the system's error
   */
  async admit(
    { rel, facts }: FolderFile,
    study: string | undefined,
    isAgain: boolean,
  ): Promise<string | undefined> {
    const object: FolderObject = { id: this.nextId({ size: facts.size }), rel, facts, attempts: NO_ATTEMPTS };
    // Known from now on: whoever looks meanwhile does not take it for another one.
    this.taken.live.set(object.id, object);
    try {
      if (!(await this.take(object))) {
        this.taken.live.delete(object.id);
        return undefined;
      }
    } catch (error) {
      this.taken.live.delete(object.id);
      throw error;
    }
    if (isAgain) this.listener.onFoundLater([object]);
    else this.listener.onCame(object.id, study);
    return object.id;
  }

  /** Resolves with true once it is the queue's, and safe. */
  private async take(object: FolderObject): Promise<boolean> {
    const steps = this.main.take(object);
    for (;;) {
      const { done, value } = steps.next();
      if (done === true && !value) return false;
      if (done === true) break;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await this.main.safe();
    return true;
  }

  /** Files that were changed after they had been taken: to be looked at as those of the folder. */
  changedFiles(): ChangedFile[] {
    return [...this.taken.changed.values()].flatMap((object) => {
      const path = this.taken.path(object);
      const stats = this.files.lstatSync(path, { throwIfNoEntry: false });
      if (stats === undefined) this.taken.changed.delete(object.id);
      return stats === undefined
        ? []
        : [{ id: object.id, rel: object.rel, path, facts: this.taken.facts(stats) }];
    });
  }

  /** Such a file is complete: it is another object. */
  admitChanged({ id, facts }: ChangedFile): void {
    const before = this.taken.changed.get(id);
    if (before === undefined) return;
    const claims = this.claims ?? this.requeued;
    const attempts = { ...before.attempts, isOpen: false };
    const object: FolderObject = { id: this.nextId({ size: facts.size }), rel: before.rel, facts, attempts };
    const from = claims.path(before).slice(0, -before.rel.length - 1);
    this.taken.changed.delete(id);
    claims.takeOver(from, { ...object, state: 'live' });
    claims.forget(id);
    this.listener.onFoundLater(this.find(claims));
  }

  /** Its path below the folder, with `/`. */
  sourceFile(id: string): string {
    return this.taken.at(id)?.rel.split(sep).join('/') ?? '';
  }

  /** By what a file is known again. */
  facts(stats: Stats): FileFacts {
    return this.taken.facts(stats);
  }

  isReady(id: string): boolean {
    const object = this.taken.live.get(id);
    if (object === undefined) return false;
    try {
      const stats = this.files.lstatSync(this.taken.path(object));
      if (this.taken.isSame(object, stats)) return true;
      this.cameChanged(object);
    } catch (error) {
      // While the folder itself is gone, nobody knows.
      if (!isMissing(error) || !this.taken.isFolderThere()) return false;
      this.forgetFile(object);
    }
    setImmediate(() => this.listener.onGone(id));
    return false;
  }

  /** It is none of the queue any more. */
  private forgetFile({ id }: FolderObject): void {
    this.taken.live.delete(id);
    this.cleanUp(() => this.parkings.set(id, undefined));
  }

  /** It is not what was taken: it is looked at again, and comes again. */
  private cameChanged(object: FolderObject): void {
    this.forgetFile(object);
    this.taken.store(object).setState(object, 'changed');
    // Those of the index are found where they are.
    if (this.index === undefined) this.taken.changed.set(object.id, object);
  }

  has(id: string): boolean {
    return this.taken.live.has(id);
  }

  read<T>(
    id: string,
    use: (content: ObjectContent) => T,
    _bytes: BlockBuffer | undefined,
    evenIfDamaged: boolean,
  ): T {
    return this.reader.read(id, use, evenIfDamaged);
  }

  pin(id: string): PinnedBytes {
    return this.reader.pin(id);
  }

  setAttempts(id: string, attempts: Attempts): void {
    const object = this.taken.live.get(id);
    if (object === undefined) return;
    object.attempts = attempts;
    this.taken.store(object).setAttempts(object, attempts);
  }

  setParking(id: string, parking: Parking | undefined): void {
    this.parkings.set(id, parking);
  }

  async safe(): Promise<void> {
    await Promise.all([this.main.safe(), this.requeued.safe(), this.parkings.safe()]);
  }

  remove(id: string): void {
    const object = this.taken.live.get(id);
    if (object === undefined) return;
    if (this.markDone(object)) this.putAway(object);
    this.forgetFile(object);
  }

  /** The flow is done with it. False: not with what it is now, or it is gone. */
  private markDone(object: FolderObject): boolean {
    const stats = this.taken.stats(object);
    if (stats === undefined) {
      this.taken.checkFolder();
      // In an index, one that is gone and comes back as it was has been delivered.
      if (this.index !== undefined) this.taken.store(object).setState(object, 'done');
      return false;
    }
    if (this.taken.isSame(object, stats)) {
      this.taken.store(object).setState(object, 'done');
      return true;
    }
    this.cameChanged(object);
    return false;
  }

  removeAgain(): void {
    // What has been renamed is renamed; `safe` is what failed.
  }

  private putAway(object: FolderObject): void {
    const store = this.taken.store(object);
    this.puttingAway.add(() => store.putAway(object));
  }

  keep(id: string): void {
    const object = this.taken.live.get(id);
    if (object === undefined) return;
    if (this.markDone(object)) this.taken.kept.set(id, object);
    this.forgetFile(object);
  }

  discardKept(id: string): void {
    const object = this.taken.kept.get(id);
    this.taken.kept.delete(id);
    if (object !== undefined) this.putAway(object);
  }

  restore(id: string): void {
    const object = this.taken.get(id);
    this.taken.store(object).setState(object, 'live');
    this.taken.kept.delete(id);
    this.taken.live.set(id, object);
  }

  setAside(letter: DeadLetter): Error | undefined {
    const object = this.taken.live.get(letter.id);
    if (object === undefined) throw new ObjectDamaged(`there is no file of the object ${letter.id}`);
    const stats = this.taken.stats(object);
    if (stats === undefined && this.taken.isFolderThere()) {
      this.forgetFile(object);
      throw new ObjectDamaged(`${object.rel} is gone: somebody has deleted or moved it`);
    }
    if (stats !== undefined && !this.taken.isSame(object, stats)) {
      // What was given up is not what is there now.
      this.cameChanged(object);
      return undefined;
    }
    const path = object.rel.split(sep).join('/');
    const failure = this.deadLetters.add(letter, path, (directory) =>
      this.taken.store(object).moveTo(object, directory),
    );
    this.forgetFile(object);
    return failure;
  }

  /** Takes a dead letter into the queue, as an object that has just come. */
  private readmit(file: string, { path }: { path: string }): void {
    const { size } = this.files.lstatSync(file);
    const rel = path.split('/').join(sep);
    const facts = { size, mtimeMs: 0, ino: 0 };
    const object: FolderObject = { id: this.nextId({ size }), rel, facts, attempts: NO_ATTEMPTS };
    const store = this.claims ?? this.requeued;
    store.admit(file, object);
    this.taken.liesIn(store, object.id);
    this.taken.live.set(object.id, object);
    this.listener.onCame(object.id, undefined);
  }

  forget(): void {
    // Nothing is kept of what was read.
  }

  /** Nothing of it has been delivered: it goes back to where it was. */
  giveBack(id: string): void {
    const object = this.taken.live.get(id);
    // A dead letter came from elsewhere.
    if (object === undefined || this.taken.isElsewhere(id)) return;
    this.cleanUp(() => {
      if (this.main.giveBack(object)) this.taken.live.delete(id);
    });
  }

  close(): void {
    this.puttingAway.stop();
    this.main.close();
    this.requeued.close();
    if (this.isOpen) this.presence.leave();
    this.isOpen = false;
    this.taken.clear();
    this.unlock();
  }

  private unlock(): void {
    this.lock?.release();
    this.lock = undefined;
  }
}
