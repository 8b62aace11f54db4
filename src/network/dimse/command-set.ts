import { MAX_UID_LENGTH } from '../../dicom';
import { AbortReason, ProtocolError, wireText } from '../upper-layer';
import { RESPONSE_BIT } from './command-field';
import type { CommandStatus } from './status';

/** Command Data Set Type that says "no data set follows" (PS3.7 E.1). */
const NO_DATA_SET = 0x0101;

/**
 * What we need of a command set (PS3.7 9.3, group 0000, implicit VR little endian). Undefined: not there. A UID is without
 * its padding; of one that is too long, there is one character more than a UID may have.
 */
export interface CommandSet {
  commandField: number;
  messageId: number | undefined;
  affectedSopClassUID: string | undefined;
  affectedSopInstanceUID: string | undefined;
  requestedSopClassUID: string | undefined;
  requestedSopInstanceUID: string | undefined;
  /** Of a C-STORE that a C-MOVE has caused (PS3.7 9.3.1.1). */
  moveOriginatorAET: string | undefined;
  moveOriginatorMessageId: number | undefined;
  hasDataSet: boolean;
}

const Tag = {
  groupLength: 0x0000,
  affectedSopClassUID: 0x0002,
  requestedSopClassUID: 0x0003,
  commandField: 0x0100,
  messageId: 0x0110,
  messageIdBeingRespondedTo: 0x0120,
  dataSetType: 0x0800,
  status: 0x0900,
  offendingElement: 0x0901,
  errorComment: 0x0902,
  affectedSopInstanceUID: 0x1000,
  requestedSopInstanceUID: 0x1001,
  moveOriginatorAET: 0x1030,
  moveOriginatorMessageId: 0x1031,
} as const;

const READ_TAGS: ReadonlySet<number> = new Set([
  Tag.affectedSopClassUID,
  Tag.requestedSopClassUID,
  Tag.commandField,
  Tag.messageId,
  Tag.dataSetType,
  Tag.affectedSopInstanceUID,
  Tag.requestedSopInstanceUID,
  Tag.moveOriginatorAET,
  Tag.moveOriginatorMessageId,
]);

/** PS3.5 6.2, AE. */
const MAX_AE_TITLE = 16;

const ELEMENT_HEADER = 8;

/**
 * Decodes a command set. Its group length is not believed: the elements say themselves where they end.
 * @throws ProtocolError (invalid PDU parameter) when it is no sequence of group 0000 elements or has no Command Field
 */
export function decodeCommandSet(bytes: Buffer): CommandSet {
  const values = elementValues(bytes);
  const commandField = unsignedShort(values.get(Tag.commandField));
  if (commandField === undefined) throw invalid('a command set has no Command Field');
  return {
    commandField,
    messageId: unsignedShort(values.get(Tag.messageId)),
    affectedSopClassUID: uid(values.get(Tag.affectedSopClassUID)),
    affectedSopInstanceUID: uid(values.get(Tag.affectedSopInstanceUID)),
    requestedSopClassUID: uid(values.get(Tag.requestedSopClassUID)),
    requestedSopInstanceUID: uid(values.get(Tag.requestedSopInstanceUID)),
    moveOriginatorAET: aeTitle(values.get(Tag.moveOriginatorAET)),
    moveOriginatorMessageId: unsignedShort(values.get(Tag.moveOriginatorMessageId)),
    hasDataSet: (unsignedShort(values.get(Tag.dataSetType)) ?? NO_DATA_SET) !== NO_DATA_SET,
  };
}

function elementValues(bytes: Buffer): Map<number, Buffer> {
  const values = new Map<number, Buffer>();
  let offset = 0;
  while (offset < bytes.length) {
    if (bytes.length - offset < ELEMENT_HEADER) throw invalid('a command set ends inside an element');
    if (bytes.readUInt16LE(offset) !== 0) throw invalid('a command set has an element outside group 0000');
    const start = offset + ELEMENT_HEADER;
    const end = start + bytes.readUInt32LE(offset + 4);
    if (end > bytes.length) throw invalid('a command set has an element longer than itself');
    const tag = bytes.readUInt16LE(offset + 2);
    if (READ_TAGS.has(tag)) values.set(tag, bytes.subarray(start, end));
    offset = end;
  }
  return values;
}

