import type { DicomChanges } from '../dicom';

/** Attributes by keyword, as `CommonFields` has them. */
export type Fields = Readonly<Record<string, string | number | null>>;

/** An object, as its message tells of it. */
export interface StudyObject {
  /** What its group has in common. */
  key: string;
  studyInstanceUID: string;
  seriesInstanceUID: string;
  sopInstanceUID: string;
  /** Of the study, and of the series. */
  study: Fields;
  series: Fields;
  sopClassUID?: string;
  transferSyntaxUID?: string;
  /** Bytes of the data set. */
  size?: number;
  instanceNumber?: number;
  /** Where it lies; at least one of the three is there. */
  queueId?: string;
  filename?: string;
  file?: string;
  acknowledgeId?: string;
  changes?: DicomChanges;
  /** ISO 8601 */
  receivedAt?: string;
  /** `receivedAt` is when it came over the network, so that "nothing came" counts from then. */
  isReceived: boolean;
  callingAET?: string;
  associationId?: string;
  /** It may have come before. */
  isRedelivered?: boolean;
  /** Of how many objects its group consists, by its own attributes. */
  counted?: number;
}

/** An object in the log. What it shares with others stands in records before it. */
export interface ObjectRecord {
  /** SOP Instance UID */
  i: string;
  /** Series Instance UID */
  s: string;
  /** Study Instance UID, where it is not that of the object before. */
  st?: string;
  /** SOP Class UID, transfer syntax, bytes, Instance Number. */
  c?: string;
  x?: string;
  b?: number;
  n?: number;
  q?: string;
  f?: string;
  p?: string;
  a?: string;
  /** Number of its operations in this period, and the object that they are for. */
  o?: number;
  of?: DicomChanges['of'];
  /** receivedAt, calling AE title, association, own count. */
  at?: string;
  ae?: string;
  as?: string;
  e?: number;
  /** An object of this UID came before. */
  r?: 1;
  /** Milliseconds since the first object of its firing. */
  t: number;
}

/** Why a study is said to be complete. */
export type FiringReason =
  'idle' | 'association-end' | 'expected' | 'required' | 'ceiling' | 'control' | 'full';

/** What the log of a group says, one line each. Each has one member that tells which it is. */
export type LogRecord =
  | { group: string; key: string; by: string; version: 1 }
  | ObjectRecord
  | { study: Fields }
  | { series: string; fields: Fields }
  | { operations: DicomChanges['operations']; number: number }
  /** 0: no number. `met`: what was expected has come and been told of. */
  | { expect: number; instances?: readonly string[]; met?: true }
  | { extend: number }
  | { fired: number; reason: FiringReason; at: string }
  | { acknowledged: number; status: { status: number; comment?: string } }
  | { released: number }
  /** What is left of a group when it is compacted: firings that there were, and the hashes of the UIDs. */
  | { known: number; since: string }
  | { uids: string }
  /** Modalities and series descriptions. */
  | { present: readonly string[] }
  /** The queue did not have an object of the firing that has, or will have, this number. */
  | { lost: string; of: number }
  /** Somebody wants it to be sent, or to be forgotten: what others ask of the instance that has the group. */
  | { fire: true }
  | { forget: { status: number; comment?: string } };

/** A log that cannot be used: a later version of the package has written it, or the disk does not give it. */
export class UnknownLog extends Error {
  override readonly name = 'UnknownLog';
  readonly code = 'UNKNOWN_LOG';
}
