import type { Stats } from 'node:fs';
import { KEEP_NOTHING } from '../kept-delivered';
import { LocalQueue, type LocalQueueOptions } from '../local-queue';
import { realFolderFiles, type FileFacts, type FolderFiles } from './folder-files';
import type { ChangedFile, FolderFile, FolderStorageOptions, KnownFile } from './folder-options';
import { FolderStorage } from './folder-storage';

export type FolderQueueOptions = FolderStorageOptions &
  Pick<LocalQueueOptions, 'maxObjects' | 'onLeftover' | 'studyOf'> &
  Partial<LocalQueueOptions>;

/**
 * A queue of files that others put into a folder. It takes those that it is told of; what they are, and whether they are
 * complete, is the business of whoever tells.
 */
export class FolderQueue extends LocalQueue {
  private readonly folderStorage: FolderStorage;

  constructor(options: FolderQueueOptions, files: FolderFiles = realFolderFiles) {
    let storage!: FolderStorage;
    super(
      { ...KEEP_NOTHING, ...options },
      (listener) => (storage = new FolderStorage(options, files, listener)),
    );
    this.folderStorage = storage;
  }

  /** As `FolderStorage.refresh`. */
  refresh(): void {
    this.folderStorage.refresh();
  }

  /** The folder is on a file system that other machines may use. */
  get isShared(): boolean {
    return this.folderStorage.isShared;
  }

  /** Objects that wait or are in flight, those that nodes hold not among them. */
  get ahead(): number {
    return this.size - this.heldCount;
  }

  /** By what the folder's file system lets us know a file again. */
  factsOf(stats: Stats): FileFacts {
    return this.folderStorage.facts(stats);
  }

  /** As `FolderStorage.sourceFile`. */
  sourceFile(id: string): string {
    return this.folderStorage.sourceFile(id);
  }

  /** Whether a file that a scan has found is one to take. */
  knows({ rel, facts }: FolderFile): KnownFile {
    return this.folderStorage.admissions.knows(rel, facts);
  }

  /** As `FileAdmissions.makeRoom`. */
  makeRoom(): void {
    this.folderStorage.admissions.makeRoom();
  }

  /** The folder is looked through: `knows` is asked of each file. */
  beginScan(): void {
    this.folderStorage.admissions.beginScan();
  }

  /** @throws QueueRefusal when there is no room on the disk */
  checkRoom(): void {
    this.folderStorage.checkRoom();
  }

  /** As `FileAdmissions.admit`. Undefined, too, for one that has been taken since it was found: two looks may find the same. */
  async admit(file: FolderFile, study?: string): Promise<string | undefined> {
    const known = this.knows(file);
    if (known === 'taken' || known === 'no-room') return undefined;
    return this.folderStorage.admissions.admit(file, study, known === 'again');
  }

  /** As `FileAdmissions.changedFiles`. */
  changedFiles(): ChangedFile[] {
    return this.folderStorage.admissions.changedFiles();
  }

  /** As `FileAdmissions.admitChanged`. */
  admitChanged(file: ChangedFile): void {
    this.folderStorage.admissions.admitChanged(file);
  }

  override close(): void {
    for (const id of this.untouched()) this.folderStorage.giveBack(id);
    super.close();
  }
}
