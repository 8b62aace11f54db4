import { readdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isSegment } from './segment';

/** Below the directory of a node. */
export const JOURNAL_FOLDER = 'journal';

/** Removes a journal, its folder, and the folder around that, as far as there is nothing else in them. @throws the system's error */
export async function removeJournal(directory: string): Promise<void> {
  try {
    for (const name of (await readdir(directory)).filter(isSegment)) await rm(join(directory, name));
    await rmdir(directory);
    await rmdir(dirname(directory));
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(code)) throw error;
  }
}
