import { Kind, tagHex, tagOf, type Vr, VR } from '../standard';
import { CODE, decodeDefault, isPadding, plainText, REPLACEMENT, splitValues } from '../text';
import { decodeText } from './assumed-text';
import { numberAt } from './binary-number';
import type { DataSet, Element } from './data-set';
import { isFirstMappedSigned, isLutDescriptor } from './lut-descriptor';
import { decimal } from './numbers';
import type { PersonName, Value } from './value';

const { NUL, SPACE, POINT, ZERO, NINE, BACKSLASH } = CODE;

/** The values of an element whose bytes are at hand and whose VR is none of bytes or items. Empty: no value at all. */
export function readValues(dataSet: DataSet, element: Element, vr: Vr): Value[] {
  return element.placeholders === undefined ? readSentValues(dataSet, element, vr) : element.placeholders(vr);
}

/** What was sent, whatever is to stand in the message for it. */
export function readSentValues(dataSet: DataSet, element: Element, vr: Vr): Value[] {
  const { bytes, length } = element;
  if (bytes === undefined || length === 0) return [];
  switch (vr.kind) {
    case Kind.Binary:
      return readNumbers(dataSet, element, vr, bytes);
    case Kind.Tag:
      return readTags(dataSet, element, bytes);
    case Kind.Decimal:
    case Kind.Integer:
      return readDecimals(dataSet, element, vr, bytes);
    case Kind.Name:
      return readNames(dataSet, element, bytes);
    case Kind.Text:
    case Kind.LongText:
    case Kind.Code:
    case Kind.Uid:
    case Kind.Uri:
      return emptyAsNull(readStrings(dataSet, element, vr, bytes));
    case Kind.Bytes:
    case Kind.Sequence:
      return [];
  }
}

/** The value of an element that is one text, and needs no more than to be unpadded; undefined when it takes more to read it. */
export function plainString(dataSet: DataSet, element: Element, vr: Vr): string | undefined {
  const { bytes, start, length, placeholders } = element;
  if (placeholders !== undefined || bytes === undefined) return undefined;
  switch (vr.kind) {
    case Kind.Text:
    case Kind.LongText:
      if (!dataSet.characterSet.isAsciiBelow80) return undefined;
      break;
    case Kind.Code:
    case Kind.Uid:
      break;
    default:
      return undefined;
  }
  const end = unpaddedEnd(bytes, start, start + length);
  if (vr.kind === Kind.Uid && !isPlainUid(bytes, start, end)) return undefined;
  const text = plainText(bytes, start, end);
  if (text === undefined || text === '' || text.includes('\\') || text.includes(NUL_CHARACTER))
    return undefined;
  return unpad(text, vr.leadingPad);
}

/** One empty string is an empty value field; among others it is a null. */
function emptyAsNull(values: string[]): (string | null)[] {
  if (values.length === 1) return values[0] === '' ? [] : values;
  return values.map((each) => (each === '' ? null : each));
}

/** The values of a VR of text, without padding. */
export function readStrings(dataSet: DataSet, element: Element, vr: Vr, bytes: Buffer): string[] {
  const { start } = element;
  const end = unpaddedEnd(bytes, start, start + element.length);
  const values = decodeTexts(dataSet, element.tag, vr, bytes, start, end);
  for (let index = 0; index < values.length; index += 1) {
    const text = values[index] ?? '';
    if (text.includes(REPLACEMENT)) {
      dataSet.warn(
        'undecodable-text',
        element.tag,
        'bytes that are no characters of the character set became U+FFFD',
      );
    }
    values[index] = unpad(upToNul(dataSet, element.tag, text), vr.leadingPad);
    if (vr.kind === Kind.Uid && !isUid(text)) warnOfUid(dataSet, element.tag);
  }
  return values;
}

const NUL_CHARACTER = '\0';

/** What stands behind a NUL is the rest of a buffer that its writer did not clear. */
function upToNul(dataSet: DataSet, tag: number, text: string): string {
  const nul = text.indexOf(NUL_CHARACTER);
  if (nul < 0) return text;
  const padding = unpad(text, false).length <= nul;
  if (!padding) dataSet.warn('embedded-nul', tag, 'the value contains a NUL; the rest is left out');
  return text.slice(0, nul);
}

function warnOfUid(dataSet: DataSet, tag: number): void {
  dataSet.warn(
    'invalid-uid',
    tag,
    'a UID with other characters than digits and dots between them, or a longer one',
  );
}

const LONGEST_UID = 64;

/** PS3.5 9.1, but for zeros at the front of a component, which many writers have. Padding with a space is not minded. */
function isUid(text: string): boolean {
  let end = text.length;
  while (end > 0 && isPadding(text.charCodeAt(end - 1))) end -= 1;
  return end <= LONGEST_UID && isPlainUid(Buffer.from(text.slice(0, end), 'latin1'), 0, end);
}

/** Digits with single dots between them; several values with backslashes between them. */
export function isPlainUid(bytes: Buffer, start: number, end: number): boolean {
  let before: number = POINT;
  let length = 0;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    const isDigit = byte >= ZERO && byte <= NINE;
    if (!isDigit && ((byte !== POINT && byte !== BACKSLASH) || before === POINT || before === BACKSLASH))
      return false;
    length = byte === BACKSLASH ? 0 : length + 1;
    if (length > LONGEST_UID) return false;
    before = byte;
  }
  return start === end || (before !== POINT && before !== BACKSLASH);
}

