import type * as fs from 'node:fs';
import { sep } from 'node:path';
import { isUnsupported } from './durable';

export type LinkingFiles = Pick<
  typeof fs,
  'lstatSync' | 'linkSync' | 'openSync' | 'closeSync' | 'renameSync' | 'unlinkSync'
>;

/** How file systems without links say so, beside what `isUnsupported` knows. */
const NO_LINKS = new Set(['EXDEV', 'EMLINK', 'EACCES']);

/**
 * Gives a file a further name, or another one where the file system has no links. False when something has that name: nothing
 * is replaced, also when another process takes it at the same moment.
 * @throws the system's error
 */
export function linkWithoutReplacing(from: string, to: string, files: LinkingFiles): boolean {
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
function renameWithoutReplacing(from: string, to: string, files: LinkingFiles): boolean {
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

export function removeIfThere(path: string, files: Pick<LinkingFiles, 'unlinkSync'>): void {
  try {
    files.unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** `scan.dcm` → `scan_2.dcm`. */
export function numbered(path: string, number: number | string): string {
  const folder = path.lastIndexOf(sep);
  const dot = path.lastIndexOf('.');
  const end = dot > folder + 1 ? dot : path.length;
  return `${path.slice(0, end)}_${number}${path.slice(end)}`;
}