function unsignedShort(value: Buffer | undefined): number | undefined {
  return value === undefined || value.length < 2 ? undefined : value.readUInt16LE(0);
}

/** Cut to what an AE title may have; undefined where it is empty. */
function aeTitle(value: Buffer | undefined): string | undefined {
  return (value && wireText(value, MAX_AE_TITLE).slice(0, MAX_AE_TITLE)) || undefined;
}

function uid(value: Buffer | undefined): string | undefined {
  const text = value && wireText(value, MAX_UID_LENGTH);
  return text === '' ? undefined : text;
}

const ERROR_COMMENT_MAX = 64;

/**
 * The response to a request: the affected UIDs are always repeated, for strict peers abort without them
 * (PS3.7 9.3.1.2 and its siblings). One that is too long is repeated as far as a UID may go.
 */
export function encodeResponse(request: CommandSet, answer: CommandStatus): Buffer {
  const { status } = answer;
  const comment = answer.comment?.slice(0, ERROR_COMMENT_MAX);
  const sopClassUID = (request.affectedSopClassUID ?? request.requestedSopClassUID)?.slice(0, MAX_UID_LENGTH);
  const sopInstanceUID = (request.affectedSopInstanceUID ?? request.requestedSopInstanceUID)?.slice(
    0,
    MAX_UID_LENGTH,
  );
  const out = new CommandSetWriter(
    RESPONSE_BYTES + (sopClassUID?.length ?? 0) + (sopInstanceUID?.length ?? 0) + (comment?.length ?? 0),
  );
  if (sopClassUID !== undefined) out.text(Tag.affectedSopClassUID, sopClassUID, NUL);
  out.short(Tag.commandField, request.commandField | RESPONSE_BIT);
  out.short(Tag.messageIdBeingRespondedTo, request.messageId ?? 0);
  out.short(Tag.dataSetType, NO_DATA_SET);
  out.short(Tag.status, status);
  if (comment !== undefined) out.text(Tag.errorComment, printable(comment), SPACE);
  if (sopInstanceUID !== undefined) out.text(Tag.affectedSopInstanceUID, sopInstanceUID, NUL);
  return out.finish();
}

const NUL = 0;
const SPACE = 0x20;
/** Group length and four shorts; three texts, each with a byte of padding. */
const RESPONSE_BYTES = ELEMENT_HEADER + 4 + 4 * (ELEMENT_HEADER + 2) + 3 * (ELEMENT_HEADER + 1);

/** Writes elements one behind the other into one piece of memory: there is a response for each object. */
class CommandSetWriter {
  private readonly bytes: Buffer;
  /** The group length comes first, and is known last. */
  private length = ELEMENT_HEADER + 4;

  /** @param room bytes that will do */
  constructor(room: number) {
    this.bytes = Buffer.alloc(room);
  }

  short(tag: number, value: number): void {
    const at = this.header(tag, 2);
    this.bytes.writeUInt16LE(value, at);
  }

  /** Latin-1 text. Values have an even length (PS3.5 7.1.1). */
  text(tag: number, text: string, padding: number): void {
    const at = this.header(tag, text.length + (text.length % 2));
    this.bytes.write(text, at, 'latin1');
    if (text.length % 2 !== 0) this.bytes[at + text.length] = padding;
  }

  finish(): Buffer {
    const { length } = this;
    this.length = 0;
    this.bytes.writeUInt32LE(length - ELEMENT_HEADER - 4, this.header(Tag.groupLength, 4));
    return this.bytes.subarray(0, length);
  }

  /** Returns where the value is to be written. */
  private header(tag: number, valueLength: number): number {
    const at = this.length;
    this.bytes.writeUInt16LE(tag, at + 2);
    this.bytes.writeUInt32LE(valueLength, at + 4);
    this.length = at + ELEMENT_HEADER + valueLength;
    return at + ELEMENT_HEADER;
  }
}

/** What the character repertoire of an LO takes: no backslash, no control characters. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x5b\x5d-\x7e]/g, '?');
}

function invalid(what: string): ProtocolError {
  return new ProtocolError(AbortReason.invalidParameter, what);
}
