import { MAX_UID_LENGTH } from '../../dicom';
import { AbortReason, PDU_HEADER_LENGTH, ProtocolError, isPeerLength } from './pdu';
import { wireText } from './wire-text';

/** PS3.7 D.3.3.2.3. */
const MAX_VERSION_NAME_LENGTH = 16;

/** A presentation context as proposed (PS3.8 9.3.2.2). */
export interface ProposedContext {
  id: number;
  abstractSyntax: string;
  transferSyntaxes: string[];
}

/** A role selection proposal (PS3.7 D.3.3.4). */
export interface ProposedRole {
  sopClass: string;
  scu: boolean;
  scp: boolean;
}

/** What an A-ASSOCIATE-RQ says (PS3.8 9.3.2). */
export interface AssociateRequest {
  protocolVersion: number;
  /** As sent: 16 Latin-1 characters, padding included. The answer echoes them (PS3.8 9.3.3). */
  calledAETField: string;
  callingAETField: string;
  /** The titles without their padding. */
  calledAET: string;
  callingAET: string;
  applicationContext: string;
  contexts: ProposedContext[];
  /** The longest P-DATA-TF that the peer takes, in bytes; 0: no limit (PS3.8 D.1). */
  maxPduLength: number;
  implementationClassUID: string;
  implementationVersionName: string;
  roles: ProposedRole[];
  /** True if an asynchronous operations window is proposed (PS3.7 D.3.3.3). */
  asynchronousOperations: boolean;
}

const ItemType = {
  applicationContext: 0x10,
  presentationContext: 0x20,
  abstractSyntax: 0x30,
  transferSyntax: 0x40,
  userInformation: 0x50,
  maxLength: 0x51,
  implementationClassUid: 0x52,
  asynchronousOperations: 0x53,
  roleSelection: 0x54,
  implementationVersionName: 0x55,
} as const;

const AE_TITLE_FIELD = 16;
const FIXED_PART = 68;
const ITEM_HEADER = 4;
/** Ids are the odd numbers from 1 to 255, so there are no more than this (PS3.8 9.3.2.2). */
const MAX_CONTEXTS = 128;
/** More than any sender proposes: DCMTK knows about 45. */
const MAX_TRANSFER_SYNTAXES = 256;
const MAX_ROLES = 256;

interface Item {
  type: number;
  value: Buffer;
}

/**
 * Reads an A-ASSOCIATE-RQ PDU (header included) strictly: every length is checked, unknown items are skipped as PS3.8
 * 9.3.1 wants. It is read before anybody knows whether the caller is let in, so it costs linear time whatever it holds; a
 * UID of more than 64 characters is kept as 65 of them, which are none that is accepted.
 * @throws ProtocolError (invalid PDU parameter) when a length or a context is wrong
 */
export function readAssociateRequest(pdu: Buffer): AssociateRequest {
  const body = pdu.subarray(PDU_HEADER_LENGTH);
  if (body.length < FIXED_PART) throw invalid('an A-ASSOCIATE-RQ is shorter than its fixed part');
  const calledAETField = body.toString('latin1', 4, 4 + AE_TITLE_FIELD);
  const callingAETField = body.toString('latin1', 20, 20 + AE_TITLE_FIELD);
  const request: AssociateRequest = {
    protocolVersion: body.readUInt16BE(0),
    calledAETField,
    callingAETField,
    calledAET: wireText(body.subarray(4, 4 + AE_TITLE_FIELD), AE_TITLE_FIELD),
    callingAET: wireText(body.subarray(20, 20 + AE_TITLE_FIELD), AE_TITLE_FIELD),
    applicationContext: '',
    contexts: [],
    maxPduLength: 0,
    implementationClassUID: '',
    implementationVersionName: '',
    roles: [],
    asynchronousOperations: false,
  };
  for (const item of items(body.subarray(FIXED_PART))) readItem(request, item);
  return request;
}

