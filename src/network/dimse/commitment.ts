import { bufferSource, convert, type KeywordTags, type KeywordValue } from '../../dicom';
import { COMMITMENT_SOP_CLASS, DEFAULT_TRANSFER_SYNTAX } from '../upper-layer';
import type { CommandSet } from './command-set';
import { Status } from './status';

/** An object whose storage is to be committed. */
export interface Instance {
  sopClassUID: string;
  sopInstanceUID: string;
}

/** What a peer says of its storage of the objects of one request (PS3.4 J.3.3). */
export interface CommitmentReport {
  /** Ours, by which the request is found again. */
  transactionUID: string;
  committed: Instance[];
  /** `reason`: PS3.3 C.14.1.1; 0 where the peer says none. */
  failed: (Instance & { reason: number })[];
}

/** What is to be proposed for it: the transfer syntax that every peer has, for we write the data set ourselves. */
export const COMMITMENT_CONTEXT = {
  abstractSyntax: COMMITMENT_SOP_CLASS,
  transferSyntaxes: [DEFAULT_TRANSFER_SYNTAX],
};

/**
 * Bytes of the data set of a report, and objects in it: far more than belong to a request of ours, and a report has the objects
 * of its request.
 */
export const MAX_REPORT_BYTES = 262_144;
const MAX_INSTANCES = 1_000;

/** In which reports are taken: deflated ones could become any length. */
export const REPORT_SYNTAXES: readonly string[] = ['1.2.840.10008.1.2.1', DEFAULT_TRANSFER_SYNTAX];

/** Group 0008. */
const Tag = {
  referencedSopClassUID: 0x1150,
  referencedSopInstanceUID: 0x1155,
  transactionUID: 0x1195,
  referencedSopSequence: 0x1199,
} as const;

/** The data set of an N-ACTION-RQ (PS3.4 Table J.3-1), in implicit VR little endian. UIDs are plain ASCII. */
export function encodeCommitmentRequest(transactionUID: string, instances: readonly Instance[]): Buffer {
  const items = instances.map(({ sopClassUID, sopInstanceUID }) =>
    element(0xfffe, 0xe000, [
      uidElement(Tag.referencedSopClassUID, sopClassUID),
      uidElement(Tag.referencedSopInstanceUID, sopInstanceUID),
    ]),
  );
  return Buffer.concat([
    uidElement(Tag.transactionUID, transactionUID),
    element(0x0008, Tag.referencedSopSequence, items),
  ]);
}

function uidElement(tag: number, uid: string): Buffer {
  return element(0x0008, tag, [Buffer.from(uid.length % 2 === 0 ? uid : `${uid}\0`, 'latin1')]);
}

function element(group: number, tag: number, parts: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16LE(group, 0);
  header.writeUInt16LE(tag, 2);
  header.writeUInt32LE(
    parts.reduce((sum, part) => sum + part.length, 0),
    4,
  );
  return Buffer.concat([header, ...parts]);
}

/** Event Type IDs: all is committed, or not all (PS3.4 J.3.3.1.1). Which objects are, the lists say. */
const EVENT_TYPES: readonly number[] = [1, 2];

/** The status of an N-EVENT-REPORT-RQ that says nothing of storage; undefined: it may. One that has no type is taken by its lists. */
export function refuseReport({ affectedSopClassUID, eventTypeId }: CommandSet): number | undefined {
  if (affectedSopClassUID !== COMMITMENT_SOP_CLASS) return Status.noSuchSopClass;
  const isKnown = eventTypeId === undefined || EVENT_TYPES.includes(eventTypeId);
  return isKnown ? undefined : Status.noSuchEventType;
}

/**
 * Reads the data set of an N-EVENT-REPORT-RQ (PS3.4 Table J.3-2).
 * @throws DicomError when it cannot be understood; Error when it has more objects than it may have
 */
export function readCommitmentReport(dataSet: Buffer, transferSyntaxUID: string): CommitmentReport {
  const { message } = convert(bufferSource(dataSet), {
    transferSyntaxUID,
    includeCommonFieldsNode: false,
    includeReportNode: false,
    includeTagsNode: true,
    tagsFormat: 'keyword',
  });
  const tags: KeywordTags = message.Tags ?? {};
  const committed = items(tags['ReferencedSOPSequence']);
  const failed = items(tags['FailedSOPSequence']);
  if (committed.length + failed.length > MAX_INSTANCES)
    throw new Error(`a report of more than ${MAX_INSTANCES} objects`);
  return {
    transactionUID: text(tags['TransactionUID']),
    committed: committed.map(instance),
    failed: failed.map((item) => ({
      ...instance(item),
      reason: typeof item['FailureReason'] === 'number' ? item['FailureReason'] : 0,
    })),
  };
}

function instance(item: KeywordTags): Instance {
  return {
    sopClassUID: text(item['ReferencedSOPClassUID']),
    sopInstanceUID: text(item['ReferencedSOPInstanceUID']),
  };
}

function text(value: KeywordValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

function items(value: KeywordValue | undefined): KeywordTags[] {
  const isItem = (each: unknown): each is KeywordTags => typeof each === 'object' && each !== null;
  return Array.isArray(value) ? value.filter(isItem) : [];
}
