import { watch, type FSWatcher } from 'node:fs';

/** Each takes a handle of the system; where there are more, it is only looked at once in a while. */
const MOST_WATCHED = 512;

/** Tells that something has happened in a directory, where the system says so. */
export class FolderEvents {
  private readonly watchers = new Map<string, FSWatcher>();
  private isWhole = false;

  constructor(private readonly onEvent: () => void) {}

  /** The system tells of all that happens. */
  get isReliable(): boolean {
    return this.isWhole;
  }

  /** These are the directories, and no others. */
  follow(directories: ReadonlySet<string>): void {
    for (const [directory, watcher] of this.watchers) {
      if (directories.has(directory)) continue;
      watcher.close();
      this.watchers.delete(directory);
    }
    this.isWhole = true;
    for (const directory of directories) {
      if (this.watchers.has(directory)) continue;
      if (this.watchers.size >= MOST_WATCHED || !this.begin(directory)) this.isWhole = false;
    }
  }

  close(): void {
    for (const watcher of this.watchers.values()) watcher.close();
    this.watchers.clear();
    this.isWhole = false;
  }

  /** False: the system cannot, or has no more handles. */
  private begin(directory: string): boolean {
    try {
      const watcher = watch(directory, { persistent: false }, () => this.onEvent());
      watcher.on('error', () => this.lost(directory));
      this.watchers.set(directory, watcher);
      return true;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return false;
    }
  }

  private lost(directory: string): void {
    this.watchers.get(directory)?.close();
    this.watchers.delete(directory);
    this.isWhole = false;
  }
}
