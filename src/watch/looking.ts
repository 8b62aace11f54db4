import type { Stats } from 'node:fs';
import type { FolderFile } from '../queue';
import type { FolderEvents } from './folder-events';
import type { Inspection } from './inspection';
import { scan, type ScanListener } from './scan';
import type { WatchParts } from './watch-parts';

/** Between two looks at a folder of which the system tells. */
const LOOK_MS = 60_000;

/** What a look at the folder has found. */
export interface Look {
  /** Files that are to be taken, in no order. */
  complete: FolderFile[];
  /** In how many milliseconds there may be something to take. */
  nextMs: number;
}

/** Looks through the folder: which files are there, and for how long each has been as it is. */
export class Looking {
  constructor(
    private readonly watch: WatchParts,
    private readonly isWanted: (name: string) => boolean,
    private readonly events: FolderEvents,
    private readonly inspection: Inspection,
  ) {}

  /** Once. Undefined: it has been stopped meanwhile. @throws the system's error */
  async look(): Promise<Look | undefined> {
    const { settings, folder, queue, candidates, limits } = this.watch;
    const stableMs = settings.stableSeconds * 1_000;
    const directories = new Set<string>();
    const complete: FolderFile[] = [];
    let nextMs = Infinity;
    let noRoom = 0;
    const consider = (key: string, file: FolderFile): boolean => {
      const still = candidates.see(key, file.facts);
      const verdict = candidates.verdict(key);
      const wanted = verdict === 'incomplete' ? Math.max(stableMs, limits.incompleteMs) : stableMs;
      if (verdict !== 'foreign' && still < wanted) nextMs = Math.min(nextMs, wanted - still);
      return verdict !== 'foreign' && still >= wanted;
    };
    candidates.beginScan();
    queue.beginScan();
    const options = { folder, isRecursive: settings.recursive, isWanted: this.isWanted };
    let isWhole = true;
    const met = this.met(directories, () => (isWhole = false));
    for await (const { rel, stats } of scan(options, met)) {
      if (this.watch.isStopped()) return undefined;
      const file = this.fileOf(rel, stats);
      const known = queue.knows(file);
      const hasRoom = known !== 'no-room' && !candidates.isFull(rel);
      if (!hasRoom) noRoom += 1;
      if (known === 'taken' || !hasRoom) continue;
      if (consider(rel, file)) complete.push(file);
    }
    for (const file of queue.changedFiles())
      if (consider(file.path, file) && (await this.inspection.studyOf(file.path, file)) !== undefined)
        queue.admitChanged(file);
    if (candidates.endScan()) this.watch.tell();
    if (noRoom > 0) this.noRoom(noRoom, isWhole);
    return { complete, nextMs: Math.min(nextMs, this.follow(directories, stableMs)) };
  }

  /** What is told of what a scan meets beside files. @param unread a part has not been seen */
  private met(directories: Set<string>, unread: () => void): ScanListener {
    const { faults } = this.watch;
    return {
      onDirectory: (path) => void directories.add(path),
      onUnnamed: (rel) => this.unnamed(rel),
      onUnseen: (rel, error) => this.inspection.notTaken(error, rel),
      onUnread: (directory, { message: reason }) => {
        unread();
        faults.addOnce('unread', 'subfolderUnusable', { directory, reason });
      },
      onTooDeep: (directory, levels) => {
        const reason = `more than ${levels} directories deep`;
        faults.addOnce('tooDeep', 'subfolderUnusable', { directory, reason });
      },
    };
  }

  private fileOf(rel: string, stats: Stats): FolderFile {
    return { rel, facts: this.watch.queue.factsOf(stats) };
  }

  /** It stays where it is: nobody can open it by what the system tells of its name. */
  private unnamed(file: string): void {
    this.watch.faults.addOnce('unnamed', 'notTaken', { file, reason: 'its name is not UTF-8; rename it' });
  }

  /** @param isWhole the scan has seen all files: what it has not found is gone */
  private noRoom(files: number, isWhole: boolean): void {
    if (isWhole) this.watch.queue.makeRoom();
    this.watch.faults.addOnce('tooManyFiles', 'tooManyFiles', { files });
  }

  /** Follows directories from now on. Returns in how many milliseconds to look again, though the system tells of nothing. */
  private follow(directories: ReadonlySet<string>, stableMs: number): number {
    const { events } = this;
    const wasReliable = events.isReliable;
    if (!this.watch.queue.isShared) events.follow(directories);
    const pause = events.isReliable ? LOOK_MS : this.watch.limits.pollMs;
    // What came between the scan and the following is found by a second look.
    return !wasReliable && events.isReliable ? Math.min(pause, stableMs) : pause;
  }
}
