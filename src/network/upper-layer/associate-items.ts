import { MAX_UID_LENGTH } from '../../dicom';
import { AbortReason, isPeerLength, ProtocolError } from './pdu';
import { wireText } from './wire-text';

/** Items of A-ASSOCIATE-RQ and A-ASSOCIATE-AC (PS3.8 9.3.2, 9.3.3; PS3.7 D.3.3). */
export const ItemType = {
  applicationContext: 0x10,
  presentationContext: 0x20,
  answeredContext: 0x21,
  abstractSyntax: 0x30,
  transferSyntax: 0x40,
  userInformation: 0x50,
  maxLength: 0x51,
  implementationClassUid: 0x52,
  asynchronousOperations: 0x53,
  roleSelection: 0x54,
  implementationVersionName: 0x55,
  extendedNegotiation: 0x56,
  userIdentity: 0x58,
} as const;

export const AE_TITLE_FIELD = 16;
/** Protocol version, two AE titles and what is reserved: all that comes before the items. */
export const FIXED_PART = 68;
/** Ids are the odd numbers from 1 to 255, so there are no more than this (PS3.8 9.3.2.2). */
export const MAX_CONTEXTS = 128;
const MAX_ROLES = 256;
/** Bytes of extended negotiation that a service class has use for. */
const MAX_EXTENDED = 16;
const ITEM_HEADER = 4;
/** PS3.7 D.3.3.2.3. */
const MAX_VERSION_NAME_LENGTH = 16;

export interface Item {
  type: number;
  value: Buffer;
}

/** A role selection (PS3.7 D.3.3.4). */
export interface RoleSelection {
  sopClass: string;
  scu: boolean;
  scp: boolean;
}

/** SOP Class Extended Negotiation (PS3.7 D.3.3.5): what the bytes mean is the service's. */
export interface ExtendedNegotiation {
  sopClass: string;
  information: Buffer;
}

/** What both PDUs say of who sends them (PS3.7 D.3.3). */
export interface UserInformation {
  /** The longest P-DATA-TF that the peer takes, in bytes; 0: no limit (PS3.8 D.1). */
  maxPduLength: number;
  implementationClassUID: string;
  implementationVersionName: string;
  roles: RoleSelection[];
  /** True if there is an asynchronous operations window (PS3.7 D.3.3.3). */
  asynchronousOperations: boolean;
}

export const noUserInformation = (): UserInformation => ({
  maxPduLength: 0,
  implementationClassUID: '',
  implementationVersionName: '',
  roles: [],
  asynchronousOperations: false,
});

/**
 * The items of a variable field: type, reserved byte, 16-bit length, value.
 * @throws ProtocolError when one is longer than the field
 */
export function* items(bytes: Buffer): Generator<Item> {
  let offset = 0;
  while (offset < bytes.length) {
    const start = offset + ITEM_HEADER;
    const end = start > bytes.length ? Infinity : start + bytes.readUInt16BE(offset + 2);
    if (end > bytes.length) throw invalid('an item is longer than what contains it');
    yield { type: bytes.readUInt8(offset), value: bytes.subarray(start, end) };
    offset = end;
  }
}

/** An item of these parts. @throws RangeError when they are longer than an item can be */
export function encodeItem(type: number, ...parts: readonly (Buffer | string)[]): Buffer {
  const value = Buffer.concat(parts.map((part) => Buffer.from(part as string, 'latin1')));
  const header = Buffer.from([type, 0, 0, 0]);
  header.writeUInt16BE(value.length, 2);
  return Buffer.concat([header, value]);
}

/** Reads one item of the user information; those that nobody needs are skipped. @throws ProtocolError */
export function readUserItem(found: UserInformation, { type, value }: Item): void {
  switch (type) {
    case ItemType.maxLength:
      if (value.length !== 4) throw invalid('the maximum length item is not 4 bytes long');
      found.maxPduLength = peerPduLength(value.readUInt32BE(0));
      break;
    case ItemType.implementationClassUid:
      found.implementationClassUID = uid(value);
      break;
    case ItemType.implementationVersionName:
      found.implementationVersionName = wireText(value, MAX_VERSION_NAME_LENGTH);
      break;
    case ItemType.asynchronousOperations:
      if (value.length !== 4) throw invalid('the asynchronous operations window item is not 4 bytes long');
      found.asynchronousOperations = true;
      break;
    case ItemType.roleSelection:
      addRole(found, value);
      break;
    // Extended negotiation and user identity are not answered, which says that they are not supported and refuses
    // nobody (PS3.7 D.3.3.5, D.3.3.6, D.3.3.7).
  }
}

/** @throws ProtocolError */
export function readExtended(value: Buffer): ExtendedNegotiation {
  const uidLength = value.length < 2 ? Infinity : value.readUInt16BE(0);
  if (2 + uidLength > value.length) throw invalid('an extended negotiation item has a wrong UID length');
  return {
    sopClass: uid(value.subarray(2, 2 + uidLength)),
    // The PDU's memory is used again.
    information: Buffer.from(value.subarray(2 + uidLength, 2 + uidLength + MAX_EXTENDED)),
  };
}

function addRole({ roles }: UserInformation, value: Buffer): void {
  const uidLength = value.length < 4 ? -1 : value.readUInt16BE(0);
  if (uidLength !== value.length - 4) throw invalid('a role selection item has a wrong UID length');
  if (roles.length === MAX_ROLES) throw invalid(`more than ${MAX_ROLES} role selections`);
  roles.push({
    sopClass: uid(value.subarray(2, 2 + uidLength)),
    scu: value.readUInt8(2 + uidLength) === 1,
    scp: value.readUInt8(3 + uidLength) === 1,
  });
}

/** @throws ProtocolError where there is no room for a fragment: nothing that we have to say could be said */
function peerPduLength(length: number): number {
  if (isPeerLength(length)) return length;
  throw invalid(`a maximum length of ${length} bytes leaves no room for a message`);
}

export function uid(value: Buffer): string {
  return wireText(value, MAX_UID_LENGTH);
}

export function invalid(what: string): ProtocolError {
  return new ProtocolError(AbortReason.invalidParameter, what);
}
