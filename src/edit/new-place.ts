import { rmSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { waitForDisk } from '../basics';
import { type ByteSource, parseDataSet, pieces } from '../dicom';
import { fileNameTexts, FileOutput, NotPlaced, placeCode, placeReason } from '../message';
import type { OutgoingObject } from '../object';
import type { DicomInSettings } from '../settings';

/** Bytes of an object in a message, at most: a larger one is for a file. */
const MOST_IN_MEMORY = 536_870_912;

/** A new object cannot be put where it is to be. */
class NotMade extends Error {
  override readonly name = 'NotMade';
  constructor(
    readonly code: 'too-large' | 'not-placed' | 'name-refused',
    reason: string,
    options?: ErrorOptions,
  ) {
    super(reason, options);
  }
}

/**
 * The object as a Part 10 file, in memory of its own.
 * @param most bytes that it may have
 * @throws NotMade `too-large`; what reading the object throws
 */
export async function bytesOf(object: OutgoingObject, most = MOST_IN_MEMORY): Promise<Buffer<ArrayBuffer>> {
  const { source, compare } = await object.wholeFile();
  if (source.size > most)
    throw new NotMade('too-large', `the object has more than ${most} bytes; choose a file instead`);
  const bytes = copyOf(source);
  await compare();
  return bytes;
}

/** All of it, in memory of its own. */
export function copyOf(source: ByteSource): Buffer<ArrayBuffer> {
  const bytes = Buffer.allocUnsafeSlow(source.size);
  let at = 0;
  for (const piece of pieces(source, 0, source.size)) at += piece.copy(bytes, at);
  return bytes;
}

/** Where a new object is put, and what happens to a file that has its name. */
export type NewFile = Pick<DicomInSettings, 'directory' | 'filenameTemplate' | 'collision'>;

/**
 * Puts the object into a directory. It is on the disk, with its name, when this resolves; the same object that is there already
 * may stay.
 * @throws NotMade `not-placed` or `name-refused`; what reading the object throws
 */
export async function fileOf(
  object: OutgoingObject,
  file: NewFile,
): Promise<{ filename: string; bulkDataURI: string }> {
  const { source, offset, compare } = await object.wholeFile();
  const parsed = parseDataSet(source, { transferSyntaxUID: object.transferSyntaxUID, offset });
  const output = new FileOutput({ ...file, queue: 'disk-synced' });
  const { path: filename, isNew } = put(output, source, fileNameTexts(output, parsed), file);
  try {
    await compare();
  } catch (error) {
    // It was made of bytes that were not all of the same object. One that was there before is the same object's, from another time.
    if (isNew) waitForDisk(() => rmSync(filename));
    throw error;
  }
  return { filename, bulkDataURI: pathToFileURL(filename).href };
}

function put(
  output: FileOutput,
  source: ByteSource,
  values: Record<string, string>,
  { directory }: NewFile,
): ReturnType<FileOutput['put']> {
  try {
    return output.put({ kind: 'source', source }, values, false);
  } catch (error) {
    if (error instanceof NotPlaced)
      throw new NotMade(placeCode(error), placeReason(error, directory), { cause: error });
    throw error;
  }
}
