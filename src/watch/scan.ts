import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Stats } from 'node:fs';
import { beat } from '../basics';
import { CLAIMS } from '../queue';

/** Deeper folders are not looked into. */
const MOST_LEVELS = 32;
/** Names that are read at a time. */
const NAMES_AT_ONCE = 256;

export interface ScanOptions {
  /** Its real path. */
  folder: string;
  isRecursive: boolean;
  isWanted: (name: string) => boolean;
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
  onDirectory: (path: string) => void,
): AsyncGenerator<ScannedFile> {
  const waiting = [{ rel: '', level: 0 }];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const { rel: parent, level } = next;
    for await (const name of namesIn(join(folder, parent), level > 0)) {
      const rel = join(parent, name);
      if (name.startsWith('.') || name === CLAIMS) continue;
      const stats = await statsOf(join(folder, rel));
      beat();
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
async function statsOf(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ELOOP', 'ENAMETOOLONG'].includes(code)) return undefined;
    throw error;
  }
}
