import { isLutDescriptor } from '../data-set';
import { Kind, tagOf, type Vr, VR } from '../standard';
import { CharacterSet } from '../text';
import type { Scalar } from './change-tree';
import { textProblem } from './text-rules';

/** Why values are none of a VR, in words that follow its name. */
export class ValueError extends Error {
  override readonly name = 'ValueError';
}

const SEPARATOR = Buffer.from('\\');

/** What is wrong with a text of a VR, in words that follow its name; undefined: nothing. */
export type TextCheck = (vr: Vr, text: string) => string | undefined;

/** The values one by one: in text a backslash separates some. */
export function separated(vr: Vr, values: readonly Scalar[]): readonly Scalar[] {
  if (!isOfSeveral(vr)) return values;
  return values.flatMap((value) =>
    typeof value === 'string' && value.includes('\\') ? value.split('\\') : [value],
  );
}

function isOfSeveral({ kind }: Vr): boolean {
  switch (kind) {
    case Kind.Text:
    case Kind.Name:
    case Kind.Code:
    case Kind.Uid:
    case Kind.Decimal:
    case Kind.Integer:
      return true;
    default:
      return false;
  }
}

/**
 * Values as bytes, little endian, not padded.
 * @param values as `separated` has them
 * @param set of text to which Specific Character Set applies
 * @param check what a text may be
 * @returns undefined where a text is not in the set
 * @throws ValueError
 */
export function encodeValues(
  tag: number,
  vr: Vr,
  values: readonly Scalar[],
  set: CharacterSet,
  check: TextCheck = textProblem,
): Buffer | undefined {
  switch (vr.kind) {
    case Kind.Binary:
      return encodeNumbers(tag, vr, values);
    case Kind.Tag:
      return encodeTags(values);
    case Kind.Bytes:
      return encodeWords(vr, values);
    case Kind.Text:
    case Kind.Name:
    case Kind.LongText:
      return encodeTexts(vr, values, set, check);
    default:
      return encodeTexts(vr, values, CharacterSet.DEFAULT, check);
  }
}

function encodeTexts(
  vr: Vr,
  values: readonly Scalar[],
  set: CharacterSet,
  check: TextCheck,
): Buffer | undefined {
  if (!isOfSeveral(vr) && values.length > 1) throw new ValueError('has one value');
  const parts: Buffer[] = [];
  for (const value of values) {
    const text = textOf(vr, value);
    const problem = check(vr, text);
    if (problem !== undefined) throw new ValueError(problem);
    const bytes = set.encode(text);
    if (bytes === undefined) return undefined;
    if (parts.length > 0) parts.push(SEPARATOR);
    parts.push(bytes);
  }
  return parts.length === 1 ? parts[0] : Buffer.concat(parts);
}

function textOf({ kind }: Vr, value: Scalar): string {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  if (kind !== Kind.Decimal && kind !== Kind.Integer)
    throw new ValueError('is text: numbers lose their zeros; put it in quotes');
  if (!Number.isFinite(value)) throw new ValueError('is a number');
  return String(value);
}

function encodeTags(values: readonly Scalar[]): Buffer {
  const bytes = Buffer.alloc(values.length * VR.AT.width);
  values.forEach((value, index) => {
    if (typeof value !== 'string' || !/^[0-9A-Fa-f]{8}$/.test(value))
      throw new ValueError('is a tag of eight hexadecimal digits');
    bytes.writeUInt16LE(parseInt(value.slice(0, 4), 16), index * VR.AT.width);
    bytes.writeUInt16LE(parseInt(value.slice(4), 16), index * VR.AT.width + 2);
  });
  return bytes;
}

/** Lookup table data that is OW may be given as numbers. */
function encodeWords(vr: Vr, values: readonly Scalar[]): Buffer {
  if (values.length > 0 && vr !== VR.OW) throw new ValueError('is bytes, given in base64');
  return encodeNumbers(tagOf(0, 0), VR.US, values);
}

function encodeNumbers(tag: number, vr: Vr, values: readonly Scalar[]): Buffer {
  const bytes = Buffer.alloc(values.length * vr.width);
  const isDescriptor = isLutDescriptor(tag) && vr.width === VR.US.width;
  values.forEach((value, index) => {
    const at = index * vr.width;
    // Whatever the VR, its first and third number have no sign (PS3.3 C.11.1.1).
    if (isDescriptor) bytes.writeUInt16LE(integer(value, -0x8000n, 0xffffn) & 0xffff, at);
    else writeNumber(bytes, at, vr, value);
  });
  return bytes;
}

function writeNumber(bytes: Buffer, at: number, vr: Vr, value: Scalar): void {
  switch (vr) {
    case VR.US:
      bytes.writeUInt16LE(integer(value, 0n, 0xffffn), at);
      break;
    case VR.SS:
      bytes.writeInt16LE(integer(value, -0x8000n, 0x7fffn), at);
      break;
    case VR.UL:
      bytes.writeUInt32LE(integer(value, 0n, 0xffffffffn), at);
      break;
    case VR.SL:
      bytes.writeInt32LE(integer(value, -0x80000000n, 0x7fffffffn), at);
      break;
    case VR.UV:
      bytes.writeBigUInt64LE(bigInteger(value, 0n, 0xffffffffffffffffn), at);
      break;
    case VR.SV:
      bytes.writeBigInt64LE(bigInteger(value, -0x8000000000000000n, 0x7fffffffffffffffn), at);
      break;
    case VR.FL:
      bytes.writeFloatLE(single(floating(value)), at);
      break;
    default:
      bytes.writeDoubleLE(floating(value), at);
  }
}

const MOST_DIGITS = 20;

function bigInteger(value: Scalar, least: bigint, most: bigint): bigint {
  const isInteger =
    typeof value === 'number'
      ? Number.isSafeInteger(value)
      : value !== null && value.length <= MOST_DIGITS && /^-?\d+$/.test(value);
  const number = isInteger ? BigInt(value ?? 0) : most + 1n;
  if (number < least || number > most) throw new ValueError(`is an integer from ${least} to ${most}`);
  return number;
}

const integer = (value: Scalar, least: bigint, most: bigint): number =>
  Number(bigInteger(value, least, most));

/** As in JSON (PS3.18 F.2.3). */
const NO_NUMBERS: ReadonlyMap<string, number> = new Map([
  ['NaN', NaN],
  ['inf', Infinity],
  ['-inf', -Infinity],
]);

function floating(value: Scalar): number {
  const number = typeof value === 'string' ? NO_NUMBERS.get(value) : value;
  if (number === undefined || number === null) throw new ValueError("is a number, or 'NaN', 'inf', '-inf'");
  return number;
}

function single(value: number): number {
  const rounded = Math.fround(value);
  if (Number.isFinite(value) && !Number.isFinite(rounded))
    throw new ValueError('is a number of 32 bits: up to 3.4e38');
  return rounded;
}
