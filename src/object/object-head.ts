import {
  type ByteSource,
  encodeFileMeta,
  IMPLEMENTATION_CLASS_UID,
  IMPLEMENTATION_VERSION_NAME,
  knownClass,
  type ParsedDataSet,
  readFileMeta,
} from '../dicom';
import type { ObjectEnvelope } from './envelope';

/** What stands before an object's data set in its file. */
export interface ObjectHead {
  envelope: ObjectEnvelope;
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
      bytes: Buffer.from(JSON.stringify(envelope), 'utf8'),
    },
  });
}

/**
 * @throws DicomError when the file has no file meta information
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
  return { envelope: JSON.parse(bytes.toString('utf8', 0, end)) as ObjectEnvelope, length };
}
