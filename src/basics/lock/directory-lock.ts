import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, realpathSync, statfsSync } from 'node:fs';
import type { Server } from 'node:net';
import type { DiskWarning } from '../disk-warning';
import { listenAt } from './local-socket';
import { sharedFileSystem, type StatFs } from './shared-file-system';
import { NoSockets, lockBySocket } from './socket-lock';

/** One writer per directory. */
export interface DirectoryLock {
  release(): void;
}

export interface LockOptions {
  /** False: nobody says that no other machine uses the directory. Otherwise a lock that holds here only will do. */
  onlyThisMachine?: boolean | undefined;
  /** Told of a lock that is less than it should be. */
  onWarning?: ((warning: DiskWarning) => void) | undefined;
}

/**
 * Locks a directory, by whatever path it is called, against every other thread and process, and where that is impossible
 * against those of this machine, with a warning. A lock never outlives its owner, however that ends.
 * @throws an Error with code `QUEUE_LOCKED` while another node or process holds it; where `onlyThisMachine` is needed and not
 * said, `QUEUE_SHARED` on a file system that other machines may use, and `QUEUE_NO_LOCK` on one that has no sockets
 */
export async function lockDirectory(
  directory: string,
  { onlyThisMachine = true, onWarning }: LockOptions = {},
  files: StatFs = { statfsSync },
): Promise<DirectoryLock> {
  const path = realpathSync.native(directory);
  const fileSystem = sharedFileSystem(path, files);
  if (fileSystem !== undefined && !onlyThisMachine) throw lockError('QUEUE_SHARED', path, fileSystem);
  let weakness: DiskWarning | undefined;
  if (fileSystem !== undefined) weakness = { kind: 'lockOnlyHere', values: { directory: path, fileSystem } };
  let release: (() => void) | undefined;
  try {
    release = await (process.platform === 'win32' ? lockByPipe(path) : lockBySocket(path));
  } catch (error) {
    if (!(error instanceof NoSockets)) throw error;
    const { message: reason } = error;
    if (!onlyThisMachine) throw lockError('QUEUE_NO_LOCK', path, reason);
    release = await lockOutside(path);
    weakness ??= { kind: 'lockOutside', values: { directory: path, reason } };
  }
  if (release === undefined) throw lockError('QUEUE_LOCKED', path, '');
  if (weakness !== undefined) onWarning?.(weakness);
  return { release };
}

/** What is wrong with the lock of a queue's directory, for the text that an operator gets. */
export interface LockError extends Error {
  code: 'QUEUE_LOCKED' | 'QUEUE_SHARED' | 'QUEUE_NO_LOCK';
  directory: string;
  /** The file system that is shared, or why it can have no lock. */
  reason: string;
}

function lockError(code: LockError['code'], directory: string, reason: string): LockError {
  const texts = {
    QUEUE_LOCKED: `${directory} is used by another node or process`,
    QUEUE_SHARED: `${directory} is on a file system that other machines may use (${reason})`,
    QUEUE_NO_LOCK: `${directory} is on a file system without locks (${reason})`,
  };
  return Object.assign(new Error(texts[code]), { code, directory, reason });
}

/** The system ends a pipe with its owner, and gives its name to one only. */
async function lockByPipe(path: string): Promise<(() => void) | undefined> {
  const server = await listenAt(`\\\\.\\pipe\\node-red-dicom-${shortHash(path.toLowerCase())}`);
  return server && ((): void => void server.close());
}

/**
 * Where the directory can have no socket: one without a file, which Linux has, named by what the directory is. It holds for
 * processes that share the machine's network. Elsewhere there is nothing that a crash would not leave locked.
 */
async function lockOutside(path: string): Promise<(() => void) | undefined> {
  if (process.platform !== 'linux') return () => undefined;
  // While it is open, the file system must not give it another number.
  const fd = openSync(path, 'r');
  let server: Server | undefined;
  try {
    const { dev, ino } = fstatSync(fd, { bigint: true });
    server = await listenAt(`\0node-red-dicom-${shortHash(`${dev}:${ino}`)}`);
  } finally {
    if (server === undefined) closeSync(fd);
  }
  if (server === undefined) return undefined;
  const held = server;
  return () => {
    held.close();
    closeSync(fd);
  };
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
