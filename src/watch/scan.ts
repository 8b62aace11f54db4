import { lstatSync, type Stats } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { waitForDisk } from '../basics';
import { CLAIMS } from '../queue';

/** Deeper folders are not looked into. */
const MOST_LEVELS = 32;
/** Others have their turn after this. A look at a file on this thread costs a twentieth of one in the system's thread pool. */
const TURN_MS = 5;
/** Stands for bytes of a name that are no UTF-8. */
const UNDECODED = '\ufffd';
/** Somebody has taken it away, or put something else there. */
const GONE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR']);
/** What says nothing of other files. */
const UNSEEN: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'ELOOP', 'ENAMETOOLONG']);
/** Names that are read at a time. */
const NAMES_AT_ONCE = 256;

export interface ScanOptions {
  /** Its real path. */
  folder: string;
  isRecursive: boolean;
  isWanted: (name: string) => boolean;
}

/** Told of what a scan meets beside files that can be taken. */
export interface ScanListener {
  /** It has been looked into. */
  readonly onDirectory: (path: string) => void;
  /** The name of a file or a directory is not UTF-8, and cannot be called. `rel`: as far as it is. */
  readonly onUnnamed: (rel: string) => void;
  /** It is there, and may not be looked at. */
  readonly onUnseen: (rel: string, error: Error) => void;
  /** A directory below cannot be looked into, or not to its end. */
  readonly onUnread: (rel: string, error: Error) => void;
  /** A directory below is deeper than is looked. */
  readonly onTooDeep: (rel: string, levels: number) => void;
}

/** A regular file of a wanted name. */
export interface ScannedFile {
  /** Its path below the folder, with the system's separators. */
  rel: string;
  stats: Stats;
}

/**
 * The regular files of a folder, and the directories that were looked into. No link is followed; names that begin with a dot are
 * left out: so other programs call what they have not finished.
 * @throws the system's error where the folder itself cannot be read
 */
export async function* scan(
  { folder, isRecursive, isWanted }: ScanOptions,
  { onDirectory, onUnnamed, onUnseen, onUnread, onTooDeep }: ScanListener,
): AsyncGenerator<ScannedFile> {
  const waiting = [{ rel: '', level: 0 }];
  let until = performance.now() + TURN_MS;
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const { rel: parent, level } = next;
    const unread = level === 0 ? undefined : (error: Error) => onUnread(parent, error);
    for await (const name of namesIn(join(folder, parent), unread)) {
      const rel = join(parent, name);
      if (name.startsWith('.') || name === CLAIMS) continue;
      const stats = statsOf(join(folder, rel), (error) => {
        if (isWanted(name)) onUnseen(rel, error);
      });
      if (stats === undefined && name.includes(UNDECODED)) onUnnamed(rel);
      if (performance.now() > until) {
        await new Promise((turn) => setImmediate(turn));
        until = performance.now() + TURN_MS;
      }
      if (stats?.isDirectory() === true && isRecursive) {
        if (level < MOST_LEVELS) waiting.push({ rel, level: level + 1 });
        else onTooDeep(rel, MOST_LEVELS);
      }
      if (stats?.isFile() === true && isWanted(name)) yield { rel, stats };
    }
    onDirectory(join(folder, parent));
  }
}

/** @param unread told why a directory cannot be read, unless it is gone. Undefined: that is thrown */
async function* namesIn(directory: string, unread?: (error: Error) => void): AsyncGenerator<string> {
  try {
    for await (const { name } of await opendir(directory, { bufferSize: NAMES_AT_ONCE })) yield name;
  } catch (error) {
    if (unread === undefined) throw error;
    if (!GONE.has(codeOf(error))) unread(error as Error);
  }
}

/** Undefined: it is gone again, or nobody may look at it, which `unseen` is told. */
function statsOf(path: string, unseen: (error: Error) => void): Stats | undefined {
  try {
    return waitForDisk(() => lstatSync(path, { throwIfNoEntry: false }));
  } catch (error) {
    if (UNSEEN.has(codeOf(error))) unseen(error as Error);
    else if (!GONE.has(codeOf(error))) throw error;
    return undefined;
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';
