import { connect, createServer, type Server } from 'node:net';

/** Undefined if somebody else is listening there, or a file is there. @throws the system's error */
export function listenAt(path: string): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy());
  return new Promise((done, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') done(undefined);
      else reject(error);
    });
    server.listen(path, () => {
      // Whoever asks whether it is held may go away at any moment, and a process may have no descriptor left for it.
      server.on('error', () => undefined);
      server.unref();
      done(server);
    });
  });
}

/** Nobody listens there, and nobody will: the owner of this socket has ended, or it is not a socket, or nothing is there. */
const NOBODY = new Set(['ECONNREFUSED', 'ENOENT', 'ENOTSOCK']);
/** Somebody is there, who has no time at the moment, or speaks otherwise. */
const SOMEBODY = new Set(['EAGAIN', 'EPROTOTYPE', 'ETIMEDOUT', 'ECONNRESET', 'EPIPE']);

/**
 * True while the process, or thread, that listens at this path lives.
 * @throws the system's error where it does not say
 */
export function isAnswered(path: string): Promise<boolean> {
  return new Promise((done, reject) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.on('error', () => undefined);
      socket.destroy();
      done(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      const code = error.code ?? '';
      if (NOBODY.has(code)) done(false);
      else if (SOMEBODY.has(code)) done(true);
      else reject(error);
    });
  });
}
