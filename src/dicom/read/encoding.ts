import { isUpperCase, lookUp, type TransferSyntax, type Vr, VR, vrOfBytes } from '../standard';
import type { Cursor } from './byte-source';
import { HEADER, LONG_HEADER, UNDEFINED_LENGTH } from './header-lengths';

/** How the elements of a data set or an item are written. */
export interface Encoding {
  readonly name: string;
  readonly explicit: boolean;
  readonly bigEndian: boolean;
}

export const IMPLICIT_LITTLE_ENDIAN: Encoding = {
  name: 'implicit VR little endian',
  explicit: false,
  bigEndian: false,
};
export const EXPLICIT_LITTLE_ENDIAN: Encoding = {
  name: 'explicit VR little endian',
  explicit: true,
  bigEndian: false,
};
export const EXPLICIT_BIG_ENDIAN: Encoding = {
  name: 'explicit VR big endian',
  explicit: true,
  bigEndian: true,
};

export function encodingOf(syntax: TransferSyntax): Encoding {
  if (!syntax.explicit) return IMPLICIT_LITTLE_ENDIAN;
  return syntax.bigEndian ? EXPLICIT_BIG_ENDIAN : EXPLICIT_LITTLE_ENDIAN;
}

/** First elements have low group numbers in every IOD; read with the wrong byte order they are above 0x00FF. */
const HIGHEST_FIRST_GROUP = 0x00ff;

/**
 * Senders that name one transfer syntax and use another exist. The first element says which, by its own bytes: what its
 * length would lead to may be pixels, and look like anything. The declared encoding is given up only for one that the
 * element's header leaves no doubt about.
 * @param readsToEnd whether the whole data set can be read in an encoding, by the letter
 */
export function encodingOfDataSet(
  cursor: Cursor,
  offset: number,
  size: number,
  declared: Encoding,
  readsToEnd: (encoding: Encoding) => boolean,
): Encoding {
  if (offset + HEADER > size) return declared;
  const first = readFirst(cursor, offset, size, isSwapped(cursor, offset, declared) !== declared.bigEndian);
  const explicit = first.bigEndian ? EXPLICIT_BIG_ENDIAN : EXPLICIT_LITTLE_ENDIAN;
  if (declared.explicit) {
    if (first.vr !== undefined || first.hasLetters) return first.explicitFits ? explicit : declared;
    return isImplicit(cursor, offset, size) ? IMPLICIT_LITTLE_ENDIAN : declared;
  }
  if (first.vr === undefined || !first.explicitFits) return declared;
  // A length that spells the very VR that the dictionary has would be one of 16 KiB and more, in the first element.
  if (first.bigEndian || !first.implicitFits || isOfDictionary(first.tag, first.vr)) return explicit;
  return readsToEnd(explicit) ? explicit : declared;
}

interface First {
  readonly tag: number;
  readonly bigEndian: boolean;
  /** What two letters behind the tag spell. */
  readonly vr: Vr | undefined;
  /** There are two letters, of a VR that may be newer than this code. */
  readonly hasLetters: boolean;
  readonly explicitFits: boolean;
  readonly implicitFits: boolean;
}

function readFirst(cursor: Cursor, offset: number, size: number, bigEndian: boolean): First {
  const at = cursor.ensure(offset, LONG_HEADER);
  const { bytes } = cursor;
  const u16 = (index: number): number => (bigEndian ? bytes.readUInt16BE(index) : bytes.readUInt16LE(index));
  const room = size - offset;
  const [one = 0, two = 0] = bytes.subarray(at + 4, at + 6);
  const vr = vrOfBytes(one, two);
  return {
    tag: u16(at) * 0x10000 + u16(at + 2),
    bigEndian,
    vr,
    hasLetters: isUpperCase(one) && isUpperCase(two),
    explicitFits: explicitLengthFits(bytes, at, room, vr, bigEndian),
    implicitFits: !bigEndian && HEADER + bytes.readUInt32LE(at + 4) <= room,
  };
}

function explicitLengthFits(
  bytes: Buffer,
  at: number,
  room: number,
  vr: Vr | undefined,
  bigEndian: boolean,
): boolean {
  if (vr?.long !== true) {
    return HEADER + (bigEndian ? bytes.readUInt16BE(at + 6) : bytes.readUInt16LE(at + 6)) <= room;
  }
  if (room < LONG_HEADER) return false;
  const length = bigEndian ? bytes.readUInt32BE(at + 8) : bytes.readUInt32LE(at + 8);
  return length === UNDEFINED_LENGTH || LONG_HEADER + length <= room;
}

/** Is the byte order the other one than was declared? Implicit VR is little endian. */
function isSwapped(cursor: Cursor, offset: number, declared: Encoding): boolean {
  const at = cursor.ensure(offset, HEADER);
  const { bytes } = cursor;
  const little = bytes.readUInt16LE(at);
  const big = bytes.readUInt16BE(at);
  const [group, other] = declared.bigEndian ? [big, little] : [little, big];
  return group > HIGHEST_FIRST_GROUP && other <= HIGHEST_FIRST_GROUP;
}

/** An element without VR that is followed by another one without: not one that its writer forgot the VR of. */
function isImplicit(cursor: Cursor, offset: number, size: number): boolean {
  const { bytes } = cursor;
  const at = cursor.ensure(offset, HEADER);
  const end = offset + HEADER + bytes.readUInt32LE(at + 4);
  if (bytes.readUInt16LE(at) > HIGHEST_FIRST_GROUP || end > size) return false;
  if (end + HEADER > size) return true;
  const next = readFirst(cursor, end, size, false);
  return next.vr === undefined || !isOfDictionary(next.tag, next.vr);
}

function isOfDictionary(tag: number, vr: Vr): boolean {
  const known = lookUp(tag)?.vr;
  return vr === VR.UN || known === vr || (known !== undefined && known.name.toLowerCase() === known.name);
}