function readItem(request: AssociateRequest, { type, value }: Item): void {
  switch (type) {
    case ItemType.applicationContext:
      request.applicationContext = uid(value);
      break;
    case ItemType.presentationContext:
      addContext(request, value);
      break;
    case ItemType.userInformation:
      for (const item of items(value)) readUserItem(request, item);
      break;
  }
}

function readUserItem(request: AssociateRequest, { type, value }: Item): void {
  switch (type) {
    case ItemType.maxLength:
      if (value.length !== 4) throw invalid('the maximum length item is not 4 bytes long');
      request.maxPduLength = peerPduLength(value.readUInt32BE(0));
      break;
    case ItemType.implementationClassUid:
      request.implementationClassUID = uid(value);
      break;
    case ItemType.implementationVersionName:
      request.implementationVersionName = wireText(value, MAX_VERSION_NAME_LENGTH);
      break;
    case ItemType.asynchronousOperations:
      if (value.length !== 4) throw invalid('the asynchronous operations window item is not 4 bytes long');
      request.asynchronousOperations = true;
      break;
    case ItemType.roleSelection:
      addRole(request, value);
      break;
    // Extended negotiation and user identity are not answered, which says that they are not supported and refuses
    // nobody (PS3.7 D.3.3.5, D.3.3.6, D.3.3.7).
  }
}

function addContext(request: AssociateRequest, value: Buffer): void {
  if (value.length < 4) throw invalid('a presentation context item is too short');
  const id = value.readUInt8(0);
  if (id % 2 === 0) throw invalid(`presentation context id ${id} is not odd`);
  if (request.contexts.some((context) => context.id === id)) {
    throw invalid(`presentation context id ${id} is proposed twice`);
  }
  if (request.contexts.length === MAX_CONTEXTS) throw invalid(`more than ${MAX_CONTEXTS} contexts`);
  const context: ProposedContext = { id, abstractSyntax: '', transferSyntaxes: [] };
  for (const item of items(value.subarray(4))) {
    if (item.type === ItemType.abstractSyntax) context.abstractSyntax = uid(item.value);
    if (item.type === ItemType.transferSyntax) context.transferSyntaxes.push(uid(item.value));
  }
  if (context.transferSyntaxes.length > MAX_TRANSFER_SYNTAXES) {
    throw invalid(`presentation context ${id} proposes more than ${MAX_TRANSFER_SYNTAXES} transfer syntaxes`);
  }
  request.contexts.push(context);
}

function addRole(request: AssociateRequest, value: Buffer): void {
  const uidLength = value.length < 4 ? -1 : value.readUInt16BE(0);
  if (uidLength !== value.length - 4) throw invalid('a role selection item has a wrong UID length');
  if (request.roles.length === MAX_ROLES) throw invalid(`more than ${MAX_ROLES} role selections`);
  request.roles.push({
    sopClass: uid(value.subarray(2, 2 + uidLength)),
    scu: value.readUInt8(2 + uidLength) === 1,
    scp: value.readUInt8(3 + uidLength) === 1,
  });
}

/** The items of a variable field: type, reserved byte, 16-bit length, value. */
function* items(bytes: Buffer): Generator<Item> {
  let offset = 0;
  while (offset < bytes.length) {
    const start = offset + ITEM_HEADER;
    const end = start > bytes.length ? Infinity : start + bytes.readUInt16BE(offset + 2);
    if (end > bytes.length) throw invalid('an item is longer than what contains it');
    yield { type: bytes.readUInt8(offset), value: bytes.subarray(start, end) };
    offset = end;
  }
}

/** @throws ProtocolError where there is no room for a fragment: nothing that we have to say could be said */
function peerPduLength(length: number): number {
  if (isPeerLength(length)) return length;
  throw invalid(`a maximum length of ${length} bytes leaves no room for a message`);
}

function uid(value: Buffer): string {
  return wireText(value, MAX_UID_LENGTH);
}

function invalid(what: string): ProtocolError {
  return new ProtocolError(AbortReason.invalidParameter, what);
}
