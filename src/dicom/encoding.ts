import type { Cursor } from './byte-source';
import type { TransferSyntax } from './transfer-syntax';
import { vrOfBytes } from './vr';

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

const ENCODINGS = [EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN, EXPLICIT_BIG_ENDIAN];

export function encodingOf(syntax: TransferSyntax): Encoding {
  if (!syntax.explicit) return IMPLICIT_LITTLE_ENDIAN;
  return syntax.bigEndian ? EXPLICIT_BIG_ENDIAN : EXPLICIT_LITTLE_ENDIAN;
}

/** First elements have low group numbers in every IOD; read with the wrong byte order they are above 0x00FF. */
const HIGHEST_FIRST_GROUP = 0x00ff;
const UNDEFINED_LENGTH = 0xffffffff;

/**
 * Senders that name one transfer syntax and use another exist. The declared encoding is given up only when the first
 * element makes no sense in it and does make sense in another.
 */
export function mostPlausible(cursor: Cursor, offset: number, limit: number, declared: Encoding): Encoding {
  if (isPlausible(cursor, offset, limit, declared)) return declared;
  return ENCODINGS.find((each) => each !== declared && isPlausible(cursor, offset, limit, each)) ?? declared;
}

/** Does the element at `offset` have a possible header, and is it followed by the end or by a higher tag? */
function isPlausible(cursor: Cursor, offset: number, limit: number, encoding: Encoding): boolean {
  const first = header(cursor, offset, limit, encoding);
  if (first === undefined) return false;
  if (first.tag >>> 16 > HIGHEST_FIRST_GROUP && encoding.explicit !== true) return false;
  if (first.end === limit || first.end === undefined) return true;
  const next = header(cursor, first.end, limit, encoding);
  return next !== undefined && next.tag > first.tag;
}

/** `end` is undefined where the length is. */
function header(
  cursor: Cursor,
  offset: number,
  limit: number,
  { explicit, bigEndian }: Encoding,
): { tag: number; end: number | undefined } | undefined {
  if (offset + 8 > limit) return undefined;
  const at = cursor.ensure(offset, 12);
  const bytes = cursor.bytes;
  const u16 = (index: number): number => (bigEndian ? bytes.readUInt16BE(index) : bytes.readUInt16LE(index));
  const u32 = (index: number): number => (bigEndian ? bytes.readUInt32BE(index) : bytes.readUInt32LE(index));
  const tag = u16(at) * 0x10000 + u16(at + 2);
  let start = offset + 8;
  let length: number;
  if (explicit) {
    const vr = vrOfBytes(bytes.readUInt8(at + 4), bytes.readUInt8(at + 5));
    // An item or a delimiter, which may come second, has no VR.
    if (vr === undefined) return tag >>> 16 === 0xfffe ? { tag, end: undefined } : undefined;
    if (vr.long) {
      if (offset + 12 > limit) return undefined;
      start = offset + 12;
      length = u32(at + 8);
    } else {
      length = u16(at + 6);
    }
  } else {
    length = u32(at + 4);
  }
  if (length === UNDEFINED_LENGTH) return { tag, end: undefined };
  return start + length > limit ? undefined : { tag, end: start + length };
}
