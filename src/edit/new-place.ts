import { randomBytes } from 'node:crypto';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { asError } from '../basics';
import { parseDataSet, pieces, valuesOfKeyword } from '../dicom';
import { fileNameText, FileOutput, NotPlaced, placeReason } from '../message';
import { compared, type OutgoingObject } from '../object';
import { DICOM_IN } from '../settings';

/** Bytes of an object in a message, at most: a larger one is for a file. */
const MOST_IN_MEMORY = 536_870_912;
/** Of a file that is not complete: patient data. */
const FILE_MODE = 0o600;

/** A new object cannot be put where it is to be. */
export class NotMade extends Error {
  override readonly name = 'NotMade';
  constructor(
    readonly code: 'too-large' | 'not-placed',
    reason: string,
    options?: ErrorOptions,
  ) {
    super(reason, options);
  }
}

/** The object as a Part 10 file, in memory of its own. @throws NotMade `too-large`; what reading the object throws */
export async function bytesOf(object: OutgoingObject): Promise<Buffer> {
  const { source, compare } = await object.wholeFile();
  if (source.size > MOST_IN_MEMORY) throw new NotMade('too-large', `more than ${MOST_IN_MEMORY} bytes`);
  const bytes = Buffer.allocUnsafeSlow(source.size);
  let at = 0;
  for (const piece of pieces(source, 0, source.size)) at += piece.copy(bytes, at);
  await compare();
  return bytes;
}

/**
 * Puts the object into a directory, where dicom-in would put it. It is on the disk, with its name, when this resolves; the
 * same object that is there already stays.
 * @throws NotMade `not-placed`; what reading the object throws
 */
export async function fileOf(
  object: OutgoingObject,
  directory: string,
): Promise<{ filename: string; bulkDataURI: string }> {
  const file = await object.wholeFile();
  const { source, offset } = file;
  const parsed = parseDataSet(source, { transferSyntaxUID: object.transferSyntaxUID, offset });
  const output = new FileOutput({
    directory,
    filenameTemplate: DICOM_IN.defaults.filenameTemplate,
    collision: 'skip-identical',
    queue: 'disk-synced',
  });
  const values = output.keywords.map((keyword): [string, string] => [
    keyword,
    valuesOfKeyword(parsed, keyword).map(fileNameText).join('_'),
  ]);
  const path = join(directory, `.dicom-edit-${randomBytes(8).toString('hex')}.part`);
  await placing(directory, () => mkdir(directory, { recursive: true }));
  const handle = await placing(directory, () => open(path, 'wx+', FILE_MODE));
  try {
    for await (const block of compared(pieces(source, 0, source.size), file))
      await placing(directory, () => handle.writeFile(block));
    const content = { kind: 'file', fd: handle.fd, size: source.size, path } as const;
    const filename = await placing(directory, () => output.place(content, Object.fromEntries(values), true));
    return { filename, bulkDataURI: pathToFileURL(filename).href };
  } finally {
    await handle.close();
    await rm(path, { force: true });
  }
}

async function placing<Result>(directory: string, step: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await step();
  } catch (error) {
    const failed =
      error instanceof NotPlaced ? error : new NotPlaced(asError(error).message, { cause: error });
    throw new NotMade('not-placed', placeReason(failed, directory), { cause: error });
  }
}
