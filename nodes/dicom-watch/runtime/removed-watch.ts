import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';

/** What the directory of a node has beside objects: its lock and the index of what it has seen. */
const OURS = /^(lock([.-][\w.-]{1,64})?|files\.index(\.new)?)$/;
const FOLDERS = ['parked', 'requeued', 'dead-letter'];

/**
 * Removes the directory of a removed node, unless objects are in it, which are patient data.
 * @throws the system's error
 */
export async function removeWatchDirectory(directory: string): Promise<'removed' | 'holdsObjects'> {
  const names = await namesIn(directory);
  for (const folder of FOLDERS)
    if ((await namesIn(join(directory, folder))).length > 0) return 'holdsObjects';
  for (const name of names) {
    if (FOLDERS.includes(name)) await rmdir(join(directory, name));
    else if (OURS.test(name)) await rm(join(directory, name), { force: true });
  }
  if (names.length > 0 && (await namesIn(directory)).length === 0) await rmdir(directory);
  return 'removed';
}

/** None where there is no such directory. */
async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
