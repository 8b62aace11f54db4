import { randomBytes } from 'node:crypto';
import { lstatSync, unlinkSync } from 'node:fs';
import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { isAnswered, listenAt } from './local-socket';
import { socketFolder, type SocketFolder } from './socket-path';

/** The name of the lock that is held. */
const LOCK = 'lock';
/** The names of those who are about to take it. */
const CANDIDATE = /^lock-[0-9a-f]{12}$/;
const CANDIDATE_BYTES = 'lock-'.length + 12;

/** Candidates that must give way do so at once; one that does not in this time is stopped, or looks at a slow disk. */
const GIVES_WAY_TRIES = 100;
const GIVES_WAY_MS = 20;

/** The directory's file system has no sockets, or none by which one process can tell whether another lives. */
export class NoSockets extends Error {
  override readonly name = 'NoSockets';
}

/** How file systems say that they have none. `EACCES`: where the directory can be written to. */
const NO_SOCKETS = new Set(['ENOTSUP', 'EOPNOTSUPP', 'EPERM', 'EINVAL', 'ENOSYS', 'EADDRNOTAVAIL', 'EIO']);

/**
 * Locks a directory with a socket in it, on which its owner listens. The system ends the socket with the thread that holds
 * it, however that ends; what a crash leaves is a file on which nobody listens.
 *
 * Of those who come at the same time exactly one gets the lock, also where a crash has left one. Each listens under a name of
 * its own before it looks whether anybody else does, so of two at least one sees the other: nobody goes on who sees somebody,
 * and among those who only want the lock the first name wins. Who sees nobody renames its socket to that of the lock, which
 * replaces what a crash has left there. So others find it under the one name or the other: they look at the names first and
 * at the lock then.
 * @returns what releases it; undefined while somebody else holds it
 * @throws NoSockets
 * @throws the system's error, among others where it does not say whether somebody listens
 */
export async function lockBySocket(directory: string): Promise<(() => void) | undefined> {
  const folder = socketFolder(directory, CANDIDATE_BYTES);
  const name = `lock-${randomBytes(6).toString('hex')}`;
  const path = join(directory, name);
  let server: Server | undefined;
  try {
    server = await listenIn(folder, name, directory);
    const isOwner = await becomesOwner(folder, directory, name);
    if (isOwner) return releasing(server, join(directory, LOCK));
    await withdraw(server, path);
    return undefined;
  } catch (error) {
    if (server !== undefined) await withdraw(server, path);
    throw error;
  } finally {
    folder.close();
  }
}

async function listenIn(folder: SocketFolder, name: string, directory: string): Promise<Server> {
  let server: Server | undefined;
  try {
    server = await listenAt(join(folder.path, name));
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    const isWritable = code === 'EACCES' && (await canHaveFile(join(directory, name)));
    throw isWritable || NO_SOCKETS.has(code) ? new NoSockets(message) : error;
  }
  if (server === undefined) throw new Error(`${name} in ${directory} is there already`);
  return server;
}

async function canHaveFile(path: string): Promise<boolean> {
  try {
    await writeFile(path, '', { flag: 'wx' });
    await rm(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return false;
    throw error;
  }
}

async function becomesOwner(folder: SocketFolder, directory: string, name: string): Promise<boolean> {
  if (!(await isHeard(folder, directory, name))) return false;
  for (let tries = 0; tries < GIVES_WAY_TRIES; tries += 1) {
    const { alive, dead } = await others(folder, directory, name);
    if (await isAnswered(join(folder.path, LOCK))) return false;
    if (alive.length === 0) {
      // Nobody else removes our name, unless it looked dead before we listened: then it has the lock, and this fails.
      if (!(await renamed(join(directory, name), join(directory, LOCK)))) return false;
      if (!(await isHeard(folder, directory, LOCK))) return false;
      for (const path of dead) await rm(path, { force: true });
      return true;
    }
    if (alive.some((other) => other < name)) return false;
    await wait(GIVES_WAY_MS);
  }
  return false;
}

/**
 * Whether others find the socket that we listen on. False: its name is gone. Before we listened it looked like one that a
 * crash had left, and who has the lock removes those.
 * @throws NoSockets where we do not hear ourselves, as on network file systems that forget which socket a file is
 */
async function isHeard(folder: SocketFolder, directory: string, name: string): Promise<boolean> {
  if (await isAnswered(join(folder.path, name))) return true;
  if (lstatSync(join(directory, name), { throwIfNoEntry: false }) === undefined) return false;
  throw new NoSockets('a socket in it is not found again');
}

/** Who else is about to take the lock, and the paths of those who were when they ended. */
async function others(
  folder: SocketFolder,
  directory: string,
  name: string,
): Promise<{ alive: string[]; dead: string[] }> {
  const names = await readdir(directory);
  const alive: string[] = [];
  const dead: string[] = [];
  for (const other of names) {
    if (!CANDIDATE.test(other) || other === name) continue;
    if (await isAnswered(join(folder.path, other))) alive.push(other);
    else dead.push(join(directory, other));
  }
  return { alive, dead };
}

async function renamed(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

async function withdraw(server: Server, path: string): Promise<void> {
  await rm(path, { force: true });
  server.close();
}

/** The name goes first: as long as we listen, nobody else has put one there. */
function releasing(server: Server, path: string): () => void {
  const ours = lstatSync(path);
  return () => {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found?.ino === ours.ino && found.dev === ours.dev) unlinkSync(path);
    server.close();
  };
}
