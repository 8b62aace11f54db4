import type { Stats } from 'node:fs';
import { basename, join, sep } from 'node:path';
import {
  checkSyncing,
  DIRECTORY_MODE,
  type DirectoryLock,
  leftoversTo,
  makeDurableDirectory,
  once,
  type OnWarning,
  sharedFileSystem,
} from '../../basics';
import { NO_ATTEMPTS, type Attempts } from '../attempts';
import type { BlockBuffer } from '../block-buffer';
import type { DeadLetter } from '../dead-letters';
import type { PinnedBytes } from '../object-handle';
import { endOfRun, objectIds, sizeInId } from '../object-id';
import { ObjectDamaged } from '../object-damaged';
import type { FoundObject } from '../object-place';
import { QueueRefusal, type ObjectContent } from '../object-queue';
import type { ObjectPart, ObjectStorage, StorageListener } from '../object-storage';
import type { Parking } from '../parking';
import { pinnedRange } from '../pinned-range';
import { FreeSpace } from '../free-space';
import { refusing } from '../refusal';
import { ClaimFolder, parseName } from './claim-folder';
import { ErrorFolder } from './error-folder';
import { FileIndex } from './file-index';
import type { FileStore, FolderObject } from './file-store';
import {
  factsOf,
  fileChanged,
  isMissing,
  isSameFile,
  saysBirthTimes,
  type FactsRule,
  openRegular,
  type FileFacts,
  type FolderFiles,
} from './folder-files';
import { FolderOwners } from './folder-owners';
import { removeEmpty } from './move-file';
import { Parkings } from './parkings';
import { PuttingAway } from './putting-away';

/** What becomes of a file that the flow is done with. */
export type After = 'keep' | 'move' | 'delete';

export interface FolderStorageOptions {
  /** The watched folder. */
  folder: string;
  /** Of this queue alone, on a disk of this machine. */
  directory: string;
  /** Names this queue among all that may watch the folder: a plain file name. */
  owner: string;
  after: After;
  /** Where `after` is `move`. */
  moveTo: string;
  /** Empty: below `directory`. */
  errorDirectory: string;
  /** Bytes that must stay free on the disk of `directory`; below, no file is taken. */
  minFreeBytes: number;
  onWarning?: OnWarning;
  /** Files cannot be put away; they are tried again. */
  onNotPutAway(error: Error): void;
}

/** What is known of a file of the folder: that it is to be taken, perhaps as one that came before, or not, or not now. */
export type KnownFile = 'new' | 'again' | 'taken' | 'no-room';

/** A file of the folder, as a scan has found it. */
export interface FolderFile {
  /** Its path below the folder, with the system's separators. */
  rel: string;
  facts: FileFacts;
}

/** A file that was changed after it had been taken. */
export interface ChangedFile extends FolderFile {
  id: string;
  path: string;
}

/** Within this, one that begins has found out that we are here, and gives way. */
const OTHERS_LOOK_MS = 20_000;

const REQUEUED = 'requeued';
const PARKED = 'parked';
const DEAD_LETTERS = 'dead-letter';

