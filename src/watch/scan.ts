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
/** Names that are read at a time. */
const NAMES_AT_ONCE = 256;

export interface ScanOptions {
  /** Its real path. */
  folder: string;
  isRecursive: boolean;
  isWanted: (name: string) => boolean;
}

/** Told of what a scan meets beside files. */
export interface ScanListener {
  /** It has been looked into. */
  readonly onDirectory: (path: string) => void;
  /** The name of a file or a directory is not UTF-8, and cannot be called. `rel`: as far as it is. */
  readonly onUnnamed: (rel: string) => void;
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
 * @throws the system's error where the folder cannot be read; a directory below that cannot is left out
 */
export async function* scan(
  { folder, isRecursive, isWanted }: ScanOptions,
  { onDirectory, onUnnamed }: ScanListener,
): AsyncGenerator<ScannedFile> {
  const waiting = [{ rel: '', level: 0 }];
  let until = performance.now() + TURN_MS;
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const { rel: parent, level } = next;
    for await (const name of namesIn(join(folder, parent), level > 0)) {
      const rel = join(parent, name);
      if (name.startsWith('.') || name === CLAIMS) continue;
      const stats = statsOf(join(folder, rel));
      if (stats === undefined && name.includes(UNDECODED)) onUnnamed(rel);
      if (performance.now() > until) {
        await new Promise((turn) => setImmediate(turn));
        until = performance.now() + TURN_MS;
      }
      if (stats?.isDirectory() === true && isRecursive && level < MOST_LEVELS)
        waiting.push({ rel, level: level + 1 });
      if (stats?.isFile() === true && isWanted(name)) yield { rel, stats };
    }
    onDirectory(join(folder, parent));
  }
}

async function* namesIn(directory: string, mayBeGone: boolean): AsyncGenerator<string> {
  try {
    for await (const { name } of await opendir(directory, { bufferSize: NAMES_AT_ONCE })) yield name;
  } catch (error) {
    if (!mayBeGone) throw error;
  }
}

/** Undefined: it is gone again, or nobody may look at it. */
function statsOf(path: string): Stats | undefined {
  try {
    return waitForDisk(() => lstatSync(path, { throwIfNoEntry: false }));
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ELOOP', 'ENAMETOOLONG'].includes(code)) return undefined;
    throw error;
  }
}
