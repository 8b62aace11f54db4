import * as fs from 'node:fs';

/** Objects are patient data: for the owner of the process only. */
export const DIRECTORY_MODE = 0o700;
export const FILE_MODE = 0o600;

/**
 * The file operations that a disk queue uses, in one place, so that a test can make each of them fail. Writes are
 * synchronous: on the worker's own thread, small ones cost less than a trip through the thread pool. Syncing, which
 * waits for the disk, is not, with two exceptions: few objects move out of the log (`fsyncSync`), and a quick disk syncs
 * objects that come one by one (`fdatasyncSync`).
 */
export type QueueFiles = Pick<
  typeof fs,
  | 'openSync'
  | 'writeSync'
  | 'writevSync'
  | 'readSync'
  | 'ftruncateSync'
  | 'fsyncSync'
  | 'fdatasyncSync'
  | 'closeSync'
  | 'renameSync'
  | 'rmSync'
  | 'unlinkSync'
  | 'fstatSync'
  | 'statSync'
  | 'mkdirSync'
  | 'statfsSync'
  | 'readFileSync'
  | 'writeFileSync'
> & {
  /** Makes an open file's data, or an open directory's entries, durable. */
  sync(fd: number): Promise<void>;
  /** Makes an open file's data durable, and of what is known of the file only what is needed to read them. */
  syncData(fd: number): Promise<void>;
  readDirectory(directory: string): Promise<string[]>;
  removeFile(path: string): Promise<void>;
};

export const realFiles: QueueFiles = {
  openSync: fs.openSync,
  writeSync: fs.writeSync,
  writevSync: fs.writevSync,
  readSync: fs.readSync,
  ftruncateSync: fs.ftruncateSync,
  fsyncSync: fs.fsyncSync,
  fdatasyncSync: fs.fdatasyncSync,
  closeSync: fs.closeSync,
  renameSync: fs.renameSync,
  rmSync: fs.rmSync,
  unlinkSync: fs.unlinkSync,
  fstatSync: fs.fstatSync,
  statSync: fs.statSync,
  mkdirSync: fs.mkdirSync,
  statfsSync: fs.statfsSync,
  readFileSync: fs.readFileSync,
  writeFileSync: fs.writeFileSync,
  sync: (fd) =>
    new Promise((resolve, reject) => fs.fsync(fd, (error) => (error ? reject(error) : resolve()))),
  syncData: (fd) =>
    new Promise((resolve, reject) => fs.fdatasync(fd, (error) => (error ? reject(error) : resolve()))),
  readDirectory: (directory) => fs.promises.readdir(directory),
  removeFile: (path) => fs.promises.rm(path, { force: true }),
};
