import * as fs from 'node:fs';
import { lockDirectory } from './lock';
import { diskCalls } from './signs-of-life';

/** Objects are patient data: for the owner of the process only. */
export const DIRECTORY_MODE = 0o700;
export const FILE_MODE = 0o600;

/**
 * The file operations that a disk queue uses, in one place, so that a test can make each of them fail. Writes are
 * synchronous: on the worker's own thread, small ones cost less than a trip through the thread pool. Syncing, which
 * waits for the disk, is not, with two exceptions: what is seldom done (`fsyncSync`), and a quick disk syncs
 * objects that come one by one (`fdatasyncSync`).
 */
export type DiskFiles = Pick<
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
  | 'utimesSync'
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
  /** The names in a directory that may be long, in pieces: other work goes on in between. */
  namesIn(directory: string): AsyncIterable<string>;
  /** @throws an Error when the file has more bytes than that */
  readText(path: string, maxBytes: number): Promise<string>;
  /** Reads up to `length` bytes from `position` on. Resolves with how many. */
  read(fd: number, into: Buffer, length: number, position: number): Promise<number>;
  /** As `lockDirectory`. */
  lock: typeof lockDirectory;
  removeFile(path: string): Promise<void>;
};

export const realFiles: DiskFiles = diskCalls({
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
  utimesSync: fs.utimesSync,
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
  namesIn,
  readText,
  read: (fd, into, length, position) =>
    new Promise((resolve, reject) =>
      fs.read(fd, into, 0, length, position, (error, count) => (error ? reject(error) : resolve(count))),
    ),
  lock: lockDirectory,
  removeFile: (path) => fs.promises.rm(path, { force: true }),
});

/** Names that are read at a time: well under a millisecond's work. */
const NAMES_AT_ONCE = 256;

async function* namesIn(directory: string): AsyncGenerator<string> {
  for await (const { name } of await fs.promises.opendir(directory, { bufferSize: NAMES_AT_ONCE }))
    yield name;
}

async function readText(path: string, maxBytes: number): Promise<string> {
  const file = await fs.promises.open(path, 'r');
  try {
    const { size } = await file.stat();
    if (size > maxBytes) throw new Error(`it has more than ${maxBytes} bytes`);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size), 0, size, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}
