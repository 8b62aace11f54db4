import { printable } from '../../basics';
import { MAX_UID_LENGTH } from '../../dicom';
import { AbortReason, ProtocolError, wireText } from '../upper-layer';
import { RESPONSE_BIT } from './command-field';
import {
  CommandSetWriter,
  DATA_SET,
  ELEMENT_HEADER,
  GROUP_LENGTH_ELEMENT,
  NO_DATA_SET,
  NUL,
  SHORT_ELEMENT,
  SPACE,
  Tag,
  textElement,
} from './command-set-writer';
import type { CommandStatus } from './status';

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
  /** Of a response: the message id of its request, its status, and what that is about (PS3.7 Annex C). */
  respondsTo: number | undefined;
  status: number | undefined;
  /** 64 characters at most, printable. */
  errorComment: string | undefined;
  /** Eight hexadecimal digits each; of many the first ones. */
  offendingElements: string[];
  /** Of a response to a C-GET or C-MOVE; undefined: it counts none. */
  subOperations?: SubOperations;
  /** Of an N-EVENT-REPORT-RQ (PS3.7 10.3.1.1); undefined: it has none. */
  eventTypeId?: number;
  /** What stands behind the command group, in implicit VR little endian: Orthanc puts the UIDs of failed objects there. */
  behind?: Buffer;
}

/** Numbers of sub-operations (PS3.7 9.3.3.2, 9.3.4.2). Those that a response does not have are missing. */
export interface SubOperations {
  remaining?: number;
  completed?: number;
  failed?: number;
  warning?: number;
}

const READ_TAGS: ReadonlySet<number> = new Set([
  Tag.groupLength,
  Tag.affectedSopClassUID,
  Tag.requestedSopClassUID,
  Tag.commandField,
  Tag.messageId,
  Tag.dataSetType,
  Tag.affectedSopInstanceUID,
  Tag.requestedSopInstanceUID,
  Tag.moveOriginatorAET,
  Tag.moveOriginatorMessageId,
  Tag.messageIdBeingRespondedTo,
  Tag.eventTypeId,
  Tag.status,
  Tag.errorComment,
  Tag.offendingElement,
  Tag.remainingSubOperations,
  Tag.completedSubOperations,
  Tag.failedSubOperations,
  Tag.warningSubOperations,
]);

const COUNTED = [
  ['remaining', Tag.remainingSubOperations],
  ['completed', Tag.completedSubOperations],
  ['failed', Tag.failedSubOperations],
  ['warning', Tag.warningSubOperations],
] as const;

/** PS3.5 6.2, AE. */
const MAX_AE_TITLE = 16;

/**
 * Decodes a command set. Its group length is not believed: the elements say themselves where they end. Elements of another group
 * may stand behind that of a response, where it says that it ends there.
 * @throws ProtocolError (invalid PDU parameter) when it is no sequence of group 0000 elements or has no Command Field
 */
export function decodeCommandSet(bytes: Buffer): CommandSet {
  const { values, behind } = elementValues(bytes);
  const commandField = unsignedShort(values.get(Tag.commandField));
  if (commandField === undefined) throw invalid('a command set has no Command Field');
  if (behind !== undefined && (commandField & RESPONSE_BIT) === 0) throw outsideGroup();
  const subOperations = counted(values);
  const eventTypeId = unsignedShort(values.get(Tag.eventTypeId));
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
    respondsTo: unsignedShort(values.get(Tag.messageIdBeingRespondedTo)),
    status: unsignedShort(values.get(Tag.status)),
    errorComment: comment(values.get(Tag.errorComment)),
    offendingElements: tags(values.get(Tag.offendingElement)),
    ...(subOperations && { subOperations }),
    ...(eventTypeId !== undefined && { eventTypeId }),
    ...(behind && { behind }),
  };
}

function counted(values: ReadonlyMap<number, Buffer>): SubOperations | undefined {
  const numbers = COUNTED.flatMap(([name, tag]) => {
    const number = unsignedShort(values.get(tag));
    return number === undefined ? [] : [[name, number] as const];
  });
  return numbers.length === 0 ? undefined : Object.fromEntries(numbers);
}

