import { base64, type DataSet, type Element } from '../data-set';
import { Kind, type Vr } from '../standard';
import { asciiBytes, CODE, type JsonText } from '../text';

const { EQUALS: PADDING } = CODE;

/** Takes the place of a value that is not in the message. */
export interface BulkData {
  vr: string;
  /** Where the object is kept. */
  BulkDataURI?: string;
  /** Where in it, or in `msg.dicom.object`, the value begins; not for a deflated object, whose bytes are elsewhere. */
  Offset?: number;
  /** Bytes of the value; of an encapsulated one, of all its items. */
  Length: number;
  /** Fragments of an encapsulated value, without the offset table. */
  Fragments?: number;
}

export interface InlineBinary {
  vr: string;
  InlineBinary?: string;
}

/** How Tags are written. */
export interface TagsOptions {
  /** Where the object is kept. */
  readonly uri: string | undefined;
  /** Are offsets of the data set offsets in what the URI names, or in the object that goes along with the message? */
  readonly hasOffsets: boolean;
  /** Attributes without a value are left out of the layout by keyword. */
  readonly leaveOutEmpty: boolean;
}

const BULK_DATA_URI = asciiBytes(',"BulkDataURI":');
const OFFSET = asciiBytes(',"Offset":');
const LENGTH = asciiBytes(',"Length":');
const FRAGMENTS = asciiBytes(',"Fragments":');
const INLINE_BINARY = asciiBytes(',"InlineBinary":"');
const QUOTE = asciiBytes('"');

/** The members that tell where a value is that is not inlined: pixel data, and whatever is larger than the limits. */
export function writeBulkData(
  out: JsonText,
  dataSet: DataSet,
  element: Element,
  vr: Vr,
  options: TagsOptions,
): void {
  if (vr.kind !== Kind.Bytes) {
    dataSet.warn('text-not-inlined', element.tag, 'a value is too long to be inlined; it is bulk data');
  }
  writeReference(out, element, options);
}

/** The members that tell where the value of an attribute is. */
export function writeReference(out: JsonText, element: Element, { uri, hasOffsets }: TagsOptions): void {
  if (uri !== undefined) writeMember(out, BULK_DATA_URI, () => out.value(uri));
  if (hasOffsets) writeMember(out, OFFSET, () => out.number(element.offset));
  writeMember(out, LENGTH, () => out.number(element.length));
  const { fragments } = element;
  if (fragments !== undefined) writeMember(out, FRAGMENTS, () => out.number(fragments));
}

function writeMember(out: JsonText, key: Uint8Array, write: () => void): void {
  out.elements += 2;
  out.copy(key);
  write();
}

/** Private attributes that were sent as UN come by the hundred, of a few bytes each: up to here a call into the system costs more. */
const MOST_SHORT = 32;
const DIGITS = asciiBytes('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');

/** RFC 4648 4: three bytes are four digits of six bits each, padded where bytes are missing at the end. */
function writeBase64(out: JsonText, bytes: Buffer, start: number, end: number): void {
  for (let at = start; at < end; at += 3) {
    const second = at + 1 < end ? bytes[at + 1] : undefined;
    const third = at + 2 < end ? bytes[at + 2] : undefined;
    const three = ((bytes[at] ?? 0) << 16) | ((second ?? 0) << 8) | (third ?? 0);
    out.byte(digit(three >>> 18));
    out.byte(digit(three >>> 12));
    out.byte(second === undefined ? PADDING : digit(three >>> 6));
    out.byte(third === undefined ? PADDING : digit(three));
  }
}

function digit(bits: number): number {
  return DIGITS[bits & 63] ?? PADDING;
}

/** The member that has a value of bytes. */
export function writeInlineBinary(out: JsonText, element: Element, vr: Vr, bytes: Buffer): void {
  out.copy(INLINE_BINARY);
  if (element.length <= MOST_SHORT && (!element.bigEndian || vr.width === 1))
    writeBase64(out, bytes, element.start, element.start + element.length);
  else out.ascii(base64(element, vr, bytes));
  out.copy(QUOTE);
}
