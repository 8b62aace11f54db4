import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { beat } from '../../basics';
import { DicomError, fileSource, readFileMeta, type ByteSource } from '../../dicom';
import { contentSource } from '../../object';
import type { OutputContent } from './object-copy';
import type { OutputFiles } from './output-files';

/** Compared at a time. Different objects mostly differ in the first of them. */
const CHUNK = 65_536;

/**
 * How alike a file must be. `bytes`: the whole file, so that it is this object of this very association, because our file meta
 * information says when and from whom it came. `dataSet`: whoever sent it, and whenever.
 */
export type Likeness = 'bytes' | 'dataSet';

/** What is at a path, compared with an object. Something that cannot be read is another. @throws the system's error */
export function compareWith(
  path: string,
  content: OutputContent,
  likeness: Likeness,
  files: OutputFiles,
): 'nothing' | 'same' | 'another' {
  let fd: number;
  try {
    // A pipe of this name would wait for a writer.
    fd = files.openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return 'nothing';
    if (code === 'EACCES' || code === 'EPERM' || code === 'ENXIO' || code === 'ELOOP') return 'another';
    throw error;
  }
  try {
    const found = files.fstatSync(fd);
    if (!found.isFile()) return 'another';
    const ours = part(sourceOf(content), likeness);
    const theirs = part(fileSource(fd, found.size), likeness);
    return ours.transferSyntaxUID === theirs.transferSyntaxUID && haveSameBytes(ours, theirs)
      ? 'same'
      : 'another';
  } finally {
    files.closeSync(fd);
  }
}

/** A name for what an object is: the same for the same data set. Hexadecimal. */
export function dataSetHash(content: OutputContent): string {
  const { source, start } = part(sourceOf(content), 'dataSet');
  const hash = createHash('sha256');
  for (let offset = start; offset < source.size; offset += CHUNK) {
    hash.update(source.read(offset, Math.min(CHUNK, source.size - offset)));
    beat();
  }
  return hash.digest('hex');
}

function sourceOf(content: OutputContent): ByteSource {
  return content.kind === 'source' ? content.source : contentSource(content);
}

/** The bytes of a source from `start` on. */
interface Part {
  source: ByteSource;
  start: number;
  /** Undefined: it is no DICOM file, or that does not matter. */
  transferSyntaxUID: string | undefined;
}

function part(source: ByteSource, likeness: Likeness): Part {
  const whole: Part = { source, start: 0, transferSyntaxUID: undefined };
  if (likeness === 'bytes') return whole;
  try {
    const { dataSetOffset: start, transferSyntaxUID } = readFileMeta(source);
    return { source, start, transferSyntaxUID };
  } catch (error) {
    if (error instanceof DicomError) return whole;
    throw error;
  }
}

function haveSameBytes(ours: Part, theirs: Part): boolean {
  const size = ours.source.size - ours.start;
  if (size !== theirs.source.size - theirs.start) return false;
  for (let offset = 0; offset < size; offset += CHUNK) {
    const length = Math.min(CHUNK, size - offset);
    const one = ours.source.read(ours.start + offset, length);
    if (!one.equals(theirs.source.read(theirs.start + offset, length))) return false;
    beat();
  }
  return true;
}
