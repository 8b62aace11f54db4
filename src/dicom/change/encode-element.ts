import { type Encoding, HEADER, LONG_HEADER, UNDEFINED_LENGTH } from '../read';
import { Kind, TAG, tagHex, type Vr, VR } from '../standard';
import { cannotChange } from './change-errors';

const SPACE = Buffer.from(' ');
const ZERO = Buffer.alloc(1);
const LONGEST_SHORT = 0xfffe;

/**
 * An element with its value, padded to an even length (PS3.5 7.1, 6.2). What a 16-bit length cannot tell is UN (PS3.5 6.2.2), as
 * contours often are; but for text, of which nobody could tell then that it is some.
 * @param encoding little endian
 * @throws DicomError where a text is too long
 */
export function encodeElement(tag: number, vr: Vr, value: Buffer, encoding: Encoding): Buffer {
  const isOdd = value.length % 2 !== 0;
  const length = value.length + Number(isOdd);
  const isTooLong = encoding.explicit && !vr.long && length > LONGEST_SHORT;
  if (isTooLong && isOfCharacterSet(vr))
    throw cannotChange(`(${tagHex(tag)})`, `${vr.name} has at most ${LONGEST_SHORT} bytes in explicit VR`);
  const header = elementHeader(tag, isTooLong ? VR.UN : vr, length, encoding);
  return Buffer.concat(isOdd ? [header, value, padding(vr)] : [header, value]);
}

/** Does Specific Character Set apply to text of this VR? */
export function isOfCharacterSet({ kind }: Vr): boolean {
  return kind === Kind.Text || kind === Kind.LongText || kind === Kind.Name;
}

/** Text is padded with a space, UIDs and bytes with a zero. */
function padding({ kind }: Vr): Buffer {
  return kind === Kind.Bytes || kind === Kind.Uid ? ZERO : SPACE;
}

/** The defined term for UTF-8. */
export const UTF_8_TERM = 'ISO_IR 192';

/** Specific Character Set (PS3.3 C.12.1.1.2). */
export function encodeUtf8Term(encoding: Encoding): Buffer {
  return encodeElement(TAG.SpecificCharacterSet, VR.CS, Buffer.from(UTF_8_TERM, 'latin1'), encoding);
}

/**
 * A sequence of items that are encoded already.
 * @param delimited with an undefined length: by that alone it is known as one where the dictionary does not know it
 */
export function encodeSequence(
  tag: number,
  items: readonly Buffer[],
  encoding: Encoding,
  delimited: boolean,
): Buffer {
  const length = items.reduce((sum, { length: each }) => sum + each, 0);
  const header = elementHeader(tag, VR.SQ, delimited ? UNDEFINED_LENGTH : length, encoding);
  return Buffer.concat(
    delimited ? [header, ...items, marker(TAG.SequenceDelimitationItem, 0)] : [header, ...items],
  );
}

export function encodeItem(content: readonly Buffer[]): Buffer {
  const length = content.reduce((sum, { length: each }) => sum + each, 0);
  return Buffer.concat([marker(TAG.Item, length), ...content]);
}

/** Before a value: tag, VR where it is explicit, and length. */
export function elementHeader(tag: number, vr: Vr, length: number, { explicit }: Encoding): Buffer {
  if (!explicit) return marker(tag, length);
  const header = Buffer.alloc(vr.long ? LONG_HEADER : HEADER);
  writeTag(header, tag);
  header.writeUInt16LE(vr.letters, 4);
  if (vr.long) header.writeUInt32LE(length, 8);
  else header.writeUInt16LE(length, 6);
  return header;
}

/** Tag and 32-bit length. */
function marker(tag: number, length: number): Buffer {
  const header = Buffer.alloc(HEADER);
  writeTag(header, tag);
  header.writeUInt32LE(length, 4);
  return header;
}

function writeTag(header: Buffer, tag: number): void {
  header.writeUInt16LE(tag >>> 16, 0);
  header.writeUInt16LE(tag & 0xffff, 2);
}
