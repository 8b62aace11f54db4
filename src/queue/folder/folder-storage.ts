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
import type { Attempts } from '../attempts';
import type { BlockBuffer } from '../block-buffer';
import type { PinnedBytes } from '../object-handle';
import { endOfRun, objectIds, sizeInId } from '../object-id';
import type { FoundObject } from '../object-place';
import { QueueRefusal, type ObjectContent } from '../object-queue';
import type { ObjectPart, ObjectStorage, StorageListener } from '../object-storage';
import type { Parking } from '../parking';
import { FreeSpace } from '../free-space';
import { refusing } from '../refusal';
import { ClaimFolder, parseName } from './claim-folder';
import { ErrorFolder } from './error-folder';
import { FileAdmissions } from './file-admissions';
import { FileFates } from './file-fates';
import { FileIndex } from './file-index';
import type { FileStore, FolderObject } from './file-store';
import { saysBirthTimes, type FactsRule, type FileFacts, type FolderFiles } from './folder-files';
import type { FolderStorageOptions } from './folder-options';
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
  /** Takes what a scan has found. */
  readonly admissions: FileAdmissions;
  private readonly taken: TakenFiles;
  private readonly fates: FileFates;
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
    this.deadLetters = new ErrorFolder(letters, owner, files, (file, letter) =>
      this.admissions.readmit(file, letter),
    );
    const { taken, index, parkings, puttingAway, deadLetters, cleanUp } = this;
    this.admissions = new FileAdmissions(taken, {
      ...{ index, files, listener },
      again: this.claims ?? this.requeued,
      nextId: (facts) => this.nextId(facts),
      find: (store) => this.find(store),
    });
    const hasIndex = index !== undefined;
    const fate = { hasIndex, parkings, puttingAway, deadLetters, files, cleanUp, listener };
    this.fates = new FileFates(taken, fate);
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
    for (const object of done) this.fates.putAway(object);
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

  /** Its path below the folder, with `/`. */
  sourceFile(id: string): string {
    return this.taken.at(id)?.rel.split(sep).join('/') ?? '';
  }

  /** By what a file is known again. */
  facts(stats: Stats): FileFacts {
    return this.taken.facts(stats);
  }

  isReady(id: string): boolean {
    return this.fates.isReady(id);
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
    this.fates.remove(id);
  }

  removeAgain(): void {
    // What has been renamed is renamed; `safe` is what failed.
  }

  keep(id: string): void {
    this.fates.keep(id);
  }

  discardKept(id: string): void {
    this.fates.discardKept(id);
  }

  restore(id: string): void {
    this.fates.restore(id);
  }

  setAside(letter: DeadLetter): Error | undefined {
    return this.fates.setAside(letter);
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
