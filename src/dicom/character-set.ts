import { ASCII, INITIAL, romaji } from './code-tables';
import { decodeIso2022, type Delimiters, type Designations } from './iso2022';
import { plainText } from './plain-text';
import { REPLACEMENT } from './replacement';

const ONE_TEXT: Delimiters = { values: false, name: false };
const VALUES: Delimiters = { values: true, name: false };
const NAMES: Delimiters = { values: true, name: true };

/** Without code extension, and with characters of several bytes: the whole value is decoded, then split. */
type Stateless = 'utf-8' | 'gb18030' | 'gbk';

/** Other names for defined terms that senders use; the right-hand side is an ISO-IR number or a term of its own. */
const ALIASES: Readonly<Record<string, string>> = {
  'UTF-8': '192',
  UTF8: '192',
  ASCII: '6',
  LATIN1: '100',
  ISO88591: '100',
  ISO88592: '101',
  ISO88593: '109',
  ISO88594: '110',
  ISO88595: '144',
  ISO88596: '127',
  ISO88597: '126',
  ISO88598: '138',
  ISO88599: '148',
  ISO885911: '166',
  ISO885915: '203',
};

/** Specific Character Set (PS3.3 C.12.1.1.2, PS3.5 6.1) as a decoder. */
export class CharacterSet {
  static readonly #known = new Map<string, { set: CharacterSet; complaint: string | undefined }>();
  static readonly DEFAULT = new CharacterSet({ g0: ASCII, g1: undefined }, undefined);

  readonly #initial: Designations;
  readonly #decoder: { decode(bytes: Buffer): string } | undefined;
  /** Bytes below 0x80 other than ESC are ASCII. */
  readonly isAsciiBelow80: boolean;

  private constructor(initial: Designations, stateless: Stateless | undefined) {
    this.#initial = initial;
    this.isAsciiBelow80 = initial.g0 === ASCII;
    this.#decoder =
      stateless === undefined
        ? undefined
        : stateless === 'utf-8'
          ? { decode: (bytes) => bytes.toString('utf8', 0, bytes.length) }
          : new TextDecoder(stateless);
  }

  /** @param terms the value of (0008,0005) as it stands; @param complain told of terms that are not the Standard's */
  static of(terms: string, complain: (text: string) => void): CharacterSet {
    let known = this.#known.get(terms);
    if (known === undefined) {
      known = this.#make(terms);
      // Terms come from outside: what is remembered must not grow without end.
      if (this.#known.size < 100) this.#known.set(terms, known);
    }
    if (known.complaint !== undefined) complain(known.complaint);
    return known.set;
  }

  static #make(terms: string): { set: CharacterSet; complaint: string | undefined } {
    const [first = '', ...more] = terms.split('\\').map(readTerm);
    const complaint = [first, ...more].some((each) => each === undefined || each.endsWith('?'))
      ? 'Specific Character Set has a value that is no defined term'
      : undefined;
    const term = first?.replace('?', '') ?? '6';
    if (term === '192') return { set: new CharacterSet({ g0: ASCII, g1: undefined }, 'utf-8'), complaint };
    if (term === 'GB18030')
      return { set: new CharacterSet({ g0: ASCII, g1: undefined }, 'gb18030'), complaint };
    if (term === 'GBK') return { set: new CharacterSet({ g0: ASCII, g1: undefined }, 'gbk'), complaint };
    const initial = INITIAL[term === '' ? '6' : term] ?? { g0: ASCII, g1: undefined };
    return { set: new CharacterSet(initial, undefined), complaint };
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

/**
 * The ISO-IR number of a defined term, or GB18030 or GBK. "?" is added when it is clear what is meant but written
 * otherwise than the Standard has it; undefined when it is not clear.
 */
function readTerm(value: string): string | undefined {
  const term = value.replace(/^[ \0]+|[ \0]+$/g, '');
  if (term === '') return '';
  if (term === 'GB18030' || term === 'GBK') return term;
  const exact = /^ISO(?:_| 2022 )IR (\d+)$/.exec(term)?.[1];
  if (exact !== undefined) return exact === '192' || exact in INITIAL ? exact : undefined;
  const loose = term.toUpperCase().replace(/[ _-]/g, '');
  const number = /^ISO(?:2022)?IR(\d+)$/.exec(loose)?.[1] ?? ALIASES[loose] ?? ALIASES[term.toUpperCase()];
  if (number !== undefined && (number === '192' || number in INITIAL)) return `${number}?`;
  return loose === 'GB18030' || loose === 'GBK' ? `${loose}?` : undefined;
}
