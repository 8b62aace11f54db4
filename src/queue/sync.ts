import { open } from 'node:fs/promises';

/** Makes the directory's entries durable. Windows cannot open a directory, and its file systems journal renames. */
export async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
