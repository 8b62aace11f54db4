import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { MessagePort } from 'node:worker_threads';
import type { MadeMessage } from './made-message';
import { waitForDisk } from '../basics';
import { DicomError, encapsulatedDocument, parseDataSet, withHeader } from '../dicom';
import type { PayloadSettings } from '../message';
import { openBytes, type OutgoingObject } from '../object';
import { openGiven, type Given } from './given';
import { messageOf } from './parse';

export interface ReadTask {
  payload: PayloadSettings;
  /** The document of an object that encapsulates one is wanted, too. */
  document: boolean;
  /** A data set without the header of a Part 10 file is taken: as implicit VR little endian, or as it is seen to be. */
  acceptHeadless: boolean;
}

/** The message of an object that came as bytes or as a file. */
export interface ReadMessage extends MadeMessage {
  /** The object with a header, where it came without. */
  object?: Uint8Array;
  document?: { mediaType: string; title?: string; data: Uint8Array };
}

/** A data set without a header is read into memory. */
const MOST_HEADLESS = 268_435_456;
/** SOP classes of encapsulated documents. */
const DOCUMENT_CLASSES = '1.2.840.10008.5.1.4.1.1.104.';

/**
 * The message of a given object, and where its values lie.
 * @throws as `openGiven`; DicomError `no-file-meta` where it is none
 */
export async function read(
  given: Given,
  port: MessagePort | undefined,
  { payload, document, acceptHeadless }: ReadTask,
): Promise<ReadMessage> {
  const { place } = given;
  try {
    const kept =
      place.kind === 'file' ? { bulkDataURI: pathToFileURL(place.path).href } : { hasObject: true };
    return await readFrom(await openGiven(given, port), { ...payload, ...kept }, document);
  } catch (error) {
    const isHeadless = error instanceof DicomError && error.code === 'no-file-meta';
    if (!isHeadless || !acceptHeadless || place.kind === 'opened') throw error;
  }
  const bytes = withHeader(place.kind === 'bytes' ? bufferOf(place.bytes) : wholeFile(place.path));
  const kept = { hasObject: true };
  const message = await readFrom(await openBytes(bytes), { ...payload, ...kept }, document);
  return { ...message, object: bytes };
}

async function readFrom(
  object: OutgoingObject,
  payload: PayloadSettings,
  withDocument: boolean,
): Promise<ReadMessage> {
  try {
    const message = await messageOf(object, payload);
    const document =
      withDocument && object.sopClassUID.startsWith(DOCUMENT_CLASSES) ? await documentOf(object) : undefined;
    return { ...message, ...(document && { document }) };
  } finally {
    await object.close();
  }
}

async function documentOf(object: OutgoingObject): Promise<ReadMessage['document']> {
  const { source, offset, compare } = await object.wholeFile();
  const parsed = parseDataSet(source, { transferSyntaxUID: object.transferSyntaxUID, offset });
  const document = encapsulatedDocument(parsed, source);
  await compare();
  return document;
}

const bufferOf = ({ buffer, byteOffset, length }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, length);

/** Nobody waits for the other end of a pipe, and a device may have no end. */
const FLAGS = constants.O_RDONLY | ((constants.O_NONBLOCK as number | undefined) ?? 0);

function wholeFile(path: string): Buffer {
  const fd = waitForDisk(() => openSync(path, FLAGS));
  try {
    const stats = waitForDisk(() => fstatSync(fd));
    if (!stats.isFile()) throw new DicomError('no-file-meta', 'it is not a file');
    if (stats.size > MOST_HEADLESS)
      throw new DicomError('no-file-meta', `without a header, a file has at most ${MOST_HEADLESS} bytes`);
    return waitForDisk(() => readFileSync(fd));
  } finally {
    closeSync(fd);
  }
}
