import { isAscii, isUtf8 } from 'node:buffer';
import { Kind, type Vr } from '../standard';
import { CharacterSet, CODE, REPLACEMENT } from '../text';
import type { Warnings } from '../warnings';

/** Texts that are encoded alike, and those in the items among them: a data set. */
export interface Texts {
  readonly elements: readonly TextElement[];
  readonly declaredCharacterSet: CharacterSet | undefined;
  readonly root: {
    /** Whether more of all texts are UTF-8 than are not. */
    readonly isMostlyUtf8: boolean;
    /** What to read text in that declares no character set, or one that cannot be. */
    readonly expectedCharacterSet: CharacterSet;
  };
  readonly warnings: Warnings;
  path(tag: number): string;
}

interface TextElement {
  readonly vr: Vr;
  readonly bytes: Buffer | undefined;
  readonly start: number;
  readonly length: number;
  readonly items: readonly Pick<Texts, 'elements'>[] | undefined;
}

/** Decodes the values of an element in a character set. */
export type Decode = (set: CharacterSet) => string[];

/**
 * The values of text that Specific Character Set applies to. Where an object declares none, or one in which its bytes are no
 * text, what is lost for the flow would be a patient's name: UTF-8 is recognised, a local character set that the declared
 * terms stand for is tried, then the one that the user expects. What was assumed is said.
 * @param decode of the bytes from `start` to `end`
 */
export function decodeText(
  texts: Texts,
  tag: number,
  bytes: Buffer,
  start: number,
  end: number,
  decode: Decode,
): string[] {
  const declared = texts.declaredCharacterSet;
  const values = decode(declared ?? CharacterSet.DEFAULT);
  if (values.every(isText)) return values;
  if (declared !== undefined && isRight(declared, values, bytes.subarray(start, end))) return values;
  const found = assumed(texts, declared, bytes.subarray(start, end), decode);
  if (found === undefined) return values;
  const why =
    declared === undefined ? 'no character set is declared' : `${declared.name} is declared and cannot be`;
  texts.warnings.addOnce('character-set-assumed', () => texts.path(tag), `${why}; read as ${found.set.name}`);
  return found.values;
}

interface Assumed {
  readonly set: CharacterSet;
  readonly values: string[];
}

function assumed(
  { root }: Texts,
  declared: CharacterSet | undefined,
  bytes: Buffer,
  decode: Decode,
): Assumed | undefined {
  // Where there are escape sequences, it is ISO 2022, good or not.
  if (isAscii(bytes) || bytes.includes(CODE.ESCAPE)) return undefined;
  if (!declared?.is(CharacterSet.UTF_8) && isLikelyUtf8(bytes) && root.isMostlyUtf8)
    return { set: CharacterSet.UTF_8, values: decode(CharacterSet.UTF_8) };
  const { expectedCharacterSet: expected } = root;
  const isReadable = declared !== undefined && !decode(declared).some((text) => text.includes(REPLACEMENT));
  const candidates = [...(declared?.alternatives ?? []), ...(isReadable ? [] : whatIsLikely(expected))];
  for (const set of candidates) {
    const values = decode(set);
    if (values.every(isText)) return { set, values };
  }
  const isLast = declared === undefined && expected.is(CharacterSet.LATIN_1);
  return isLast ? { set: expected, values: decode(expected) } : undefined;
}

function whatIsLikely(expected: CharacterSet): CharacterSet[] {
  // Who expects ASCII wants nothing to be assumed.
  if (expected.is(CharacterSet.DEFAULT)) return [];
  return expected.is(CharacterSet.LATIN_1)
    ? [expected, CharacterSet.WINDOWS_1252]
    : [expected, CharacterSet.LATIN_1];
}

const FIRST_CONTROL = 0x80;
const LAST_CONTROL = 0x9f;
const REPLACED = REPLACEMENT.charCodeAt(0);

/** No character of it is missing, and none is a control character of the upper half, which DICOM text never has (PS3.5 6.1.3). */
export function isText(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code >= FIRST_CONTROL && (code <= LAST_CONTROL || code === REPLACED)) return false;
  }
  return true;
}

/** Characters that must be right for each one that is missing. */
const FEW = 8;

/**
 * Is it the declared character set, whatever is missing? It is where the last character alone is missing, cut off
 * with the text, and where few are of many. And U+FFFD and controls may be in a text of Unicode by themselves.
 */
function isRight(declared: CharacterSet, values: readonly string[], bytes: Buffer): boolean {
  if (declared.is(CharacterSet.UTF_8) && isUtf8(bytes)) return true;
  let missing = 0;
  let others = 0;
  for (const text of values) {
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index);
      if (code === REPLACED) missing += 1;
      else if (code > LAST_CONTROL) others += 1;
    }
  }
  const isCut = missing === 1 && values.at(-1)?.endsWith(REPLACEMENT) === true;
  return isCut ? others > 0 : missing > 0 && missing * FEW <= others;
}

/** A character of several bytes may be cut off at the end: writers cut text at the length of its VR. */
const LONGEST_CUT = 3;

function isLikelyUtf8(bytes: Buffer): boolean {
  if (isUtf8(bytes)) return true;
  for (let cut = 1; cut <= LONGEST_CUT && cut < bytes.length; cut += 1) {
    const whole = bytes.subarray(0, bytes.length - cut);
    if (isUtf8(whole)) return !isAscii(whole) && (bytes[bytes.length - cut] ?? 0) >= 0xc0;
  }
  return false;
}

/**
 * Are more of an object's texts UTF-8 than are not? A short text in another encoding may look like it; all of them together
 * do not.
 */
export function isMostlyUtf8(root: Pick<Texts, 'elements'>): boolean {
  let votes = 0;
  const count = ({ elements }: Pick<Texts, 'elements'>): void => {
    for (const { vr, bytes, start, length, items } of elements) {
      items?.forEach(count);
      if (bytes === undefined || !TEXT.has(vr.kind)) continue;
      const text = bytes.subarray(start, start + length);
      if (!isAscii(text)) votes += isLikelyUtf8(text) ? 1 : -1;
    }
  };
  count(root);
  return votes > 0;
}

const TEXT: ReadonlySet<Kind> = new Set([Kind.Text, Kind.LongText, Kind.Name]);