/** Keeps the objects of a queue as files of a folder into which others put them. */
export class FolderStorage implements ObjectStorage {
  newestFound = '';
  readonly deadLetters: ErrorFolder;
  /** Undefined: files are taken out of the folder. */
  readonly index: FileIndex | undefined;
  private readonly objects = new Map<string, FolderObject>();
  private readonly keptObjects = new Map<string, FolderObject>();
  private readonly changed = new Map<string, FolderObject>();
  /** Where objects lie that do not lie in `main`. */
  private readonly elsewhere = new Map<string, FileStore>();
  private readonly main: FileStore;
  private readonly claims: ClaimFolder | undefined;
  private readonly requeued: ClaimFolder;
  private readonly parkings: Parkings;
  private readonly owners: FolderOwners;
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
    this.owners = new FolderOwners(folder, owner, after === 'keep', files);
    const putAway = { moveTo: after === 'move' ? moveTo : undefined };
    if (after === 'keep') this.index = new FileIndex(folder, directory, this.rule, files);
    else this.claims = new ClaimFolder(folder, this.owners.directory, putAway, this.rule, files);
    this.main = this.index ?? (this.claims as ClaimFolder);
    this.requeued = new ClaimFolder(
      join(directory, REQUEUED),
      join(directory, REQUEUED),
      putAway,
      this.rule,
      files,
    );
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
      if (!this.files.statSync(folder).isDirectory())
        throw Object.assign(new Error(`${folder} is no directory`), { code: 'ENOTDIR' });
      // Others than those of this machine give a file another number after each mount, or each time.
      this.rule.hasInodes = !this.isShared;
      checkSyncing(join(directory, 'sync.part'), this.files, onWarning);
      this.rule.hasBirthTimes = saysBirthTimes([folder, directory, process.execPath], this.files);
      this.presence();
      return await this.openLocked();
    } catch (error) {
      this.unlock();
      throw error;
    }
  }

  private async openLocked(): Promise<FoundObject[]> {
    this.clear();
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
    this.parkings.keepOnly((id) => this.objects.has(id));
    return found
      .map(({ id, attempts }) => {
        const parking = parkings.get(id);
        return { id, attempts, ...(parking && { parking }) };
      })
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** The folder is on a file system that other machines may use. */
  get isShared(): boolean {
    return sharedFileSystem(this.files.realpathSync(this.options.folder), this.files) !== undefined;
  }

  private async letterIds(): Promise<string[]> {
    return (await this.deadLetters.list({ limit: 1_000 })).map(({ id }) => id);
  }

  /** Objects of a place that this run does not know of. */
  private find(store: FileStore): FolderObject[] {
    const isKnown = (id: string): boolean =>
      this.objects.has(id) || this.keptObjects.has(id) || this.changed.has(id);
    const live: FolderObject[] = [];
    for (const object of store.found(isKnown)) {
      if (store !== this.main) this.elsewhere.set(object.id, store);
      // It was written to after it had been taken, and while nobody looked.
      const isOther = sizeInId(object.id) !== object.facts.size && store !== this.index;
      if (object.state === 'done') this.putAway(object);
      else if (object.state === 'changed' || isOther) this.changed.set(object.id, object);
      else {
        this.objects.set(object.id, object);
        live.push(object);
      }
    }
    return live;
  }

  /**
   * Shows others that the folder is watched, and takes over what they have left that are gone. To be called once in a while.
   * @throws the system's error; FolderShared
   */
  refresh(): void {
    const { folder } = this.options;
    if (!this.files.statSync(folder).isDirectory())
      throw Object.assign(new Error(`${folder} is no directory`), { code: 'ENOTDIR' });
    this.presence();
    if (this.claims !== undefined) this.takeOver(this.claims);
    const found = this.find(this.main);
    if (found.length > 0) this.listener.onFoundLater(found);
  }

  private presence(): void {
    if (this.isOpen) {
      this.renew();
      this.owners.checkAlone(OTHERS_LOOK_MS);
      return;
    }
    this.owners.checkAlone();
    this.renew();
    try {
      // Somebody may have begun at the same moment: then neither does.
      this.owners.checkAlone();
    } catch (error) {
      this.cleanUp(() => this.owners.leave());
      throw error;
    }
  }

  private renew(): void {
    try {
      this.owners.renew();
    } catch (error) {
      // What is only read may be where nobody may write: then nobody else can be kept out.
      const { code = '' } = error as NodeJS.ErrnoException;
      if (this.index === undefined || !['EROFS', 'EACCES', 'EPERM'].includes(code)) throw error;
    }
  }

  private takeOver(claims: ClaimFolder): void {
    // It may be that of another user, whose node alone can read it.
    for (const directory of this.owners.gone())
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
    return known.state === 'live' && !this.objects.has(known.id) ? 'again' : 'taken';
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
    this.objects.set(object.id, object);
    try {
      if (!(await this.take(object))) {
        this.objects.delete(object.id);
        return undefined;
      }
    } catch (error) {
      this.objects.delete(object.id);
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
    return [...this.changed.values()].flatMap((object) => {
      const path = this.path(object);
      const stats = this.files.lstatSync(path, { throwIfNoEntry: false });
      if (stats === undefined) this.changed.delete(object.id);
      return stats === undefined ? [] : [{ id: object.id, rel: object.rel, path, facts: this.facts(stats) }];
    });
  }

  /** Such a file is complete: it is another object. */
  admitChanged({ id, facts }: ChangedFile): void {
    const before = this.changed.get(id);
    if (before === undefined) return;
    const claims = this.claims ?? this.requeued;
    const attempts = { ...before.attempts, isOpen: false };
    const object: FolderObject = { id: this.nextId({ size: facts.size }), rel: before.rel, facts, attempts };
    const from = claims.path(before).slice(0, -before.rel.length - 1);
    this.changed.delete(id);
    claims.takeOver(from, { ...object, state: 'live' });
    claims.forget(id);
    this.listener.onFoundLater(this.find(claims));
  }

  private store({ id }: FolderObject): FileStore {
    return this.elsewhere.get(id) ?? this.main;
  }

  private path(object: FolderObject): string {
    return this.store(object).path(object);
  }

  /** By what a file is known again. */
  facts(stats: Stats): FileFacts {
    return factsOf(stats, this.rule);
  }

  /** Its path below the folder, with `/`. */
  sourceFile(id: string): string {
    const object = this.objects.get(id) ?? this.keptObjects.get(id);
    return object?.rel.split(sep).join('/') ?? '';
  }

  isReady(id: string): boolean {
    const object = this.objects.get(id);
    if (object === undefined) return false;
    try {
      const stats = this.files.lstatSync(this.path(object));
      if (isSameFile(this.facts(stats), object.facts)) return true;
      this.cameChanged(object);
    } catch (error) {
      // While the folder itself is gone, nobody knows.
      if (!isMissing(error) || !this.isFolderThere()) return false;
      this.drop(object);
    }
    setImmediate(() => this.listener.onLeft(id));
    return false;
  }

  private isFolderThere(): boolean {
    return this.files.statSync(this.options.folder, { throwIfNoEntry: false }) !== undefined;
  }

  /** @throws the system's error: the folder is gone, perhaps with all that is in it, and perhaps for a moment */
  private checkFolder(): void {
    this.files.statSync(this.options.folder);
  }

  /** It is none of the queue any more. */
  private drop({ id }: FolderObject): void {
    this.objects.delete(id);
    this.cleanUp(() => this.parkings.set(id, undefined));
  }

  /** It is not what was taken: it is looked at again, and comes again. */
  private cameChanged(object: FolderObject): void {
    this.drop(object);
    this.store(object).setState(object, 'changed');
    // Those of the index are found where they are.
    if (this.index === undefined) this.changed.set(object.id, object);
  }

  has(id: string): boolean {
    return this.objects.has(id);
  }

  read<T>(
    id: string,
    use: (content: ObjectContent) => T,
    _bytes: BlockBuffer | undefined,
    evenIfDamaged: boolean,
  ): T {
    const object = this.known(id);
    const path = this.path(object);
    const fd = this.openObject(path);
    try {
      const stats = this.files.fstatSync(fd);
      if (!evenIfDamaged && !isSameFile(this.facts(stats), object.facts)) throw fileChanged(path);
      return use({ kind: 'file', fd, size: stats.size, path, since: stats.mtimeMs });
    } finally {
      this.files.closeSync(fd);
    }
  }

  pin(id: string): PinnedBytes {
    const object = this.known(id);
    const path = this.path(object);
    const fd = this.openObject(path);
    const check = (): void => {
      if (isSameFile(this.facts(this.files.fstatSync(fd)), object.facts)) return;
      throw new ObjectDamaged(`${basename(object.rel)} has been changed since it was taken from the folder`);
    };
    try {
      check();
    } catch (error) {
      this.files.closeSync(fd);
      throw error;
    }
    const pinned = pinnedRange(fd, 0, object.facts.size, this.files);
    return {
      ...pinned,
      read: async (offset, length) => {
        const bytes = await pinned.read(offset, length);
        check();
        return bytes;
      },
    };
  }

  private known(id: string): FolderObject {
    const object = this.objects.get(id) ?? this.keptObjects.get(id);
    if (object === undefined) throw new ObjectDamaged(`there is no file of the object ${id}`);
    return object;
  }

  private openObject(path: string): number {
    try {
      return openRegular(path, this.files);
    } catch (error) {
      // Where the folder is gone, its files may be back with it.
      if (!isMissing(error) || !this.isFolderThere()) throw error;
      throw new ObjectDamaged(`${path} is gone: somebody has deleted or moved it`);
    }
  }

  setAttempts(id: string, attempts: Attempts): void {
    const object = this.objects.get(id);
    if (object === undefined) return;
    object.attempts = attempts;
    this.store(object).setAttempts(object, attempts);
  }

  setParking(id: string, parking: Parking | undefined): void {
    this.parkings.set(id, parking);
  }

  async safe(): Promise<void> {
    await Promise.all([this.main.safe(), this.requeued.safe(), this.parkings.safe()]);
  }

  remove(id: string): void {
    const object = this.objects.get(id);
    if (object === undefined) return;
    if (this.finish(object)) this.putAway(object);
    this.drop(object);
  }

  /** The flow is done with it. False: not with what it is now, or it is gone. */
  private finish(object: FolderObject): boolean {
    const stats = this.files.lstatSync(this.path(object), { throwIfNoEntry: false });
    if (stats === undefined) {
      this.checkFolder();
      // In an index, one that is gone and comes back as it was has been delivered.
      if (this.index !== undefined) this.store(object).setState(object, 'done');
      return false;
    }
    if (isSameFile(this.facts(stats), object.facts)) {
      this.store(object).setState(object, 'done');
      return true;
    }
    this.cameChanged(object);
    return false;
  }

  removeAgain(): void {
    // What has been renamed is renamed; `safe` is what failed.
  }

  private putAway(object: FolderObject): void {
    const store = this.store(object);
    this.puttingAway.add(() => store.putAway(object));
  }

  keep(id: string): void {
    const object = this.objects.get(id);
    if (object === undefined) return;
    if (this.finish(object)) this.keptObjects.set(id, object);
    this.drop(object);
  }

  discardKept(id: string): void {
    const object = this.keptObjects.get(id);
    this.keptObjects.delete(id);
    if (object !== undefined) this.putAway(object);
  }

  restore(id: string): void {
    const object = this.known(id);
    this.store(object).setState(object, 'live');
    this.keptObjects.delete(id);
    this.objects.set(id, object);
  }

  bury(letter: DeadLetter): Error | undefined {
    const object = this.objects.get(letter.id);
    if (object === undefined) throw new ObjectDamaged(`there is no file of the object ${letter.id}`);
    const stats = this.files.lstatSync(this.path(object), { throwIfNoEntry: false });
    if (stats === undefined && this.isFolderThere()) {
      this.drop(object);
      throw new ObjectDamaged(`${object.rel} is gone: somebody has deleted or moved it`);
    }
    if (stats !== undefined && !isSameFile(this.facts(stats), object.facts)) {
      // What was given up is not what is there now.
      this.cameChanged(object);
      return undefined;
    }
    const path = object.rel.split(sep).join('/');
    const failure = this.deadLetters.add(letter, path, (directory) =>
      this.store(object).moveTo(object, directory),
    );
    this.drop(object);
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
    if (store !== this.main) this.elsewhere.set(object.id, store);
    this.objects.set(object.id, object);
    this.listener.onCame(object.id, undefined);
  }

  forget(): void {
    // Nothing is kept of what was read.
  }

  /** Nothing of it has been delivered: it goes back to where it was. */
  giveBack(id: string): void {
    const object = this.objects.get(id);
    // A dead letter came from elsewhere.
    if (object === undefined || this.elsewhere.has(id)) return;
    this.cleanUp(() => {
      if (this.main.giveBack(object)) this.objects.delete(id);
    });
  }

  close(): void {
    this.puttingAway.stop();
    this.main.close();
    this.requeued.close();
    if (this.isOpen) this.cleanUp(() => this.owners.leave());
    this.isOpen = false;
    this.clear();
    this.unlock();
  }

  private clear(): void {
    this.objects.clear();
    this.keptObjects.clear();
    this.changed.clear();
    this.elsewhere.clear();
  }

  private unlock(): void {
    this.lock?.release();
    this.lock = undefined;
  }
}
