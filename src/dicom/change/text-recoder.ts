import { isAscii } from 'node:buffer';
import { isText } from '../data-set';
import type { Cursor, Encoding } from '../read';
import { isUpperCase, Kind, lookUp, TAG, tagHex, type Vr, VR } from '../standard';
import { CharacterSet, CODE } from '../text';
import { cannotChange } from './change-errors';
import { encodeUtf8Term, isOfCharacterSet } from './encode-element';

/** How the text of a data set or an item is encoded. */
export interface TextState {
  readonly around: TextState | undefined;
  /** Undefined: its Specific Character Set is not understood. */
  set: CharacterSet | undefined;
  /** Text of it, or within it, has been recoded. */
  hasRecoded: boolean;
}

export function newTextState(around: TextState | undefined): TextState {
  return { around, set: around === undefined ? CharacterSet.DEFAULT : around.set, hasRecoded: false };
}

/** That is recoded, in bytes: it is in memory as a whole. */
const LONGEST_TEXT = 16_777_216;
const PIECE = 262_144;
const LONGEST_SHORT = 0xfffe;
const SPACE = 0x20;

/** Recodes the text of an object as UTF-8, where nothing is lost, and nothing remains that may be text. */
export class TextRecoder {
  constructor(private readonly cursor: Cursor) {}

  /**
   * An element as it is with UTF-8.
   * @returns undefined where it is the same
   * @throws DicomError `cannot-change` where a character would be lost, or may be
   */
  element(
    { text, encoding }: { text: TextState; encoding: Encoding },
    tag: number,
    sent: Vr,
    offset: number,
    length: number,
    header: number,
  ): Buffer | undefined {
    if (tag === TAG.SpecificCharacterSet) return this.#characterSet(text, encoding, offset, length);
    const vr = textVr(tag, sent);
    if (vr === undefined) {
      if (mayHideText(tag, sent) && !this.#isPlain(offset, length)) throw hidden(tag);
      return undefined;
    }
    if (text.set?.isAsciiBelow80 !== false && this.#isPlain(offset, length)) return undefined;
    if (length > LONGEST_TEXT) throw tooLong(tag);
    const value = this.#bytes(offset, length);
    const recoded = recode(text.set, vr, value);
    if (recoded === undefined) throw lost(tag);
    for (let each: TextState | undefined = text; each !== undefined; each = each.around)
      each.hasRecoded = true;
    return withValue(tag, encoding, this.#bytes(header, offset - header), recoded);
  }

  #characterSet(text: TextState, encoding: Encoding, offset: number, length: number): Buffer | undefined {
    if (text.hasRecoded)
      throw cannotChange(`(${tagHex(TAG.SpecificCharacterSet)})`, 'it stands behind text that it is for');
    // An item may leave it empty.
    if (length === 0 && text.around !== undefined) return undefined;
    const terms = this.#bytes(offset, Math.min(length, LONGEST_SHORT)).toString('latin1');
    text.set = CharacterSet.of(terms, () => undefined);
    return encodeUtf8Term(encoding);
  }

  #bytes(offset: number, length: number): Buffer {
    const at = this.cursor.ensure(offset, length);
    return this.cursor.bytes.subarray(at, at + length);
  }

  #isPlain(offset: number, length: number): boolean {
    for (let done = 0; done < length; done += PIECE)
      if (!isPlain(this.#bytes(offset + done, Math.min(PIECE, length - done)))) return false;
    return true;
  }
}

/** The VR of text to which Specific Character Set applies, as sent or as the dictionary has it; undefined: it is none. */
function textVr(tag: number, sent: Vr): Vr | undefined {
  if (isOfCharacterSet(sent)) return sent;
  if (sent.kind === Kind.Binary || sent.kind === Kind.Tag) return undefined;
  const known = lookUp(tag)?.vr;
  return known !== undefined && isOfCharacterSet(known) ? known : undefined;
}

/** Nobody has said what it is, or it is said to be a sequence and cannot be read as one. */
function mayHideText(tag: number, sent: Vr): boolean {
  const known = lookUp(tag)?.vr;
  return sent === VR.UN && (known === undefined || known === VR.SQ);
}

/** The same in ASCII, in every character set that has that. */
function isPlain(bytes: Buffer): boolean {
  return isAscii(bytes) && !bytes.includes(CODE.ESCAPE);
}

/** Undefined: not all of it is text in the set. */
function recode(set: CharacterSet | undefined, { kind }: Vr, value: Buffer): Buffer | undefined {
  if (set === undefined) return undefined;
  const { length } = value;
  const texts =
    kind === Kind.LongText
      ? [set.decode(value, 0, length)]
      : set.decodeValues(value, 0, length, kind === Kind.Name);
  return texts.every(isText) ? Buffer.from(texts.join('\\'), 'utf8') : undefined;
}

/** Its header with the new length, and the value. */
function withValue(tag: number, { explicit }: Encoding, header: Buffer, value: Buffer): Buffer {
  const padded = evenly(value);
  const changed = Buffer.from(header);
  const isShort = explicit && header.length === 8 && isUpperCase(header.readUInt8(4));
  if (isShort && padded.length > LONGEST_SHORT)
    throw cannotChange(`(${tagHex(tag)})`, `as UTF-8 it has more than ${LONGEST_SHORT} bytes`);
  if (isShort) changed.writeUInt16LE(padded.length, header.length - 2);
  else changed.writeUInt32LE(padded.length, header.length - 4);
  return Buffer.concat([changed, padded]);
}

/** A space at the end is padding. */
function evenly(value: Buffer): Buffer {
  if (value.length % 2 === 0) return value;
  return value.at(-1) === SPACE ? value.subarray(0, -1) : Buffer.concat([value, Buffer.from(' ')]);
}

function lost(tag: number): Error {
  return cannotChange(
    `(${tagHex(tag)})`,
    'a new value needs UTF-8, and this text is not all in the declared character set; use ASCII, or correct it',
  );
}

function tooLong(tag: number): Error {
  return cannotChange(
    `(${tagHex(tag)})`,
    `a new value needs UTF-8, and this text has more than ${LONGEST_TEXT} bytes, too many to be recoded; use ASCII`,
  );
}

function hidden(tag: number): Error {
  return cannotChange(
    `(${tagHex(tag)})`,
    'a new value needs UTF-8, and this attribute without VR may hold text that would not be; use ASCII, or remove it',
  );
}
