import { dirname } from 'node:path';
import type { DiskFiles } from './disk-files';

export type MakingFiles = Pick<DiskFiles, 'mkdirSync' | 'statSync'>;

/**
 * Creates a directory, and those above it that are missing. It takes a step for each of them at most. Node's own
 * `recursive` begins anew whenever the system says ENOENT: in `/proc`, and in a directory that has been deleted, the
 * system says so for ever, and the thread can not even be ended.
 * @param mode for new directories
 * @returns the topmost directory that is new; undefined: it was there
 * @throws the system's error
 */
export function makeDirectory(directory: string, files: MakingFiles, mode?: number): string | undefined {
  if (isDirectory(directory, files)) return undefined;
  try {
    return makeOne(directory, files, mode);
  } catch (error) {
    const parent = dirname(directory);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === directory) throw error;
    const firstNew = makeDirectory(parent, files, mode);
    const made = makeOne(directory, files, mode);
    return firstNew ?? made;
  }
}

/** Undefined: another process was quicker. */
function makeOne(directory: string, files: MakingFiles, mode?: number): string | undefined {
  try {
    files.mkdirSync(directory, { mode });
    return directory;
  } catch (error) {
    if (!isDirectory(directory, files)) throw error;
    return undefined;
  }
}

function isDirectory(path: string, files: MakingFiles): boolean {
  return files.statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
