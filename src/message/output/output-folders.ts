import { dirname } from 'node:path';
import { makeDirectory, makeDurableDirectory, syncDirectoryNow, type OnWarning } from '../../basics';
import type { OutputFiles } from './output-files';

/** Folders that are known to be durable, at most; then they are found out again. */
const MOST_KNOWN = 10_000;

/** The folders of an output directory, and whether their names are on the disk. */
export class OutputFolders {
  private readonly durable = new Set<string>();

  constructor(
    private readonly root: string,
    private readonly isSynced: boolean,
    private readonly files: OutputFiles,
    private readonly onWarning: OnWarning,
  ) {}

  /** Creates a folder, and makes its name durable, and those of the folders above it. @throws the system's error */
  make(folder: string): void {
    if (!this.isSynced) {
      makeDirectory(folder, this.files);
      return;
    }
    // One that is known may have been deleted.
    if (this.durable.has(folder) && makeDirectory(folder, this.files) === undefined) return;
    makeDurableDirectory(folder, this.files, {
      top: this.root,
      onWarning: (warning) => this.cannotSync(warning.values.reason),
    });
    if (this.durable.size >= MOST_KNOWN) this.durable.clear();
    this.durable.add(folder);
  }

  /** Makes the name of a file durable. @throws the system's error */
  sync(path: string): void {
    if (!this.isSynced) return;
    try {
      syncDirectoryNow(dirname(path), this.files, (warning) => this.cannotSync(warning.values.reason));
    } catch (error) {
      // A folder into which one may put files without looking at them.
      if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
      this.cannotSync((error as Error).message);
    }
  }

  private cannotSync(reason: string = ''): void {
    this.onWarning({ kind: 'directoryNotSynced', values: { directory: this.root, reason } });
  }
}
