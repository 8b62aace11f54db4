import { opendir, rmdir, unlink } from 'node:fs/promises';
import type { Dirent } from 'node:fs';
import { join } from 'node:path';
import type { Node } from 'node-red';
import { JOURNAL_FOLDER } from '../../../src/journal';
import { STEPS_FOLDER } from '../../../src/receiver';
import { mayHoldObjects } from '../../../src/queue';

/** What an empty queue leaves: its lock, segments that are to be written over, and a folder without dead letters. A journal is not its. */
const LOCK_NAME = /^lock([.-][\w.-]{1,64})?$/;
const SPARE_NAME = /^\d{13}-\d{10}-[0-9a-f]{16}(?:-[su]\d{0,16})?\.queue\.spare$/;
const DEAD_LETTERS = 'dead-letter';
/** A node's journal and its procedure steps go by themselves. */
const KEPT_FOLDERS: readonly string[] = [JOURNAL_FOLDER, STEPS_FOLDER];

/** What became of the queue directory of a node that was removed. */
export type RemovedQueue = 'absent' | 'removed' | 'holdsObjects' | 'holdsOthers';

/**
 * Removes the queue directory of a removed node if it contains only what an empty queue leaves. Anything else in it, a
 * patient's object or somebody's own file, keeps the directory unchanged.
 * @param isOurs whether the package made the directory; one that was set by hand stays
 * @throws if the directory cannot be read, or the remains of an empty queue cannot be deleted
 */
export async function removeEmptyQueue(directory: string, isOurs: boolean): Promise<RemovedQueue> {
  const letters = join(directory, DEAD_LETTERS);
  const [queue, deadLetters] = await contentsOf(directory);
  if (queue === 'objects' || deadLetters === 'objects') return 'holdsObjects';
  if (!(queue instanceof Array)) return queue === undefined ? 'absent' : 'holdsOthers';
  if (!isOurs || deadLetters === 'others' || (deadLetters ?? []).length > 0) return 'holdsOthers';
  for (const name of queue) {
    if (name === DEAD_LETTERS) await rmdir(letters);
    else if (!KEPT_FOLDERS.includes(name)) await unlink(join(directory, name));
  }
  // Fails where something has come meanwhile, and then nothing is lost.
  if (!queue.some((name) => KEPT_FOLDERS.includes(name))) await rmdir(directory);
  return 'removed';
}

/** Objects of a queue are in the directory, or dead letters. @throws the system's error */
export async function holdsObjects(directory: string): Promise<boolean> {
  return (await contentsOf(directory)).includes('objects');
}

/**
 * For a node that is removed: its queue is patient data, so it is kept, and a log line says where. An empty one goes, too.
 * @param isOurs as for `removeEmptyQueue`
 * @param kept the line
 * @throws as `removeEmptyQueue`
 */
export async function removeQueueWithNode(
  node: Pick<Node, 'warn'>,
  directory: string,
  isOurs: boolean,
  kept: string,
): Promise<void> {
  if ((await removeEmptyQueue(directory, isOurs)) === 'holdsObjects') node.warn(kept);
}

type Contents = string[] | 'objects' | 'others' | undefined;

/** Of a queue, and of its dead letters. */
async function contentsOf(directory: string): Promise<[queue: Contents, deadLetters: Contents]> {
  return [await contents(directory), await contents(join(directory, DEAD_LETTERS))];
}

/** The names in a directory, where an empty queue may have left them all; undefined if there is no such directory. */
async function contents(directory: string): Promise<Contents> {
  const names: string[] = [];
  let isOnlyRemains = true;
  try {
    // Read only as far as it takes to know: it may be large.
    for await (const entry of await opendir(directory)) {
      if (mayHoldObjects(entry.name)) return 'objects';
      if (isLeftByEmptyQueue(entry)) names.push(entry.name);
      else isOnlyRemains = false;
    }
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
  return isOnlyRemains ? names : 'others';
}

function isLeftByEmptyQueue(entry: Dirent): boolean {
  if (entry.name === DEAD_LETTERS || KEPT_FOLDERS.includes(entry.name)) return entry.isDirectory();
  if (LOCK_NAME.test(entry.name)) return entry.isSocket() || entry.isFile();
  return SPARE_NAME.test(entry.name) && entry.isFile();
}
