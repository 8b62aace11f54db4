import * as fs from 'node:fs';
import { promisify } from 'node:util';
import { FILE_MODE } from '../../../basics';

/** Less work for the thread than `fs.promises`, whose files are objects of their own. */
export const calls = {
  open: promisify(fs.open),
  close: promisify(fs.close),
  fstat: promisify(fs.fstat),
  stat: promisify(fs.stat),
  rename: promisify(fs.rename),
  unlink: promisify(fs.unlink),
};

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

/** Writes pieces behind what an open file has, in one call where the system takes all of them. @throws the system's error */
export async function appendPieces(fd: number, pieces: readonly Buffer[]): Promise<void> {
  for (let rest = pieces; rest.length > 0;) rest = after(rest, await writtenOf(fd, rest));
}

function writtenOf(fd: number, pieces: readonly Buffer[]): Promise<number> {
  return new Promise((resolve, reject) =>
    fs.writev(fd, pieces, null, (error, count) => (error ? reject(error) : resolve(count))),
  );
}

/** What is left of pieces after so many bytes. */
function after(pieces: readonly Buffer[], count: number): Buffer[] {
  let skipped = 0;
  return pieces.flatMap((piece) => {
    const done = Math.min(piece.length, count - skipped);
    skipped += done;
    return done === piece.length ? [] : [piece.subarray(done)];
  });
}

/** Writes a file, in place of one that may be there, to the disk. @throws the system's error */
export async function writeSynced(path: string, content: string): Promise<void> {
  const file = await fs.promises.open(path, 'w', FILE_MODE);
  try {
    await fs.promises.writeFile(file, content);
    await file.sync();
  } finally {
    await file.close();
  }
}
