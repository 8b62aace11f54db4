import {
  AE_TITLE_FIELD,
  encodeItem,
  type ExtendedNegotiation,
  FIXED_PART,
  invalid,
  type Item,
  items,
  ItemType,
  MAX_CONTEXTS,
  noUserInformation,
  readUserItem,
  type RoleSelection,
  uid,
  type UserInformation,
} from './associate-items';
import { PDU_HEADER_LENGTH, PduType } from './pdu';
import { APPLICATION_CONTEXT } from './uids';
import { wireText } from './wire-text';

/** A presentation context as proposed (PS3.8 9.3.2.2). */
export interface ProposedContext {
  id: number;
  abstractSyntax: string;
  transferSyntaxes: string[];
}

/** What an A-ASSOCIATE-RQ says (PS3.8 9.3.2). */
export interface AssociateRequest extends UserInformation {
  protocolVersion: number;
  /** As sent: 16 Latin-1 characters, padding included. The answer echoes them (PS3.8 9.3.3). */
  calledAETField: string;
  callingAETField: string;
  /** The titles without their padding. */
  calledAET: string;
  callingAET: string;
  applicationContext: string;
  contexts: ProposedContext[];
}

/** Who asks (PS3.7 D.3.3.7): a user name, or a user name and a passcode. */
export interface UserIdentity {
  name: string;
  passcode?: string;
}

/** An association as it is to be asked for. */
export interface AssociateProposal {
  callingAET: string;
  calledAET: string;
  /** 128 at most, with odd ids from 1 to 255. */
  contexts: readonly ProposedContext[];
  roles?: readonly RoleSelection[];
  extended?: readonly ExtendedNegotiation[];
  userIdentity?: UserIdentity;
  /** The longest P-DATA-TF that we take, in bytes; 0: no limit. */
  maxPduLength: number;
  implementationClassUID: string;
  implementationVersionName: string;
}

/** More than any sender proposes: DCMTK knows about 45. */
const MAX_TRANSFER_SYNTAXES = 256;
const PROTOCOL_VERSION = 1;

/** An A-ASSOCIATE-RQ PDU (PS3.8 9.3.2). AE titles are cut after 16 characters. */
export function encodeAssociateRequest(proposal: AssociateProposal): Buffer {
  const { contexts, roles = [], extended = [], userIdentity } = proposal;
  const { implementationClassUID, implementationVersionName } = proposal;
  const fixed = Buffer.alloc(PDU_HEADER_LENGTH + FIXED_PART);
  fixed.writeUInt8(PduType.associateRQ, 0);
  fixed.writeUInt16BE(PROTOCOL_VERSION, PDU_HEADER_LENGTH);
  fixed.write(titleField(proposal.calledAET), PDU_HEADER_LENGTH + 4, 'latin1');
  fixed.write(titleField(proposal.callingAET), PDU_HEADER_LENGTH + 4 + AE_TITLE_FIELD, 'latin1');
  const maxLength = Buffer.alloc(4);
  maxLength.writeUInt32BE(proposal.maxPduLength);
  const pdu = Buffer.concat([
    fixed,
    encodeItem(ItemType.applicationContext, APPLICATION_CONTEXT),
    ...contexts.map(encodeContext),
    encodeItem(
      ItemType.userInformation,
      encodeItem(ItemType.maxLength, maxLength),
      encodeItem(ItemType.implementationClassUid, implementationClassUID),
      ...roles.map(encodeRole),
      encodeItem(ItemType.implementationVersionName, implementationVersionName),
      ...extended.map(encodeExtended),
      ...(userIdentity === undefined ? [] : [encodeUserIdentity(userIdentity)]),
    ),
  ]);
  pdu.writeUInt32BE(pdu.length - PDU_HEADER_LENGTH, 2);
  return pdu;
}

function titleField(title: string): string {
  return title.slice(0, AE_TITLE_FIELD).padEnd(AE_TITLE_FIELD);
}

function encodeContext({ id, abstractSyntax, transferSyntaxes }: ProposedContext): Buffer {
  return encodeItem(
    ItemType.presentationContext,
    Buffer.from([id, 0, 0, 0]),
    encodeItem(ItemType.abstractSyntax, abstractSyntax),
    ...transferSyntaxes.map((syntax) => encodeItem(ItemType.transferSyntax, syntax)),
  );
}

function encodeRole({ sopClass, scu, scp }: RoleSelection): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(sopClass.length);
  return encodeItem(ItemType.roleSelection, length, sopClass, Buffer.from([Number(scu), Number(scp)]));
}

function encodeExtended({ sopClass, information }: ExtendedNegotiation): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(sopClass.length);
  return encodeItem(ItemType.extendedNegotiation, length, sopClass, information);
}

/** Without a wish for a positive response: what does not know the item lets everybody in (PS3.7 D.3.3.7.1). */
function encodeUserIdentity({ name, passcode }: UserIdentity): Buffer {
  const type = passcode === undefined ? 1 : 2;
  const fields = [name, passcode ?? ''].map((text) => {
    const value = Buffer.from(text, 'utf8');
    const length = Buffer.alloc(2);
    length.writeUInt16BE(value.length);
    return Buffer.concat([length, value]);
  });
  return encodeItem(ItemType.userIdentity, Buffer.from([type, 0]), ...fields);
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
    ...noUserInformation(),
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
