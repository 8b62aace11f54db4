import { dirname, resolve } from 'node:path';
import { FILE_MODE, type DiskFiles } from './disk-files';
import type { DiskWarning } from './disk-warning';
import { makeDirectory, type MakingFiles } from './make-directory';

/** Windows cannot open a directory, and its file systems journal renames. */
const CANNOT_SYNC_DIRECTORY = process.platform === 'win32';

/** How file systems say that something cannot be had from them at all. Other errors are failures. */
const UNSUPPORTED = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EISDIR', 'EPERM']);

/** For an error that says what a file system cannot do, not that it failed to do it. */
export function isUnsupported(error: unknown): boolean {
  return UNSUPPORTED.has((error as NodeJS.ErrnoException).code ?? '');
}

/** Told each time that something is not supported: who listens tells people once. */
export type OnWarning = (warning: DiskWarning) => void;

/**
 * Makes the names in a directory durable. Where the file system cannot do that (old CIFS, vboxsf, HGFS), it is only told.
 * @throws the system's error, where syncing failed
 */
export async function syncDirectory(
  directory: string,
  files: Pick<DiskFiles, 'openSync' | 'sync' | 'closeSync'>,
  onWarning?: OnWarning,
): Promise<void> {
  const opened = openDirectory(directory, files, onWarning);
  if (opened === undefined) return;
  await files.sync(opened.fd).then(() => opened.close(), opened.close);
}

/** As `syncDirectory`, for what happens so seldom that it may hold up the thread. */
export function syncDirectoryNow(directory: string, files: SyncingFiles, onWarning?: OnWarning): void {
  const opened = openDirectory(directory, files, onWarning);
  if (opened === undefined) return;
  try {
    files.fsyncSync(opened.fd);
  } catch (error) {
    opened.close(error);
    return;
  }
  opened.close();
}

interface OpenDirectory {
  fd: number;
  /** @param error why it could not be synced; thrown, unless the file system cannot do that */
  close: (error?: unknown) => void;
}

/** Undefined: directories cannot be synced here. @throws the system's error */
function openDirectory(
  directory: string,
  files: Pick<DiskFiles, 'openSync' | 'closeSync'>,
  onWarning: OnWarning | undefined,
): OpenDirectory | undefined {
  if (CANNOT_SYNC_DIRECTORY) return undefined;
  const notSynced = (error: unknown): void => {
    if (!isUnsupported(error)) throw error;
    onWarning?.({ kind: 'directoryNotSynced', values: { directory, reason: (error as Error).message } });
  };
  try {
    const fd = files.openSync(directory, 'r');
    return {
      fd,
      close: (error) => {
        files.closeSync(fd);
        if (error !== undefined) notSynced(error);
      },
    };
  } catch (error) {
    notSynced(error);
    return undefined;
  }
}

/**
 * Opens a file to read it. A pipe of that name would be waited for until somebody writes to it, which is for ever.
 * @throws the system's error, or an Error without code if it is not a file
 */
export function openToRead(path: string, files: Pick<DiskFiles, 'openSync' | 'statSync'>): number {
  if (!files.statSync(path).isFile()) throw new Error(`${path} is not a file`);
  return files.openSync(path, 'r');
}

export type SyncingFiles = Pick<DiskFiles, 'openSync' | 'fsyncSync' | 'closeSync'>;

export interface MakingOptions {
  /** For new directories. */
  mode?: number;
  /** Up to here, names above the directory are synced in any case; undefined: all of them. */
  top?: string;
  onWarning?: OnWarning | undefined;
}

/**
 * Creates a directory, and those above it that are missing, and makes the name of each durable in the one above it. So it
 * does with names that were there before: an earlier run may have ended between the two.
 * @throws the system's error, where a new directory's name cannot be made durable
 */
export function makeDurableDirectory(
  directory: string,
  files: SyncingFiles & MakingFiles,
  { mode, top, onWarning }: MakingOptions = {},
): void {
  const created = makeDirectory(directory, files, mode);
  const firstNew = created === undefined ? undefined : resolve(created);
  let isNew = firstNew !== undefined;
  for (let level = resolve(directory); level !== dirname(level); level = dirname(level)) {
    try {
      syncDirectoryNow(dirname(level), files, isNew ? onWarning : undefined);
    } catch (error) {
      // One that is not ours need not let us read it.
      if (isNew || (error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
    }
    if (level === firstNew) isNew = false;
    if (level === top && !isNew) return;
  }
}

/** The file system cannot sync files: `disk-synced` promises what cannot be kept. */
export class NotSyncable extends Error {
  override readonly name = 'NotSyncable';
  readonly code = 'NOT_SYNCABLE';

  constructor(
    readonly directory: string,
    readonly reason: string,
  ) {
    super(`files in ${directory} cannot be synced (${reason})`);
  }
}

/**
 * Tries out whether files and names can be synced in the directory of this path, at which there is nothing yet, and nothing
 * afterwards. What fails for another reason, such as a full disk, does not decide this.
 * @throws NotSyncable when files cannot
 */
export function checkSyncing(
  path: string,
  files: SyncingFiles & Pick<DiskFiles, 'unlinkSync'>,
  onWarning?: OnWarning,
): void {
  try {
    const fd = files.openSync(path, 'wx', FILE_MODE);
    try {
      files.fsyncSync(fd);
    } catch (error) {
      if (isUnsupported(error)) throw new NotSyncable(dirname(path), (error as Error).message);
    } finally {
      files.closeSync(fd);
      files.unlinkSync(path);
    }
    syncDirectoryNow(dirname(path), files, onWarning);
  } catch (error) {
    if (error instanceof NotSyncable) throw error;
  }
}

/** Tells each kind of warning once. */
export function once(onWarning: OnWarning): OnWarning {
  const told = new Set<DiskWarning['kind']>();
  return (warning) => {
    if (told.has(warning.kind)) return;
    told.add(warning.kind);
    onWarning(warning);
  };
}

/** Waits for all, also when one fails: its file is about to be closed. @throws what the first of them failed with */
export async function allSettled(operations: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(operations);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

export type WritingFiles = Pick<DiskFiles, 'writeSync' | 'writevSync'>;

/** The system may take less than all at once, when the disk fills up for one. `offset`: as `writeSync` has it. */
export function writeAll(files: WritingFiles, fd: number, bytes: Buffer, offset?: number): void {
  for (let written = 0; written < bytes.length;) {
    const at = offset === undefined ? undefined : offset + written;
    written += files.writeSync(fd, bytes, written, bytes.length - written, at);
  }
}

/** Pieces that follow one another, with one call to the system where it takes them all. `offset`: as `writeSync` has it. */
export function writePieces(
  files: WritingFiles,
  fd: number,
  pieces: readonly Buffer[],
  offset?: number,
): void {
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
export function writeFile(path: string, bytes: Buffer, isSynced: boolean, files: DiskFiles): void {
  try {
    writeNew(path, bytes, isSynced, files);
  } catch (error) {
    files.rmSync(path, { force: true });
    throw error;
  }
}

function writeNew(path: string, bytes: Buffer, isSynced: boolean, files: DiskFiles): void {
  const fd = files.openSync(path, 'w', FILE_MODE);
  try {
    writeAll(files, fd, bytes);
    if (isSynced) files.fsyncSync(fd);
  } finally {
    files.closeSync(fd);
  }
}
