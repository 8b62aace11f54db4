import { CODE } from './ascii';
import { readCharacterSetName, type NamedSet } from './character-set-names';
import { ASCII, INITIAL, romaji } from './code-tables';
import { decodeIso2022, type Delimiters, type Designations } from './iso2022';
import { plainText } from './plain-text';
import { REPLACEMENT } from './replacement';

const ONE_TEXT: Delimiters = { values: false, name: false };
const VALUES: Delimiters = { values: true, name: false };
const NAMES: Delimiters = { values: true, name: true };

/** What is meant by those who name a set for code extension and use no escape sequence, or write more than it has; by ISO-IR number. */
const ALTERNATIVES: Readonly<Record<string, string>> = {
  58: 'GBK',
  87: 'SHIFT_JIS',
  149: 'EUC-KR',
  159: 'EUC-JP',
  100: 'WINDOWS-1252',
  101: 'WINDOWS-1250',
  144: 'WINDOWS-1251',
  126: 'WINDOWS-1253',
  148: 'WINDOWS-1254',
  138: 'WINDOWS-1255',
  127: 'WINDOWS-1256',
  166: 'WINDOWS-874',
};

/** Values of (0008,0005) that are longer than real ones are understood, but not remembered. */
const LONGEST_REMEMBERED = 128;
const MOST_REMEMBERED = 100;

interface Known {
  /** Undefined: it is not clear what is meant. */
  readonly set: CharacterSet | undefined;
  /** All of the values are defined terms. */
  readonly isStandard: boolean;
}

/** Specific Character Set (PS3.3 C.12.1.1.2, PS3.5 6.1) as a decoder. */
export class CharacterSet {
  static readonly #known = new Map<string, Known>();
  static readonly DEFAULT = new CharacterSet('ISO_IR 6', { g0: ASCII, g1: undefined }, undefined);
  static readonly UTF_8 = CharacterSet.#one('ISO_IR 192');
  static readonly LATIN_1 = CharacterSet.#one('ISO_IR 100');
  static readonly WINDOWS_1252 = CharacterSet.#one('WINDOWS-1252');

  readonly #initial: Designations;
  readonly #decoder: { decode(bytes: Buffer): string } | undefined;
  readonly #isUtf8: boolean;
  /** The bytes of characters beyond ASCII. */
  #upperHalf: ReadonlyMap<number, number> | undefined;
  /** Bytes below 0x80 other than ESC are ASCII. */
  readonly isAsciiBelow80: boolean;

  private constructor(
    /** As warnings call it. */
    readonly name: string,
    initial: Designations,
    /** Of a TextDecoder: the whole value is decoded, then split. */
    label: string | undefined,
    /** What may be meant where it cannot be this. */
    readonly alternatives: readonly CharacterSet[] = [],
  ) {
    this.#initial = initial;
    this.isAsciiBelow80 = initial.g0 === ASCII;
    this.#isUtf8 = label === 'utf-8';
    this.#decoder =
      label === undefined
        ? undefined
        : label === 'utf-8'
          ? { decode: (bytes) => bytes.toString('utf8', 0, bytes.length) }
          : new TextDecoder(label);
  }

  /**
   * @param terms the value of (0008,0005) as it stands
   * @param complain called for each term that is not in the Standard
   * @returns undefined when it is not clear what is meant
   */
  static of(terms: string, complain: (text: string) => void): CharacterSet | undefined {
    let known = this.#known.get(terms);
    if (known === undefined) {
      known = this.#make(terms);
      // Terms come from outside: what is remembered must not grow without end.
      const isKept = terms.length <= LONGEST_REMEMBERED && this.#known.size < MOST_REMEMBERED;
      if (isKept) this.#known.set(terms, known);
    }
    if (!known.isStandard)
      complain(
        `Specific Character Set has a value that is not a defined term; ${known.set === undefined ? 'it is ignored' : `read as ${known.set.name}`}`,
      );
    return known.set;
  }

