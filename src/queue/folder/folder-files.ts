import * as fs from 'node:fs';
import { diskCalls, realFiles, type DiskFiles } from '../../basics';

/** The file operations of a watched folder, in one place, so that a test can make each of them fail. */
export type FolderFiles = DiskFiles &
  Pick<typeof fs, 'lstatSync' | 'linkSync' | 'rmdirSync' | 'readdirSync' | 'realpathSync'>;

export const realFolderFiles: FolderFiles = {
  ...realFiles,
  ...diskCalls({
    lstatSync: fs.lstatSync,
    linkSync: fs.linkSync,
    rmdirSync: fs.rmdirSync,
    readdirSync: fs.readdirSync,
    realpathSync: fs.realpathSync,
  }),
};

const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = fs.constants;

/**
 * Opens a file that anybody may have put there: no link is followed, and nobody waits for the other end of a pipe.
 * @throws the system's error, or one with the code `ENOTFILE` where it is no regular file
 */
export function openRegular(
  path: string,
  files: Pick<FolderFiles, 'openSync' | 'fstatSync' | 'closeSync'>,
): number {
  const fd = files.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    if (files.fstatSync(fd).isFile()) return fd;
  } catch (error) {
    files.closeSync(fd);
    throw error;
  }
  files.closeSync(fd);
  throw Object.assign(new Error(`${path} is no regular file`), { code: 'ENOTFILE' });
}

/** By what a file is known again, and its bytes as unchanged. */
export interface FileFacts {
  size: number;
  /** Of its last change. */
  mtimeMs: number;
  /** 0 where the file system gives a file another number after each mount. */
  ino: number;
  /** When the file was made: another one may get its number. Undefined: the system does not say. */
  birthMs?: number;
}

/** What the folder's file system lets us know, once that is found out. */
export interface FactsRule {
  hasInodes: boolean;
  hasBirthTimes?: boolean;
}

export function factsOf(
  { size, mtimeMs, ino, birthtimeMs }: fs.Stats,
  { hasInodes, hasBirthTimes }: FactsRule,
): FileFacts {
  const birthMs = hasInodes && hasBirthTimes === true && birthtimeMs > 0 ? birthtimeMs : undefined;
  return { size, mtimeMs, ino: hasInodes ? ino : 0, ...(birthMs !== undefined && { birthMs }) };
}

export function isSameFile(one: FileFacts, other: FileFacts): boolean {
  if (one.size !== other.size || one.mtimeMs !== other.mtimeMs || one.ino !== other.ino) return false;
  return one.birthMs === undefined || other.birthMs === undefined || one.birthMs === other.birthMs;
}

/**
 * Does the system say when files were made? Where it does not, Node.js may give the time of the last change instead, which is
 * another one after a chmod.
 * @param paths any, one of which has been changed since it was made
 */
export function saysBirthTimes(paths: readonly string[], files: Pick<FolderFiles, 'lstatSync'>): boolean {
  return paths.some((path) => {
    const { birthtimeMs, ctimeMs } = files.lstatSync(path);
    return birthtimeMs > 0 && birthtimeMs !== ctimeMs;
  });
}

/** Something was changed by somebody else; Delivery takes it for what a disk says, and tries again. */
export function fileChanged(path: string): Error {
  return Object.assign(new Error(`${path} has been changed`), { code: 'ECHANGED' });
}

export function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
