import type { LetterFacts } from '../admin-api';
import {
  encodeFileMeta,
  IMPLEMENTATION_CLASS_UID,
  IMPLEMENTATION_VERSION_NAME,
  knownClass,
  parseDataSet,
  readFileMeta,
  type ByteSource,
} from '../dicom';
import { classFacts, contentSource, dataSetFacts, LATER_VERSION, type ObjectUids } from '../object';
import type { QueuedObject } from '../queue';

/** Of a note as it is written. */
const NOTE_VERSION = 2;

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
  /** What lies here is not what the message's object was: see `SendJob.isChanged`. Since version 2. */
  isChanged?: true;
  /** ISO 8601; tries end so long after it. */
  storedAt: string;
}

/** A later version of this package has written the object: it is left to that. */
export class NewerNote extends Error {
  override readonly name = 'NewerNote';
  readonly code = LATER_VERSION;
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

/** The note of an object that is not what was stored, as far as it can be read. */
export function noteLeft(queued: QueuedObject): OutboxNote & Partial<ObjectUids> {
  try {
    return queued.read((content) => readEntry(contentSource(content)), true);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return noNote(queued.id);
  }
}

/** Of an object with this id, of which nothing else is known. */
export function noNote(id: string): OutboxNote & Partial<ObjectUids> {
  return { sentId: id, peer: '', storedAt: '' };
}

/** What people see of an object that could not be sent: as much as can be read. */
export function entryFacts(queued: QueuedObject): LetterFacts {
  const facts: LetterFacts = {};
  try {
    queued.read((content) => {
      const source = contentSource(content);
      facts.size = source.size;
      const { sopClassUID, sopInstanceUID, transferSyntaxUID, dataSetOffset } = readFileMeta(source);
      Object.assign(facts, classFacts(sopClassUID), { sopInstanceUID });
      const { storedAt: receivedAt, dicom } = readEntry(source);
      Object.assign(facts, { receivedAt }, callerIn(dicom));
      Object.assign(facts, dataSetFacts(parseDataSet(source, { transferSyntaxUID, offset: dataSetOffset })));
    }, true);
  } catch (error) {
    // What has been read is told; why no more could be is not what made it a dead letter.
    if (!(error instanceof Error)) throw error;
  }
  return facts;
}

/** Who had sent it to us, as its message says: flows may have put anything there. */
function callerIn({ callingAET }: Record<string, unknown> = {}): LetterFacts {
  return typeof callingAET === 'string' ? { callingAET } : {};
}

type Versioned = OutboxNote & { version: number };

/** An OB value of odd length was padded with one NUL. */
const textOf = (bytes: Buffer): string =>
  bytes.toString('utf8', 0, bytes.length - Number(bytes.at(-1) === 0));
