import { isUnsupported } from '../../basics';
import type { OutputFiles } from './output-files';

/** How file systems without links say so, beside what `isUnsupported` knows. */
const NO_LINKS = new Set(['EXDEV', 'EMLINK', 'EACCES']);

/**
 * Gives a file a further name, or another one where the file system has no links. False when something has that name: nothing
 * is replaced, also when another process takes it at the same moment.
 * @throws the system's error
 */
export function linkWithoutReplacing(from: string, to: string, files: OutputFiles): boolean {
  // For names that are taken a look costs a tenth of an error.
  if (files.lstatSync(to, { throwIfNoEntry: false }) !== undefined) return false;
  try {
    files.linkSync(from, to);
    return true;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (!isUnsupported(error) && !NO_LINKS.has(code)) throw error;
  }
  return renameWithoutReplacing(from, to, files);
}

/** An empty file takes the name, and is replaced. */
function renameWithoutReplacing(from: string, to: string, files: OutputFiles): boolean {
  try {
    files.closeSync(files.openSync(to, 'wx'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  try {
    files.renameSync(from, to);
  } catch (error) {
    files.unlinkSync(to);
    throw error;
  }
  return true;
}

export function removeIfThere(path: string, files: OutputFiles): void {
  try {
    files.unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
