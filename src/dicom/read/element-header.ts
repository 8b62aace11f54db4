import { isUpperCase, lookUp, type Vr, VR } from '../standard';
import type { Cursor } from './byte-source';
import type { Encoding } from './encoding';
import { HEADER, LONG_HEADER, UNDEFINED_LENGTH } from './header-lengths';

/** What is read has been ensured to be there; a missing byte can only be beyond the end and counts as zero. */
export function byte(bytes: Buffer, index: number): number {
  return bytes[index] ?? 0;
}

/** Tag and 32-bit length of an item, a fragment or a delimiter; they have no VR in any encoding (PS3.5 7.5). */
export function readItemHeader(
  cursor: Cursor,
  position: number,
  { bigEndian }: Encoding,
): { tag: number; length: number } {
  const at = cursor.ensure(position, HEADER);
  const { bytes } = cursor;
  return bigEndian
    ? { tag: bytes.readUInt32BE(at), length: bytes.readUInt32BE(at + 4) }
    : {
        tag: bytes.readUInt16LE(at) * 0x10000 + bytes.readUInt16LE(at + 2),
        length: bytes.readUInt32LE(at + 4),
      };
}

export interface UnusualHeader {
  problem: 'unknown-vr' | 'implicit-element';
  vr: Vr;
  /** Bytes of the header. */
  header: number;
  length: number;
}

/**
 * An element of an explicit VR data set whose VR bytes are no VR of PS3.5: a VR that is newer than this code, or an
 * element that was written without VR.
 * @param room bytes from the element to the end of what it is in
 * @returns undefined when it can be neither
 */
export function readUnusualHeader(
  bytes: Buffer,
  at: number,
  tag: number,
  room: number,
  { bigEndian }: Encoding,
): UnusualHeader | undefined {
  const u16 = (index: number): number => (bigEndian ? bytes.readUInt16BE(index) : bytes.readUInt16LE(index));
  const u32 = (index: number): number => (bigEndian ? bytes.readUInt32BE(index) : bytes.readUInt32LE(index));
  const fits = (header: number, length: number): boolean =>
    header <= room && (length === UNDEFINED_LENGTH || header + length <= room);

  const short: UnusualHeader = { problem: 'unknown-vr', vr: VR.UN, header: HEADER, length: u16(at + 6) };
  if (isUpperCase(byte(bytes, at + 4)) && isUpperCase(byte(bytes, at + 5))) {
    // New VRs have the 32-bit length form with two reserved zero bytes (PS3.5 7.1.2).
    const long = room >= LONG_HEADER && short.length === 0 && fits(LONG_HEADER, u32(at + 8));
    return long ? { ...short, header: LONG_HEADER, length: u32(at + 8) } : short;
  }
  const length = u32(at + 4);
  if (fits(HEADER, length)) {
    return { problem: 'implicit-element', vr: lookUp(tag)?.vr ?? VR.UN, header: HEADER, length };
  }
  return fits(HEADER, short.length) ? short : undefined;
}