function elementValues(bytes: Buffer): { values: Map<number, Buffer>; behind?: Buffer } {
  const values = new Map<number, Buffer>();
  let offset = 0;
  while (offset < bytes.length) {
    if (bytes.length - offset < ELEMENT_HEADER) throw invalid('a command set ends inside an element');
    if (bytes.readUInt16LE(offset) !== 0) {
      if (offset !== groupEnd(values)) throw outsideGroup();
      return { values, behind: Buffer.from(bytes.subarray(offset)) };
    }
    const start = offset + ELEMENT_HEADER;
    const end = start + bytes.readUInt32LE(offset + 4);
    if (end > bytes.length) throw invalid('a command set has an element longer than itself');
    const tag = bytes.readUInt16LE(offset + 2);
    if (READ_TAGS.has(tag)) {
      const value = bytes.subarray(start, end);
      // Of two statuses nobody knows which one is meant.
      if (values.get(tag)?.equals(value) === false) throw invalid('a command set has an element twice');
      values.set(tag, value);
    }
    offset = end;
  }
  return { values };
}

const outsideGroup = (): ProtocolError => invalid('a command set has an element outside group 0000');

/** Where the group ends by its own account; undefined: it gives none. */
function groupEnd(values: ReadonlyMap<number, Buffer>): number | undefined {
  const length = values.get(Tag.groupLength);
  return length?.length === 4 ? GROUP_LENGTH_ELEMENT + length.readUInt32LE(0) : undefined;
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

function comment(value: Buffer | undefined): string | undefined {
  return (value && printable(wireText(value, ERROR_COMMENT_MAX).slice(0, ERROR_COMMENT_MAX))) || undefined;
}

/** Attribute tags (PS3.5 6.2, AT). */
function tags(value: Buffer | undefined): string[] {
  const count = Math.min(OFFENDING_ELEMENTS_MAX, Math.floor((value?.length ?? 0) / 4));
  return Array.from({ length: count }, (_, at) =>
    [0, 2]
      .map((part) => (value?.readUInt16LE(4 * at + part) ?? 0).toString(16).padStart(4, '0'))
      .join('')
      .toUpperCase(),
  );
}

const ERROR_COMMENT_MAX = 64;
const OFFENDING_ELEMENTS_MAX = 16;

/**
 * The response to a request: the affected UIDs are always repeated, for strict peers abort without them
 * (PS3.7 9.3.1.2 and its siblings). One that is too long is repeated as far as a UID may go.
 * @param hasDataSet an identifier follows (PS3.7 9.3.2.2)
 */
export function encodeResponse(request: CommandSet, answer: CommandStatus, hasDataSet = false): Buffer {
  const { status, errorId } = answer;
  const comment = answer.comment?.slice(0, ERROR_COMMENT_MAX);
  const sopClassUID = (request.affectedSopClassUID ?? request.requestedSopClassUID)?.slice(0, MAX_UID_LENGTH);
  const instance = request.affectedSopInstanceUID ?? request.requestedSopInstanceUID ?? answer.sopInstanceUID;
  const sopInstanceUID = instance?.slice(0, MAX_UID_LENGTH);
  const texts = [sopClassUID, sopInstanceUID, comment].reduce(
    (sum, text) => sum + textElement(text ?? ''),
    0,
  );
  const out = new CommandSetWriter(GROUP_LENGTH_ELEMENT + 5 * SHORT_ELEMENT + texts);
  if (sopClassUID !== undefined) out.text(Tag.affectedSopClassUID, sopClassUID, NUL);
  out.short(Tag.commandField, request.commandField | RESPONSE_BIT);
  out.short(Tag.messageIdBeingRespondedTo, request.messageId ?? 0);
  out.short(Tag.dataSetType, hasDataSet ? DATA_SET : NO_DATA_SET);
  out.short(Tag.status, status);
  if (comment !== undefined) out.text(Tag.errorComment, longString(comment), SPACE);
  if (errorId !== undefined) out.short(Tag.errorId, errorId);
  if (sopInstanceUID !== undefined) out.text(Tag.affectedSopInstanceUID, sopInstanceUID, NUL);
  return out.finish();
}

/** What the character repertoire of an LO takes: no backslash, no control characters. */
function longString(text: string): string {
  return text.replace(/[^\x20-\x5b\x5d-\x7e]/g, '?');
}

function invalid(what: string): ProtocolError {
  return new ProtocolError(AbortReason.invalidParameter, what);
}
