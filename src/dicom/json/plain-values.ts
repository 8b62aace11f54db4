import {
  type DataSet,
  type Element,
  isLutDescriptor,
  isPlainUid,
  numberAt,
  SAFE_DIGITS,
  unpaddedEnd,
} from '../data-set';
import { Kind, type Vr } from '../standard';
import { asciiBytes, CODE, type JsonText } from '../text';

const { SPACE, QUOTE, COMMA, MINUS, POINT, ZERO, NINE, EQUALS, BACKSLASH, TILDE } = CODE;

/**
 * The short way from the bytes of a value to its JSON text, for what most values are: ASCII that JSON need not escape, and
 * numbers that are written in JSON as they are in DICOM. It knows no oddity: where it meets one it gives up, and `readValues`
 * has the say.
 */
export const GIVEN_UP = -1;

/** No byte is this. */
const NONE = -1;

const NAME_BEGINS = asciiBytes('{"Alphabetic":"');
const NAME_ENDS = asciiBytes('"}');
const QUOTES = asciiBytes('"');
/** A value takes as much more than its bytes: a person name's. */
const MOST_AROUND = NAME_BEGINS.length + NAME_ENDS.length + 1;

/**
 * Writes the values of an element, separated by commas, and says how many there are; or writes nothing and says -1, because
 * it takes more to read them.
 */
export function writePlainValues(out: JsonText, dataSet: DataSet, element: Element, vr: Vr): number {
  if (element.placeholders !== undefined || element.bytes === undefined) return GIVEN_UP;
  if (element.length === 0) return 0;
  const before = out.length;
  const count = write(out, dataSet, element, vr, element.bytes);
  if (count === GIVEN_UP) out.cut(before);
  else out.elements += count;
  return count;
}

function write(out: JsonText, dataSet: DataSet, element: Element, vr: Vr, bytes: Buffer): number {
  switch (vr.kind) {
    case Kind.Text:
    case Kind.LongText:
      if (!dataSet.characterSet.isAsciiBelow80) return GIVEN_UP;
      return writeTexts(out, element, vr, bytes, QUOTES, QUOTES);
    case Kind.Name:
      if (!dataSet.characterSet.isAsciiBelow80) return GIVEN_UP;
      return writeTexts(out, element, vr, bytes, NAME_BEGINS, NAME_ENDS);
    case Kind.Code:
    case Kind.Uid:
    case Kind.Uri:
      return writeTexts(out, element, vr, bytes, QUOTES, QUOTES);
    case Kind.Decimal:
    case Kind.Integer:
      return writeDecimals(out, element, bytes);
    case Kind.Binary:
      return writeNumbers(out, element, vr, bytes);
    case Kind.Tag:
    case Kind.Bytes:
    case Kind.Sequence:
      return GIVEN_UP;
  }
}

function writeTexts(
  out: JsonText,
  element: Element,
  vr: Vr,
  bytes: Buffer,
  begins: Uint8Array,
  ends: Uint8Array,
): number {
  const end = unpaddedEnd(bytes, element.start, element.start + element.length);
  if (end === element.start) return 0;
  if (vr.kind === Kind.Uid && !isPlainUid(bytes, element.start, end)) return GIVEN_UP;
  const separator = vr.kind === Kind.LongText || vr.kind === Kind.Uri ? NONE : BACKSLASH;
  const forbidden = vr.kind === Kind.Name ? EQUALS : BACKSLASH;
  let at = element.start;
  for (let count = 1; ; count += 1) {
    if (vr.leadingPad) at = afterSpaces(bytes, at, end);
    out.ensure(end - at + MOST_AROUND);
    out.copy(begins);
    const target = out.bytes;
    const first = out.length;
    let to = first;
    for (; at < end; at += 1) {
      const byte = bytes[at] ?? 0;
      if (byte === separator) break;
      if (byte < SPACE || byte > TILDE || byte === QUOTE || byte === forbidden) return GIVEN_UP;
      target[to] = byte;
      to += 1;
    }
    while (to > first && target[to - 1] === SPACE) to -= 1;
    // An empty value among several is a null.
    if (to === first) return GIVEN_UP;
    out.length = to;
    out.copy(ends);
    if (at === end) return count;
    out.byte(COMMA);
    at += 1;
  }
}

function writeDecimals(out: JsonText, element: Element, bytes: Buffer): number {
  const end = unpaddedEnd(bytes, element.start, element.start + element.length);
  if (end === element.start) return 0;
  let at = element.start;
  for (let count = 1; ; count += 1) {
    at = afterSpaces(bytes, at, end);
    const after = afterNumber(bytes, at, end);
    if (after === GIVEN_UP) return GIVEN_UP;
    out.copy(bytes, at, after);
    at = afterSpaces(bytes, after, end);
    if (at === end) return count;
    if (bytes[at] !== BACKSLASH) return GIVEN_UP;
    out.byte(COMMA);
    at += 1;
  }
}

/**
 * Where a number ends that begins here, is a number in JSON, too (RFC 8259 6), and is exact as a double: no exponent, no
 * plus, no zeros in front, not -0.
 */
function afterNumber(bytes: Buffer, start: number, end: number): number {
  let at = start;
  let significant = 0;
  const isNegative = bytes[at] === MINUS;
  if (isNegative) at += 1;
  const wholeStart = at;
  for (; at < end && isDigit(bytes[at]); at += 1) if (significant > 0 || bytes[at] !== ZERO) significant += 1;
  if (at === wholeStart || (bytes[wholeStart] === ZERO && at > wholeStart + 1)) return GIVEN_UP;
  if (at < end && bytes[at] === POINT) {
    at += 1;
    const fractionStart = at;
    for (; at < end && isDigit(bytes[at]); at += 1)
      if (significant > 0 || bytes[at] !== ZERO) significant += 1;
    if (at === fractionStart) return GIVEN_UP;
  }
  return significant > SAFE_DIGITS || (isNegative && significant === 0) ? GIVEN_UP : at;
}

function isDigit(byte = 0): boolean {
  return byte >= ZERO && byte <= NINE;
}

function afterSpaces(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] === SPACE) at += 1;
  return at;
}

function writeNumbers(out: JsonText, element: Element, vr: Vr, bytes: Buffer): number {
  const { start, length, bigEndian } = element;
  if (length % vr.width !== 0 || isLutDescriptor(element.tag)) return GIVEN_UP;
  for (let at = start; at < start + length; at += vr.width) {
    if (at > start) out.byte(COMMA);
    const number = numberAt(vr, bytes, at, bigEndian);
    if (typeof number === 'string') return GIVEN_UP;
    out.number(number);
  }
  return length / vr.width;
}
