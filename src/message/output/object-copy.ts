import { constants } from 'node:fs';
import { beat, isUnsupported, writeAll, writePieces, type OnWarning } from '../../basics';
import { pieces, type ByteSource } from '../../dicom';
import type { ObjectContent } from '../../queue';
import type { OutputFiles } from './output-files';

/** The bytes that are put into a file: of a queued object, or of one that is made while it is read. */
export type OutputContent = ObjectContent | { kind: 'source'; source: ByteSource };

/** These files are for other programs, unlike the queue's: they get what the process' umask leaves. */
const OPEN_MODE = 0o666;
/** Copied at a time, in the same memory: a megabyte takes twice the CPU time, as it does not stay in the cache. */
const CHUNK = 262_144;

/**
 * Writes an object to a file that is not there yet, with its own bytes: writing to it does not change the queue's file.
 * Of one that cannot be written nothing stays.
 * @throws the system's error
 */
export function copyObject(
  content: OutputContent,
  to: string,
  isSynced: boolean,
  files: OutputFiles,
  onWarning: OnWarning,
): void {
  const isClone = content.kind === 'file' && isCloned(content.path, to, files);
  let isOurs = isClone;
  try {
    const fd = files.openSync(to, isClone ? 'r+' : 'wx', OPEN_MODE);
    isOurs = true;
    try {
      if (isClone) setMode(to, files, onWarning);
      else writeContent(content, fd, files);
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
 * Some file systems share the bytes until one of both is changed, which costs nothing. That, and not more, the system is
 * asked for: it would copy a large object in one call, in which nobody sees that the disk works. False: nothing is there.
 */
function isCloned(from: string, to: string, files: OutputFiles): boolean {
  try {
    files.copyFileSync(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch (error) {
    // Whatever else it is, writing fails with it, too.
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw error;
    return false;
  }
}

/** A clone has the mode of the queue's file. Not every file system has modes, or lets everybody set them. */
function setMode(path: string, files: OutputFiles, onWarning: OnWarning): void {
  try {
    files.chmodSync(path, OPEN_MODE & ~process.umask());
  } catch (error) {
    if (!isUnsupported(error)) throw error;
    onWarning({ kind: 'modeNotSet', values: { directory: path, reason: (error as Error).message } });
  }
}

function writeContent(content: OutputContent, fd: number, files: OutputFiles): void {
  if (content.kind === 'memory') writePieces(files, fd, [...content.bytes.pieces()]);
  else if (content.kind === 'source') writeSource(content.source, fd, files);
  else copyBytes(content.fd, content.size, fd, files);
}

function writeSource(source: ByteSource, fd: number, files: OutputFiles): void {
  const memory = Buffer.allocUnsafeSlow(Math.min(CHUNK, source.size));
  for (const piece of pieces(source, 0, source.size, 1, memory)) {
    writeAll(files, fd, piece);
    beat();
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