  static #make(terms: string): Known {
    const named = terms.split('\\').map(readCharacterSetName);
    const isStandard = named.every((each) => each?.isDefinedTerm === true);
    // Each once: all of them are tried with every text that is none, and a term may stand there ten thousand times.
    const labels = new Set(
      named.map((each) =>
        each !== undefined && 'table' in each.as ? ALTERNATIVES[each.as.table] : undefined,
      ),
    );
    const alternatives = [...labels].flatMap((label) => (label === undefined ? [] : [this.#one(label)]));
    const [first] = named;
    return { set: first && this.#from(first, alternatives), isStandard };
  }

  static #from({ name, as }: NamedSet, alternatives: readonly CharacterSet[] = []): CharacterSet {
    const initial = ('table' in as ? INITIAL[as.table] : undefined) ?? { g0: ASCII, g1: undefined };
    return new CharacterSet(name, initial, 'label' in as ? as.label : undefined, alternatives);
  }

  /** By a known name; otherwise the default repertoire. */
  static #one(name: string): CharacterSet {
    return this.named(name) ?? this.DEFAULT;
  }

  /** By a defined term or a common local name; undefined: neither. */
  static named(name: string): CharacterSet | undefined {
    const named = readCharacterSetName(name);
    return named && this.#from(named);
  }

  /**
   * The bytes of a text without escape sequences: as ASCII, in the single-byte set that it begins with, or as UTF-8.
   * @returns undefined where a character is not in it, and for the double-byte sets
   */
  encode(text: string): Buffer | undefined {
    if (this.#isUtf8) return Buffer.from(text, 'utf8');
    const bytes = Buffer.alloc(text.length);
    for (let index = 0; index < text.length; index += 1) {
      const byte = this.#byteOf(text.charCodeAt(index));
      if (byte === undefined) return undefined;
      bytes[index] = byte;
    }
    return bytes;
  }

  #byteOf(code: number): number | undefined {
    if (code >= HIGH) return (this.#upperHalf ??= upperHalfOf(this.#initial)).get(code);
    return this.isAsciiBelow80 || (code !== CODE.BACKSLASH && code !== CODE.TILDE) ? code : undefined;
  }

  is(other: CharacterSet): boolean {
    return this.name === other.name;
  }

  /** One text, in which a backslash is a character: LT, ST, UT. */
  decode(bytes: Buffer, start: number, end: number): string {
    const text = plainText(bytes, start, end);
    if (text !== undefined) return this.isAsciiBelow80 ? text : romaji(text);
    if (this.#decoder !== undefined) return this.#decoder.decode(bytes.subarray(start, end));
    return decodeIso2022(bytes, start, end, this.#initial, ONE_TEXT)[0] ?? '';
  }

  /** The values of LO, SH, UC, or of PN: those that 05/12 separates, whatever character that is (PS3.18 F.2.4). */
  decodeValues(bytes: Buffer, start: number, end: number, name: boolean): string[] {
    const text = plainText(bytes, start, end);
    if (text !== undefined) {
      const values = splitValues(text);
      return this.isAsciiBelow80 ? values : values.map(romaji);
    }
    if (this.#decoder !== undefined) return splitValues(this.#decoder.decode(bytes.subarray(start, end)));
    return decodeIso2022(bytes, start, end, this.#initial, name ? NAMES : VALUES);
  }
}

const HIGH = 0x80;
/** What is below in the upper half are controls. */
const FIRST_GRAPHIC = 0xa0;

function upperHalfOf({ g1 }: Designations): Map<number, number> {
  const bytes = new Map<number, number>();
  if (g1?.width !== 1) return bytes;
  for (let byte = HIGH; byte <= 0xff; byte += 1) {
    const character = g1.decode(Buffer.from([byte]));
    if (character !== REPLACEMENT && character.charCodeAt(0) >= FIRST_GRAPHIC)
      bytes.set(character.charCodeAt(0), byte);
  }
  return bytes;
}

export function splitValues(text: string): string[] {
  return text.includes('\\') ? text.split('\\') : [text];
}

/** Text of the default repertoire, to which Specific Character Set does not apply: ASCII (PS3.5 6.1.1). */
export function decodeDefault(bytes: Buffer, start: number, end: number): string {
  return (
    plainText(bytes, start, end) ??
    // eslint-disable-next-line no-control-regex -- everything that is not ASCII
    bytes.toString('latin1', start, end).replace(/[^\x00-\x7f]/g, REPLACEMENT)
  );
}
