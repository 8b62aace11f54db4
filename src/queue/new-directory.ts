import { dirname, resolve } from 'node:path';
import { syncDirectory } from './durable';
import { DIRECTORY_MODE, type QueueFiles } from './queue-files';

/** Makes a directory with its parents. Where that is wanted, each new one is on the disk, level by level. */
export async function makeDirectory(directory: string, isSynced: boolean, files: QueueFiles): Promise<void> {
  const first = await files.makeDirectory(directory, DIRECTORY_MODE);
  if (!isSynced || first === undefined) return;
  for (let made = resolve(directory); made.length >= resolve(first).length; made = dirname(made))
    await syncDirectory(dirname(made), files);
}
