import type { FileMeta } from '../dicom';
import { IMPLEMENTATION_CLASS_UID } from '../network';
import type { ObjectEnvelope } from './message';

/**
 * The envelope is kept inside the object's own file, as the Private Information that PS3.10 7.1 provides for, so that
 * an object and its facts are one file: written, synced, recovered and deleted together.
 */
export function encodeEnvelope(envelope: ObjectEnvelope): NonNullable<FileMeta['privateInformation']> {
  return { creatorUID: IMPLEMENTATION_CLASS_UID, bytes: Buffer.from(JSON.stringify(envelope), 'utf8') };
}

/** @throws an Error when the file was not written by `encodeEnvelope` */
export function decodeEnvelope(meta: FileMeta): ObjectEnvelope {
  const { privateInformation } = meta;
  if (privateInformation?.creatorUID !== IMPLEMENTATION_CLASS_UID) {
    throw new Error('the file was not written by this receiver');
  }
  // An OB value of odd length was padded with one NUL.
  const text = privateInformation.bytes.toString('utf8').replace(/\0$/, '');
  return JSON.parse(text) as ObjectEnvelope;
}
