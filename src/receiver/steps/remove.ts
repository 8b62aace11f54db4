import { readdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isStepFile } from './disk-step-store';

/** Below the directory of a node. */
export const STEPS_FOLDER = 'mpps';

/**
 * Removes what is kept of procedure steps, its folder, and the folder around that, as far as there is nothing else in them.
 * @throws the system's error
 */
export async function removeSteps(directory: string): Promise<void> {
  try {
    for (const name of (await readdir(directory)).filter(isStepFile)) await rm(join(directory, name));
    await rmdir(directory);
    await rmdir(dirname(directory));
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(code)) throw error;
  }
}
