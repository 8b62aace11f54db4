import * as fs from 'node:fs';
import { FILE_MODE } from '../../basics';

/** The system's code of an error; empty: it has none. */
export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}

/** False: there is no such file. @throws the system's error */
export async function whereThere(work: Promise<void>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Writes a file, in place of one that may be there, to the disk. @throws the system's error */
export async function writeSynced(path: string, content: string | AsyncIterable<Buffer>): Promise<void> {
  const file = await fs.promises.open(path, 'w', FILE_MODE);
  try {
    await fs.promises.writeFile(file, content);
    await file.sync();
  } finally {
    await file.close();
  }
}
