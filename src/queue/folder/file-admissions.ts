import { sep } from 'node:path';
import { NO_ATTEMPTS } from '../attempts';
import type { StorageListener } from '../object-storage';
import type { ClaimFolder } from './claim-folder';
import type { FileIndex } from './file-index';
import type { FileStore, FolderObject } from './file-store';
import { isSameFile, type FileFacts, type FolderFiles } from './folder-files';
import type { ChangedFile, FolderFile, KnownFile } from './folder-options';
import type { TakenFiles } from './taken-files';

export interface FileAdmissionsOptions {
  /** Undefined: files are taken out of the folder. */
  index: FileIndex | undefined;
  /** Where files lie that come once more. */
  again: ClaimFolder;
  files: Pick<FolderFiles, 'lstatSync'>;
  nextId: (facts: { size: number }) => string;
  /** Objects of a place that nobody knows of yet. */
  find: (store: FileStore) => FolderObject[];
  listener: Pick<StorageListener, 'onCame' | 'onFoundLater'>;
}

/** How files become objects of the queue: those that a scan has found, those that were changed, and dead letters. */
export class FileAdmissions {
  constructor(
    private readonly taken: TakenFiles,
    private readonly options: FileAdmissionsOptions,
  ) {}

  /** What is known of a file that a scan has found. */
  knows(rel: string, facts: FileFacts): KnownFile {
    const { index } = this.options;
    if (index === undefined) return 'new';
    const known = index.at(rel);
    if (known === undefined) return index.isFull(rel) ? 'no-room' : 'new';
    if (!isSameFile(known.facts, facts)) return 'again';
    // It was gone for a while.
    return known.state === 'live' && !this.taken.live.has(known.id) ? 'again' : 'taken';
  }

  /** As `FileIndex.makeRoom`. */
  makeRoom(): void {
    this.options.index?.makeRoom();
  }

  /** As `FileIndex.beginScan`. */
  beginScan(): void {
    this.options.index?.beginScan();
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
    const { listener, nextId } = this.options;
    const object: FolderObject = { id: nextId({ size: facts.size }), rel, facts, attempts: NO_ATTEMPTS };
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
    if (isAgain) listener.onFoundLater([object]);
    else listener.onCame(object.id, study);
    return object.id;
  }

  /** Resolves with true once it is the queue's, and safe. */
  private async take(object: FolderObject): Promise<boolean> {
    const steps = this.taken.main.take(object);
    for (;;) {
      const { done, value } = steps.next();
      if (done === true && !value) return false;
      if (done === true) break;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await this.taken.main.safe();
    return true;
  }

  /** Files that were changed after they had been taken: to be looked at as those of the folder. */
  changedFiles(): ChangedFile[] {
    return [...this.taken.changed.values()].flatMap((object) => {
      const path = this.taken.path(object);
      const stats = this.options.files.lstatSync(path, { throwIfNoEntry: false });
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
    const { again, listener, nextId, find } = this.options;
    const attempts = { ...before.attempts, isOpen: false };
    const object: FolderObject = { id: nextId({ size: facts.size }), rel: before.rel, facts, attempts };
    const from = again.path(before).slice(0, -before.rel.length - 1);
    this.taken.changed.delete(id);
    again.takeOver(from, { ...object, state: 'live' });
    again.forget(id);
    listener.onFoundLater(find(again));
  }

  /** Takes a dead letter into the queue, as an object that has just come. */
  readmit(file: string, { path }: { path: string }): void {
    const { again, files, listener, nextId } = this.options;
    const { size } = files.lstatSync(file);
    const rel = path.split('/').join(sep);
    const facts = { size, mtimeMs: 0, ino: 0 };
    const object: FolderObject = { id: nextId({ size }), rel, facts, attempts: NO_ATTEMPTS };
    again.admit(file, object);
    this.taken.liesIn(again, object.id);
    this.taken.live.set(object.id, object);
    listener.onCame(object.id, undefined);
  }
}
