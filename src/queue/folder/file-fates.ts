import { sep } from 'node:path';
import type { DeadLetter } from '../../admin-api';
import { ObjectDamaged } from '../object-damaged';
import type { StorageListener } from '../object-storage';
import type { ErrorFolder } from './error-folder';
import type { FolderObject } from './file-store';
import { isMissing, type FolderFiles } from './folder-files';
import type { Parkings } from './parkings';
import type { PuttingAway } from './putting-away';
import type { TakenFiles } from './taken-files';

export interface FileFatesOptions {
  /** The files stay in the folder, and an index says which of them have been taken. */
  hasIndex: boolean;
  parkings: Parkings;
  puttingAway: PuttingAway;
  deadLetters: ErrorFolder;
  files: Pick<FolderFiles, 'lstatSync'>;
  /** Runs what may fail. */
  cleanUp: (operation: () => void) => void;
  listener: Pick<StorageListener, 'onGone'>;
}

/**
 * What becomes of files that have been taken, as `ObjectStorage` names it: the flow is done with one, or it is set aside. Before that,
 * it is looked at once more: somebody may have deleted or changed it, for it is a file of others.
 */
export class FileFates {
  constructor(
    private readonly taken: TakenFiles,
    private readonly options: FileFatesOptions,
  ) {}

  isReady(id: string): boolean {
    const object = this.taken.live.get(id);
    if (object === undefined) return false;
    try {
      const stats = this.options.files.lstatSync(this.taken.path(object));
      if (this.taken.isSame(object, stats)) return true;
      this.cameChanged(object);
    } catch (error) {
      // While the folder itself is gone, nobody knows.
      if (!isMissing(error) || !this.taken.isFolderThere()) return false;
      this.forgetFile(object);
    }
    setImmediate(() => this.options.listener.onGone(id));
    return false;
  }

  /** It is none of the queue any more. */
  private forgetFile({ id }: FolderObject): void {
    this.taken.live.delete(id);
    this.options.cleanUp(() => this.options.parkings.set(id, undefined));
  }

  /** It is not what was taken: it is looked at again, and comes again. */
  private cameChanged(object: FolderObject): void {
    this.forgetFile(object);
    this.taken.store(object).setState(object, 'changed');
    // Those of the index are found where they are.
    if (!this.options.hasIndex) this.taken.changed.set(object.id, object);
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
      if (this.options.hasIndex) this.taken.store(object).setState(object, 'done');
      return false;
    }
    if (this.taken.isSame(object, stats)) {
      this.taken.store(object).setState(object, 'done');
      return true;
    }
    this.cameChanged(object);
    return false;
  }

  /** The flow is done with it, and it is not to be opened any more. */
  putAway(object: FolderObject): void {
    const store = this.taken.store(object);
    this.options.puttingAway.add(() => store.putAway(object));
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
    const failure = this.options.deadLetters.add(letter, path, (directory) =>
      this.taken.store(object).moveTo(object, directory),
    );
    this.forgetFile(object);
    return failure;
  }
}
