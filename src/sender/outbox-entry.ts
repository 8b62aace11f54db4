import {
  encodeFileMeta,
  IMPLEMENTATION_CLASS_UID,
  IMPLEMENTATION_VERSION_NAME,
  knownClass,
  readFileMeta,
  type ByteSource,
} from '../dicom';
import type { ObjectUids } from '../object';

/** Of a note as it is written. */
const NOTE_VERSION = 1;

/** What an object in an outbox is to be told of: it lies in the object's own file, so that the two are one. */
export interface OutboxNote {
  /** `msg.dicom.sent.id`: the same in each outcome of the object. */
  sentId: string;
  /** The id of the peer's node. */
  peer: string;
  /** Where no node has the peer: its name, and what makes it again. */
  peerName?: string;
  definedPeer?: unknown;
  /** Of the message with which it came, for the message that tells the outcome. */
  topic?: unknown;
  dicom?: Record<string, unknown>;
  messageId?: string;
  /** ISO 8601; tries end so long after it. */
  storedAt: string;
}

/** A later version of this package has written the object: it is left to that. */
export class NewerNote extends Error {
  override readonly name = 'NewerNote';
  readonly code = 'EVERSION';
}

/** A note that is longer has no place in an object's file; what comes with messages is far shorter. */
const MOST_NOTE_BYTES = 262_144;

/** What stands before the data set of an object in an outbox. @throws RangeError for a note that is too long */
export function encodeEntryHead(uids: ObjectUids, note: OutboxNote): Buffer {
  const bytes = Buffer.from(JSON.stringify({ version: NOTE_VERSION, ...note }), 'utf8');
  if (bytes.length > MOST_NOTE_BYTES)
    throw new RangeError('msg.dicom is too large to be kept with the object');
  return encodeFileMeta({
    ...uids,
    sopClassUID: knownClass(uids.sopClassUID),
    implementationClassUID: IMPLEMENTATION_CLASS_UID,
    implementationVersionName: IMPLEMENTATION_VERSION_NAME,
    privateInformation: { creatorUID: IMPLEMENTATION_CLASS_UID, bytes },
  });
}

/**
 * @throws DicomError when there is no file meta information
 * @throws NewerNote when a later version has written it
 * @throws Error when it is of no outbox
 */
export function readEntry(source: ByteSource): OutboxNote & ObjectUids {
  const { privateInformation, sopClassUID, sopInstanceUID, transferSyntaxUID } = readFileMeta(source);
  if (privateInformation?.creatorUID !== IMPLEMENTATION_CLASS_UID)
    throw new Error('the file was not written by an outbox');
  const { version, ...note } = JSON.parse(textOf(privateInformation.bytes)) as Versioned;
  if (version > NOTE_VERSION)
    throw new NewerNote(
      'it was stored by a later version of this package: go back to that version to have it sent',
    );
  return { ...note, sopClassUID, sopInstanceUID, transferSyntaxUID };
}

type Versioned = OutboxNote & { version: number };

/** An OB value of odd length was padded with one NUL. */
const textOf = (bytes: Buffer): string =>
  bytes.toString('utf8', 0, bytes.length - Number(bytes.at(-1) === 0));