function decodeTexts(
  dataSet: DataSet,
  tag: number,
  { kind }: Vr,
  bytes: Buffer,
  start: number,
  end: number,
): string[] {
  switch (kind) {
    case Kind.Text:
    case Kind.Name:
      return decodeText(dataSet, tag, bytes, start, end, (set) =>
        set.decodeValues(bytes, start, end, kind === Kind.Name),
      );
    case Kind.LongText:
      return decodeText(dataSet, tag, bytes, start, end, (set) => [set.decode(bytes, start, end)]);
    case Kind.Uri:
      return [decodeDefault(bytes, start, end)];
    default:
      return splitValues(decodeDefault(bytes, start, end));
  }
}

/** Values are padded with a space, UIDs with NUL; in the wild also the other way round (PS3.5 6.2). */
export function unpaddedEnd(bytes: Buffer, start: number, end: number): number {
  let last = end;
  while (last > start && (bytes[last - 1] === SPACE || bytes[last - 1] === NUL)) last -= 1;
  return last;
}

function unpad(text: string, leading: boolean): string {
  let start = 0;
  let end = text.length;
  while (end > 0 && (text.charCodeAt(end - 1) === SPACE || text.charCodeAt(end - 1) === NUL)) end -= 1;
  if (leading) while (start < end && text.charCodeAt(start) === SPACE) start += 1;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

function readDecimals(dataSet: DataSet, element: Element, vr: Vr, bytes: Buffer): Value[] {
  const texts = readStrings(dataSet, element, vr, bytes);
  if (texts.length === 1 && texts[0] === '') return [];
  return texts.map((text) => {
    if (text === '') return null;
    const number = decimal(text);
    if (typeof number === 'number') return number;
    if (number === 'precision') {
      dataSet.warn('precision', element.tag, 'a JSON number would change this number; kept as a string');
    } else {
      dataSet.warn('not-a-number', element.tag, `a value of VR ${vr.name} is not a number; kept as a string`);
    }
    return text;
  });
}

const NAME_GROUPS = ['Alphabetic', 'Ideographic', 'Phonetic'] as const;

function readNames(dataSet: DataSet, element: Element, bytes: Buffer): Value[] {
  const texts = readStrings(dataSet, element, VR.PN, bytes);
  if (texts.length === 1 && texts[0] === '') return [];
  return texts.map((text) => {
    const groups = text.split('=');
    if (groups.length > NAME_GROUPS.length) {
      dataSet.warn('name-groups', element.tag, 'a person name has more than three component groups');
    }
    return personName(groups);
  });
}

function personName(groups: string[]): PersonName | null {
  const name: PersonName = {};
  let empty = true;
  for (let index = 0; index < NAME_GROUPS.length; index += 1) {
    const key = NAME_GROUPS[index];
    const group = unpad(groups[index] ?? '', false);
    if (key === undefined || group === '') continue;
    name[key] = group;
    empty = false;
  }
  return empty ? null : name;
}

function readNumbers(dataSet: DataSet, element: Element, vr: Vr, bytes: Buffer): Value[] {
  const { start, length, bigEndian } = element;
  const count = wholeValues(dataSet, element, vr.width);
  const values = new Array<Value>(count);
  for (let index = 0, at = start; index < count; index += 1, at += vr.width)
    values[index] = numberAt(vr, bytes, at, bigEndian);
  if (isLutDescriptor(element.tag) && vr.width === VR.US.width) {
    const second = isFirstMappedSigned(dataSet, element, vr) ? VR.SS : VR.US;
    [VR.US, second, VR.US].slice(0, count).forEach((each, index) => {
      values[index] = numberAt(each, bytes, start + index * each.width, bigEndian);
    });
  }
  return length === 0 ? [] : values;
}

function wholeValues(dataSet: DataSet, element: Element, width: number): number {
  if (element.length % width !== 0) {
    dataSet.warn(
      'value-length',
      element.tag,
      `the length is not a multiple of ${width}; the rest is left out`,
    );
  }
  return Math.floor(element.length / width);
}

function readTags(dataSet: DataSet, element: Element, bytes: Buffer): Value[] {
  const { start, bigEndian } = element;
  const count = wholeValues(dataSet, element, VR.AT.width);
  return Array.from({ length: count }, (_, index) => {
    const at = start + index * VR.AT.width;
    return tagHex(
      bigEndian ? bytes.readUInt32BE(at) : tagOf(bytes.readUInt16LE(at), bytes.readUInt16LE(at + 2)),
    );
  });
}

/** The value field in little endian, whatever the transfer syntax, as base64 (PS3.18 F.2.7). */
export function base64(element: Element, vr: Vr, bytes: Buffer): string {
  const { start, length, bigEndian } = element;
  if (!bigEndian || vr.width === 1) return bytes.toString('base64', start, start + length);
  const swapped = Buffer.from(bytes.subarray(start, start + length - (length % vr.width)));
  if (vr.width === 2) swapped.swap16();
  else if (vr.width === 4) swapped.swap32();
  else swapped.swap64();
  return Buffer.concat([swapped, bytes.subarray(start + swapped.length, start + length)]).toString('base64');
}
