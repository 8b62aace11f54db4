import {
  type ByteSource,
  encodeFileMeta,
  IMPLEMENTATION_CLASS_UID,
  IMPLEMENTATION_VERSION_NAME,
  knownClass,
  type ParsedDataSet,
  readFileMeta,
} from '../dicom';
import type { FileEnvelope, ObjectEnvelope } from './envelope';

/** Of the envelope as it is written. The one of version 0.1 has none. */
const ENVELOPE_VERSION = 1;

/** The code of `NewerEnvelope`. It is none of the system: no disk is to be looked at. */
export const LATER_VERSION = 'LATER_VERSION';

/** A later version of this package has written the object: it is left to that. */
export class NewerEnvelope extends Error {
  override readonly name = 'NewerEnvelope';
  readonly code = LATER_VERSION;
}

/** What stands before an object's data set in its file. */
export interface ObjectHead<Envelope extends FileEnvelope = ObjectEnvelope> {
  envelope: Envelope;
  /** Bytes up to the data set. */
  length: number;
}

/** What is known of an object that has just been received, and noted in the queue. */
export interface ObjectNote {
  head: ObjectHead;
  /** Undefined: too large to be kept. */
  dataSet: ParsedDataSet | undefined;
}

/**
 * The Part 10 header of an object that is being received. The envelope is kept inside the object's own file, as the
 * Private Information that PS3.10 7.1 provides for, so that an object and its facts are one file: written, synced,
 * recovered and deleted together.
 */
export function encodeHead(envelope: ObjectEnvelope): Buffer {
  const { callingAET, calledAET, sopClassUID, sopInstanceUID, transferSyntaxUID } = envelope;
  return encodeFileMeta({
    sopClassUID: knownClass(sopClassUID),
    sopInstanceUID,
    transferSyntaxUID,
    implementationClassUID: IMPLEMENTATION_CLASS_UID,
    implementationVersionName: IMPLEMENTATION_VERSION_NAME,
    sourceAET: callingAET,
    sendingAET: callingAET,
    receivingAET: calledAET,
    privateInformation: {
      creatorUID: IMPLEMENTATION_CLASS_UID,
      bytes: Buffer.from(JSON.stringify({ version: ENVELOPE_VERSION, ...envelope }), 'utf8'),
    },
  });
}

/**
 * @throws DicomError when the file has no file meta information
 * @throws NewerEnvelope when a later version has written it
 * @throws an Error when it was not written by `encodeHead`
 */
export function readHead(source: ByteSource): ObjectHead {
  const { privateInformation, dataSetOffset: length } = readFileMeta(source);
  if (privateInformation?.creatorUID !== IMPLEMENTATION_CLASS_UID) {
    throw new Error('the file was not written by this receiver');
  }
  const { bytes } = privateInformation;
  // An OB value of odd length was padded with one NUL.
  const end = bytes.at(-1) === 0 ? bytes.length - 1 : bytes.length;
  const { version = 0, ...envelope } = JSON.parse(bytes.toString('utf8', 0, end)) as Versioned;
  if (version > ENVELOPE_VERSION)
    throw new NewerEnvelope(
      'it was received by a later version of this package: go back to that version to have it delivered',
    );
  return { envelope, length };
}

type Versioned = ObjectEnvelope & { version?: number };
