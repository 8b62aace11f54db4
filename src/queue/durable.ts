import { FILE_MODE, type QueueFiles } from './queue-files';

/** Windows cannot open a directory, and its file systems journal renames. */
const CANNOT_SYNC_DIRECTORY = process.platform === 'win32';

/** Makes the names in a directory durable. */
export async function syncDirectory(directory: string, files: QueueFiles): Promise<void> {
  if (CANNOT_SYNC_DIRECTORY) return;
  const fd = files.openSync(directory, 'r');
  try {
    await files.sync(fd);
  } finally {
    files.closeSync(fd);
  }
}

/** Waits for all, also when one fails: its file is about to be closed. @throws what the first of them failed with */
export async function allSettled(operations: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(operations);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/** The system may take less than all at once, when the disk fills up for one. `offset`: as `writeSync` has it. */
export function writeAll(files: QueueFiles, fd: number, bytes: Buffer, offset?: number): void {
  for (let written = 0; written < bytes.length;) {
    const at = offset === undefined ? undefined : offset + written;
    written += files.writeSync(fd, bytes, written, bytes.length - written, at);
  }
}

/** Pieces that follow one another, with one call to the system where it takes them all. `offset`: as `writeSync` has it. */
export function writePieces(files: QueueFiles, fd: number, pieces: readonly Buffer[], offset?: number): void {
  let written = pieces.length > 1 ? files.writevSync(fd, pieces, offset) : 0;
  let at = offset;
  for (const piece of pieces) {
    const done = Math.min(written, piece.length);
    written -= done;
    if (done < piece.length) writeAll(files, fd, piece.subarray(done), at === undefined ? at : at + done);
    if (at !== undefined) at += piece.length;
  }
}

/** A file with these bytes, in place of one that may be there. Of one that cannot be written nothing stays. */
export function writeFile(path: string, bytes: Buffer, isSynced: boolean, files: QueueFiles): void {
  try {
    writeNew(path, bytes, isSynced, files);
  } catch (error) {
    files.rmSync(path, { force: true });
    throw error;
  }
}

function writeNew(path: string, bytes: Buffer, isSynced: boolean, files: QueueFiles): void {
  const fd = files.openSync(path, 'w', FILE_MODE);
  try {
    writeAll(files, fd, bytes);
    if (isSynced) files.fsyncSync(fd);
  } finally {
    files.closeSync(fd);
  }
}

/** As `syncDirectory`, for what happens so seldom that it may hold up the thread. */
export function syncDirectoryNow(directory: string, files: QueueFiles): void {
  if (CANNOT_SYNC_DIRECTORY) return;
  const fd = files.openSync(directory, 'r');
  try {
    files.fsyncSync(fd);
  } finally {
    files.closeSync(fd);
  }
}
