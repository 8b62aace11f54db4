import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** One writer per directory. */
export interface DirectoryLock {
  release(): void;
}

/** What the shortest common limit of a socket's path leaves (108 bytes on Linux, 104 on macOS). */
const MAX_SOCKET_PATH = 100;

/**
 * Locks a directory by listening on a local socket in it. The system ends the socket with the thread that holds it,
 * however that ends, so a lock never outlives its owner; what a crash leaves is a file on which nobody listens.
 * @throws an Error with code `QUEUE_LOCKED` while another node or process holds it
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  let server: Server | undefined;
  try {
    server = await takeSocket(socketPath(directory));
  } catch (error) {
    if (!NO_SOCKETS.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    server = await takeSocket(outsidePath(directory));
  }
  if (server === undefined) {
    throw Object.assign(new Error(`${directory} is in use by another node or process`), {
      code: 'QUEUE_LOCKED',
    });
  }
  const held = server;
  return { release: () => held.close() };
}

/** File systems without sockets (some network and container mounts) say it in one of these ways. */
const NO_SOCKETS = new Set(['ENOTSUP', 'EOPNOTSUPP', 'EPERM', 'EINVAL', 'ENOSYS']);

/** Undefined when somebody listens there. */
async function takeSocket(path: string): Promise<Server | undefined> {
  const server = await listen(path);
  if (server !== undefined || (await isAnswered(path))) return server;
  await rm(path, { force: true });
  return listen(path);
}

/** In the directory itself, so that whoever shares the directory shares the lock. */
function socketPath(directory: string): string {
  if (process.platform === 'win32') return outsidePath(directory);
  const inside = join(resolve(directory), 'lock');
  return Buffer.byteLength(inside) <= MAX_SOCKET_PATH ? inside : outsidePath(directory);
}

function outsidePath(directory: string): string {
  const hash = createHash('sha256').update(resolve(directory)).digest('hex').slice(0, 32);
  return process.platform === 'win32'
    ? `\\\\.\\pipe\\node-red-dicom-${hash}`
    : join(tmpdir(), `nrdicom-${hash}.lock`);
}

/** Undefined when the path is taken. */
function listen(path: string): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy());
  return new Promise((done, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') done(undefined);
      else reject(error);
    });
    server.listen(path, () => {
      // Whoever asks whether it is held may go away at any moment.
      server.on('error', () => server.close());
      server.unref();
      done(server);
    });
  });
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(path);
    const answer = (answered: boolean): void => {
      socket.destroy();
      done(answered);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(false));
  });
}
