import { isDate, isDateTime, isPlainUid, isTime } from '../data-set';
import { Kind, type Vr, VR } from '../standard';

/** More than any value of numbers or codes needs. */
const LONGEST_CODE = 64;

/**
 * Can it be a value of its VR? What cannot, such as a name where a number belongs, is not what the attribute is known for.
 * @param bytes without the padding at its end
 */
export function isOfVr(bytes: Buffer, vr: Vr): boolean {
  switch (vr.kind) {
    case Kind.Decimal:
    case Kind.Integer:
      return consistsOf(bytes, NUMBER) && allValues(bytes, isNumber);
    case Kind.Code:
      return vr === VR.CS ? isCodes(bytes) : consistsOf(bytes, MOMENT) && allValues(bytes, MOMENTS.get(vr));
    case Kind.Uid:
      return isPlainUid(bytes, 0, bytes.length);
    case Kind.Text:
    case Kind.Name:
    case Kind.LongText:
    case Kind.Uri:
      return consistsOf(bytes, PRINTABLE);
    case Kind.Binary:
    case Kind.Tag:
    case Kind.Bytes:
      return bytes.length % vr.width === 0;
    case Kind.Sequence:
      return false;
  }
}

/** Separators and spaces between values are part of them. */
const NUMBER = setOf('0123456789+-.eE\\ ');
const MOMENT = setOf('0123456789+-.:DWMY\\ ');
const CODE = setOf('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./+&*:()\\ ');
/** All but controls, without the NUL behind which something may hide. Escape sequences are part of text (PS3.5 6.1.3). */
const PRINTABLE = new Uint8Array(256).map((_, byte) =>
  Number(byte >= 0x20 || [0x09, 0x0a, 0x0c, 0x0d, 0x1b].includes(byte)),
);

function setOf(characters: string): Uint8Array {
  const set = new Uint8Array(256);
  for (const character of characters) set[character.charCodeAt(0)] = 1;
  return set;
}

function consistsOf(bytes: Buffer, set: Uint8Array): boolean {
  for (const byte of bytes) if (set[byte] !== 1) return false;
  return true;
}

/** Numbers are written with at most 16 characters; software that writes more digits does not write more than these. */
const LONGEST_NUMBER = 32;
/** What its characters alone do not exclude: a telephone number, or a day. */
const isNumber = (text: string): boolean =>
  text.length <= LONGEST_NUMBER && /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(text);

const MOMENTS: ReadonlyMap<Vr, (text: string) => boolean> = new Map<Vr, (text: string) => boolean>([
  [VR.DA, isDate],
  [VR.DT, isDateTime],
  [VR.TM, isTime],
]);

/** Each value without the spaces around it; an empty one is one. */
function allValues(bytes: Buffer, isOne: ((text: string) => boolean) | undefined): boolean {
  if (isOne === undefined) return true;
  return bytes
    .toString('latin1')
    .split('\\')
    .every((value) => value.trim() === '' || isOne(value.trim()));
}

function isCodes(bytes: Buffer): boolean {
  if (!consistsOf(bytes, CODE)) return false;
  return bytes
    .toString('latin1')
    .split('\\')
    .every((code) => code.length <= LONGEST_CODE);
}
