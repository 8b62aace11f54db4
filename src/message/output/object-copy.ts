import { constants } from 'node:fs';
import { beat, isUnsupported, writeAll, writePieces, type OnWarning } from '../../basics';
import type { ObjectContent } from '../../queue';
import type { OutputFiles } from './output-files';

/** These files are for other programs, unlike the queue's: they get what the process' umask leaves. */
const OPEN_MODE = 0o666;
/** Copied at a time where the system does not copy. */
const CHUNK = 1_048_576;

/** Reasons for which a copy would fail in any other way, too. */
const FINAL = new Set(['EEXIST', 'ENOSPC', 'EDQUOT', 'EIO', 'ENOENT', 'EROFS', 'EMFILE', 'ENFILE']);

/**
 * Writes an object to a file that is not there yet, with its own bytes: writing to it does not change the queue's file.
 * Of one that cannot be written nothing stays.
 * @throws the system's error
 */
export function copyObject(
  content: ObjectContent,
  to: string,
  isSynced: boolean,
  files: OutputFiles,
  onWarning: OnWarning,
): void {
  const fd = files.openSync(to, 'wx', OPEN_MODE);
  try {
    try {
      if (content.kind === 'memory') writePieces(files, fd, [...content.bytes.pieces()]);
      else copyFile(content, to, fd, files, onWarning);
      if (isSynced) files.fsyncSync(fd);
    } finally {
      files.closeSync(fd);
    }
  } catch (error) {
    files.unlinkSync(to);
    throw error;
  }
}

/** By the system where it can: some file systems share the bytes until one of both is changed, which costs nothing. */
function copyFile(
  { path, fd: from, size }: ObjectContent & { kind: 'file' },
  to: string,
  fd: number,
  files: OutputFiles,
  onWarning: OnWarning,
): void {
  try {
    files.copyFileSync(path, to, constants.COPYFILE_FICLONE);
  } catch (error) {
    if (FINAL.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    // It sets the mode, too, which file systems without modes do not let everybody do.
    copyBytes(from, size, fd, files);
    return;
  }
  try {
    files.chmodSync(to, OPEN_MODE & ~process.umask());
  } catch (error) {
    if (!isUnsupported(error)) throw error;
    onWarning({ kind: 'modeNotSet', values: { directory: to, reason: (error as Error).message } });
  }
}

function copyBytes(from: number, size: number, to: number, files: OutputFiles): void {
  const chunk = Buffer.allocUnsafe(Math.min(CHUNK, size));
  for (let offset = 0; offset < size;) {
    const length = files.readSync(from, chunk, 0, Math.min(chunk.length, size - offset), offset);
    if (length === 0) throw new Error('the object became shorter while it was copied');
    writeAll(files, to, chunk.subarray(0, length), offset);
    offset += length;
    beat();
  }
}
