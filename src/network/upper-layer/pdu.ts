/** PDU types, result and reason codes of the DICOM upper layer, and the PDUs that we write ourselves (PS3.8 9.3). */

export const PduType = {
  associateRQ: 0x01,
  associateAC: 0x02,
  associateRJ: 0x03,
  dataTF: 0x04,
  releaseRQ: 0x05,
  releaseRP: 0x06,
  abort: 0x07,
} as const;
export type PduType = (typeof PduType)[keyof typeof PduType];

export const PDU_HEADER_LENGTH = 6;
/** Length, presentation context id and message control header in front of every PDV (PS3.8 9.3.5.1). */
export const PDV_HEADER_LENGTH = 6;

/** True for a maximum length (PS3.8 D.1; 0: no limit) that leaves room for a fragment of a message. */
export function isPeerLength(length: number): boolean {
  return length === 0 || length > PDV_HEADER_LENGTH;
}

/** The longest A-ASSOCIATE-RQ that we read: 128 contexts with 50 transfer syntaxes of 64 characters each fit. */
export const MAX_ASSOCIATE_LENGTH = 524_288;

/** A-ABORT source (PS3.8 9.3.8). */
export const AbortSource = { user: 0, provider: 2 } as const;
export type AbortSource = (typeof AbortSource)[keyof typeof AbortSource];

/** A-ABORT reason, significant when the source is the provider (PS3.8 9.3.8). */
export const AbortReason = {
  notSpecified: 0,
  unrecognizedPdu: 1,
  unexpectedPdu: 2,
  unrecognizedParameter: 4,
  unexpectedParameter: 5,
  invalidParameter: 6,
} as const;
export type AbortReason = (typeof AbortReason)[keyof typeof AbortReason];

/** Result, source and reason of an A-ASSOCIATE-RJ (PS3.8 9.3.4), with words for an operator. */
export interface Rejection {
  result: 1 | 2;
  source: 1 | 2 | 3;
  reason: number;
  text: string;
}

/** Presentation context results of an A-ASSOCIATE-AC (PS3.8 9.3.3.2). */
export const ContextResult = {
  accept: 0,
  userRejection: 1,
  noReason: 2,
  abstractSyntaxNotSupported: 3,
  transferSyntaxesNotSupported: 4,
} as const;
export type ContextResult = (typeof ContextResult)[keyof typeof ContextResult];

/** The peer broke the protocol: the association ends with an A-ABORT from the provider for this reason. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';

  constructor(
    readonly reason: AbortReason,
    message: string,
  ) {
    super(message);
  }
}

/** An A-ASSOCIATE-RJ PDU (PS3.8 9.3.4). */
export function encodeReject({ result, source, reason }: Rejection): Buffer {
  return Buffer.from([PduType.associateRJ, 0, 0, 0, 0, 4, 0, result, source, reason]);
}

/** An A-RELEASE-RQ or A-RELEASE-RP PDU (PS3.8 9.3.6, 9.3.7). */
export function encodeRelease(type: typeof PduType.releaseRQ | typeof PduType.releaseRP): Buffer {
  return Buffer.from([type, 0, 0, 0, 0, 4, 0, 0, 0, 0]);
}

/** An A-ABORT PDU. */
export function encodeAbort(source: AbortSource, reason: AbortReason): Buffer {
  return Buffer.from([PduType.abort, 0, 0, 0, 0, 4, 0, 0, source, reason]);
}

/**
 * A command set as P-DATA-TF PDUs in one buffer, so that one socket write carries it. Split where the peer's maximum
 * length is smaller than the command, into fragments of even length where there is room for two bytes: some peers take no
 * others.
 * @param peerMaxLength one that `isPeerLength`
 */
export function encodeCommandPdus(contextId: number, command: Buffer, peerMaxLength: number): Buffer {
  return Buffer.concat(fragments(contextId, COMMAND, command, peerMaxLength));
}

/** The same of a message with a data set: an empty one has an empty fragment. */
export function encodeMessagePdus(
  contextId: number,
  command: Buffer,
  dataSet: Buffer,
  peerMaxLength: number,
): Buffer {
  return Buffer.concat([
    ...fragments(contextId, COMMAND, command, peerMaxLength),
    ...fragments(contextId, DATA, dataSet, peerMaxLength),
  ]);
}

/** Message control header (PS3.8 E.2). */
const COMMAND = 0b01;
const DATA = 0b00;
const LAST = 0b10;

function fragments(contextId: number, kind: number, bytes: Buffer, peerMaxLength: number): Buffer[] {
  const room = peerMaxLength === 0 ? Math.max(1, bytes.length) : fragmentRoom(peerMaxLength);
  const parts: Buffer[] = [];
  for (let start = 0; start === 0 || start < bytes.length; start += room) {
    const value = bytes.subarray(start, start + room);
    const isLast = start + room >= bytes.length;
    const header = Buffer.alloc(PDU_HEADER_LENGTH + PDV_HEADER_LENGTH);
    header.writeUInt8(PduType.dataTF, 0);
    header.writeUInt32BE(PDV_HEADER_LENGTH + value.length, 2);
    header.writeUInt32BE(value.length + 2, 6);
    header.writeUInt8(contextId, 10);
    header.writeUInt8(isLast ? kind | LAST : kind, 11);
    parts.push(header, value);
  }
  return parts;
}

/** Bytes of content in the one fragment of a PDU of this length. */
export function fragmentRoom(peerMaxLength: number): number {
  const room = peerMaxLength - PDV_HEADER_LENGTH;
  return room > 1 ? room - (room % 2) : 1;
}
