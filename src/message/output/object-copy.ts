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
  const isCopied = content.kind === 'file' && copyBySystem(content.path, to, files);
  let isOurs = isCopied;
  try {
    const fd = files.openSync(to, isCopied ? 'r+' : 'wx', OPEN_MODE);
    isOurs = true;
    try {
      if (content.kind === 'memory') writePieces(files, fd, [...content.bytes.pieces()]);
      else if (isCopied) openUp(to, files, onWarning);
      else copyBytes(content.fd, content.size, fd, files);
      if (isSynced) files.fsyncSync(fd);
    } finally {
      files.closeSync(fd);
    }
  } catch (error) {
    if (isOurs) files.unlinkSync(to);
    throw error;
  }
}

/**
 * Some file systems share the bytes until one of both files is changed, which costs nothing. False: the system cannot do
 * it, for example because it sets the mode, too, which file systems without modes do not let everybody do. It has removed
 * the file then.
 */
function copyBySystem(from: string, to: string, files: OutputFiles): boolean {
  try {
    files.copyFileSync(from, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if (FINAL.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return false;
  }
}

/** The copy has the mode of the queue's file. */
function openUp(path: string, files: OutputFiles, onWarning: OnWarning): void {
  try {
    files.chmodSync(path, OPEN_MODE & ~process.umask());
  } catch (error) {
    if (!isUnsupported(error)) throw error;
    onWarning({ kind: 'modeNotSet', values: { directory: path, reason: (error as Error).message } });
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
