import { closeSync, mkdtempSync, openSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What the shortest common limit of a socket's path leaves (108 bytes on Linux, 104 on macOS). */
const MAX_SOCKET_PATH = 100;

/** A way to a directory that is short enough for the path of a socket in it. */
export interface SocketFolder {
  path: string;
  /** What is no longer needed once the socket is there. */
  close(): void;
}

/**
 * The directory itself, or another name of it where its path is too long. The socket is in the directory in any case.
 * @param nameBytes the longest name that a socket in it gets
 * @throws the system's error, or one with code `ENAMETOOLONG` when there is no short name
 */
export function socketFolder(directory: string, nameBytes: number): SocketFolder {
  const fits = (path: string): boolean => Buffer.byteLength(path) + 1 + nameBytes <= MAX_SOCKET_PATH;
  if (fits(directory)) return { path: directory, close: () => undefined };
  const other = process.platform === 'linux' ? throughDescriptor(directory) : throughLink(directory);
  if (fits(other.path)) return other;
  other.close();
  const text = `the path ${directory} is too long for the lock of the queue`;
  throw Object.assign(new Error(text), { code: 'ENAMETOOLONG' });
}

function throughDescriptor(directory: string): SocketFolder {
  const fd = openSync(directory, 'r');
  return { path: `/proc/self/fd/${fd}`, close: () => closeSync(fd) };
}

/** Only for the moment in which the socket comes into being: the link is not the lock. */
function throughLink(directory: string): SocketFolder {
  const folder = mkdtempSync(join(tmpdir(), 'nrd-'));
  const path = join(folder, 'd');
  const close = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    symlinkSync(directory, path);
  } catch (error) {
    close();
    throw error;
  }
  return { path, close };
}
