import { open } from 'node:fs/promises';
import { FILE_MODE } from './disk-files';

/**
 * Writes a file, or behind what is in it, and syncs that. The name of a new file is not durable before its directory is synced.
 * @param keep bytes that stay of what is there; undefined: all of it
 * @throws the system's error
 */
export async function writeSynced(
  path: string,
  flags: 'a' | 'w',
  bytes: Buffer,
  keep?: number,
): Promise<void> {
  const file = await open(path, flags, FILE_MODE);
  try {
    if (keep !== undefined) await file.truncate(keep);
    await file.appendFile(bytes);
    await file.datasync();
  } finally {
    await file.close();
  }
}
