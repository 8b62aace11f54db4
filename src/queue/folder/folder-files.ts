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
}

/** What the folder's file system lets us know, once that is found out. */
export interface FactsRule {
  hasInodes: boolean;
}

export function factsOf({ size, mtimeMs, ino }: fs.Stats, { hasInodes }: FactsRule): FileFacts {
  return { size, mtimeMs, ino: hasInodes ? ino : 0 };
}

export function isSameFile(one: FileFacts, other: FileFacts): boolean {
  return one.size === other.size && one.mtimeMs === other.mtimeMs && one.ino === other.ino;
}

/** Something was changed by somebody else; Delivery takes it for what a disk says, and tries again. */
export function fileChanged(path: string): Error {
  return Object.assign(new Error(`${path} has been changed`), { code: 'ECHANGED' });
}

export function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
