import { join } from 'node:path';
import { DIRECTORY_MODE, makeDirectory } from '../../basics';
import { isMissing, type FolderFiles } from './folder-files';

/** Below a watched folder: what those who watch it have claimed, each in a directory of its own that bears its name. */
export const CLAIMS = '.dicom-watch';
/** Behind the name of one that leaves files where they are: nobody else may watch that folder. */
const KEEPER = '.keep';
/** An owner that has not renewed its claims for so long is gone. */
const GONE_MS = 60_000;

/** Others watch the folder, and one of them, or we, want it alone. */
export class FolderShared extends Error {
  override readonly name = 'FolderShared';
  readonly code = 'FOLDER_SHARED';
}

/** When another owner was seen to have renewed its claims. */
interface Seen {
  mtimeMs: number;
  /** Monotonic, as the next one. */
  at: number;
  firstAt: number;
}

/**
 * Who watches a folder, on whatever machine. An owner shows that it lives by the time of its directory, which it sets anew.
 * Clocks of machines differ: so the time is not looked at, but whether it changes while we look.
 */
export class FolderOwners {
  readonly directory: string;
  private readonly seen = new Map<string, Seen>();

  /**
   * @param name of ours, a plain file name; no other owner has it
   * @param isKeeper we leave files where they are
   */
  constructor(
    private readonly folder: string,
    name: string,
    private readonly isKeeper: boolean,
    private readonly files: FolderFiles,
    private readonly now = (): number => performance.now(),
  ) {
    this.directory = join(this.claims, name + (isKeeper ? KEEPER : ''));
  }

  private get claims(): string {
    return join(this.folder, CLAIMS);
  }

  /**
   * Shows that we live. What the folder does not have any more is made again.
   * @throws the system's error: the folder cannot be written to
   */
  renew(): void {
    for (const directory of [this.claims, this.directory]) {
      const found = this.files.lstatSync(directory, { throwIfNoEntry: false });
      if (found !== undefined && !found.isDirectory())
        throw Object.assign(new Error(`${directory} is no directory`), { code: 'FOLDER_UNSAFE' });
    }
    // Others must be able to have theirs beside ours, and not to change what is in ours.
    makeDirectory(this.claims, this.files);
    makeDirectory(this.directory, this.files, DIRECTORY_MODE);
    const now = new Date();
    this.files.utimesSync(this.directory, now, now);
  }

  /**
   * @param forMs others that have been there for less are about to find out that we are
   * @throws FolderShared
   */
  checkAlone(forMs = 0): void {
    const others = this.others().filter(
      ({ isGone, isKeeper, seenForMs }) => !isGone && seenForMs >= forMs && (isKeeper || this.isKeeper),
    );
    if (others.length > 0)
      throw new FolderShared(
        `${this.folder} is watched by ${others.map(({ name }) => name).join(', ')}, too`,
      );
  }

  /** Directories of owners that are gone. */
  gone(): string[] {
    return this.others()
      .filter(({ isGone }) => isGone)
      .map(({ name }) => join(this.claims, name));
  }

  /** We do not watch it any more. What is claimed stays. */
  leave(): void {
    for (const directory of [this.directory, this.claims]) {
      try {
        this.files.rmdirSync(directory);
      } catch (error) {
        const { code = '' } = error as NodeJS.ErrnoException;
        if (!isMissing(error) && !['ENOTEMPTY', 'EEXIST', 'EROFS', 'EACCES', 'EPERM'].includes(code))
          throw error;
      }
    }
  }

  private others(): { name: string; isKeeper: boolean; isGone: boolean; seenForMs: number }[] {
    const names = this.names();
    for (const name of this.seen.keys()) if (!names.includes(name)) this.seen.delete(name);
    return names
      .filter((name) => join(this.claims, name) !== this.directory)
      .flatMap((name) => {
        const stats = this.files.lstatSync(join(this.claims, name), { throwIfNoEntry: false });
        if (stats === undefined || !stats.isDirectory()) return [];
        const isGone = this.isGone(name, stats.mtimeMs);
        const seenForMs = this.now() - (this.seen.get(name)?.firstAt ?? this.now());
        return [{ name, isKeeper: name.endsWith(KEEPER), isGone, seenForMs }];
      });
  }

  private names(): string[] {
    try {
      return this.files.readdirSync(this.claims);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  private isGone(name: string, mtimeMs: number): boolean {
    const before = this.seen.get(name);
    if (before?.mtimeMs === mtimeMs) return this.now() - before.at >= GONE_MS;
    const now = this.now();
    this.seen.set(name, { mtimeMs, at: now, firstAt: before?.firstAt ?? now });
    return false;
  }
}
