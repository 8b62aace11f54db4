import { REPLACEMENT } from './replacement';

/** A graphic character set that ISO 2022 can designate as G0 or G1 (PS3.3 C.12.1.1.2, Tables C.12-2 to C.12-5). */
export interface CodeTable {
  /** Bytes of a character. */
  readonly width: 1 | 2;
  /** Characters from code positions; `bytes` are as they stand in the value, of G0 or of G1. */
  decode(bytes: Buffer): string;
}

const HIGH = 0x80;

export const ASCII: CodeTable = {
  width: 1,
  decode: (bytes) => bytes.toString('latin1', 0, bytes.length),
};

/** ISO-IR 14: ASCII but for two characters. */
const JIS_X_0201_ROMAJI: CodeTable = {
  width: 1,
  decode: (bytes) => romaji(bytes.toString('latin1', 0, bytes.length)),
};

export function romaji(ascii: string): string {
  return ascii.replace(/[\\~]/g, (each) => (each === '\\' ? '\u00A5' : '\u203E'));
}

/** The upper halves of single-byte sets: 128 characters each, from 0x80 on. */
function upperHalf(characters: () => string): CodeTable {
  let table: string | undefined;
  return {
    width: 1,
    decode(bytes) {
      table ??= characters();
      let text = '';
      for (const byte of bytes) text += table[byte - HIGH] ?? String.fromCharCode(byte);
      return text;
    },
  };
}

/** Code positions 0x80 to 0x9F are controls in every ISO 8859 part, whatever web browsers make of them. */
const CONTROLS = String.fromCharCode(...Array.from({ length: 32 }, (_, index) => HIGH + index));

function iso8859(label: string): CodeTable {
  return upperHalf(() => {
    const graphic = Buffer.from(Array.from({ length: 96 }, (_, index) => 0xa0 + index));
    return CONTROLS + new TextDecoder(label).decode(graphic);
  });
}

/** ISO 8859-9 is ISO 8859-1 with the Turkish letters in place of the Icelandic ones. */
const TURKISH: Readonly<Record<number, string>> = {
  0xd0: 'Ğ',
  0xdd: 'İ',
  0xde: 'Ş',
  0xf0: 'ğ',
  0xfd: 'ı',
  0xfe: 'ş',
};

function latinUpperHalf(changes: Readonly<Record<number, string>>): string {
  return Array.from(
    { length: HIGH },
    (_, index) => changes[HIGH + index] ?? String.fromCharCode(HIGH + index),
  ).join('');
}

/** What Windows has at 0x80 to 0x9F, where Latin-1 has controls. */
const WINDOWS_CHARACTERS = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008DŽ\u008F\u0090‘’“”•–—˜™š›œ\u009DžŸ';

/** ISO-IR 13, half-width katakana, at 0xA1 to 0xDF. */
function katakanaUpperHalf(): string {
  return Array.from({ length: HIGH }, (_, index) => {
    const byte = HIGH + index;
    return byte >= 0xa1 && byte <= 0xdf ? String.fromCharCode(0xff61 + byte - 0xa1) : REPLACEMENT;
  }).join('');
}

/** TIS 620-2533 at 0xA1 to 0xFB; not what windows-874 adds to it. */
function thaiUpperHalf(): string {
  const graphic = Buffer.from(Array.from({ length: 95 }, (_, index) => 0xa1 + index));
  return `${CONTROLS}\u00A0${new TextDecoder('windows-874').decode(graphic)}`;
}

/** Sets of 94 × 94 characters, decoded through the EUC form of them: both bytes with the high bit. */
function pairs(label: string, prefix?: number): CodeTable {
  let decoder: InstanceType<typeof TextDecoder> | undefined;
  return {
    width: 2,
    decode(bytes) {
      decoder ??= new TextDecoder(label);
      const step = prefix === undefined ? 2 : 3;
      const euc = Buffer.alloc((bytes.length / 2) * step);
      for (let from = 0, to = 0; from < bytes.length; from += 2, to += step) {
        let at = to;
        if (prefix !== undefined) euc.writeUInt8(prefix, at++);
        euc.writeUInt8((bytes[from] ?? 0) | HIGH, at++);
        euc.writeUInt8((bytes[from + 1] ?? 0) | HIGH, at);
      }
      return decoder.decode(euc);
    },
  };
}

/** The key of Windows-1252 among the tables: ISO-IR has no number for it. */
export const WINDOWS_1252 = 'windows-1252';

const EUC_CODE_SET_3 = 0x8f;

const LATIN_1 = upperHalf(() => latinUpperHalf({}));
const LATIN_2 = iso8859('iso-8859-2');
const LATIN_3 = iso8859('iso-8859-3');
const LATIN_4 = iso8859('iso-8859-4');
const CYRILLIC = iso8859('iso-8859-5');
const ARABIC = iso8859('iso-8859-6');
const GREEK = iso8859('iso-8859-7');
const HEBREW = iso8859('iso-8859-8');
const LATIN_5 = upperHalf(() => latinUpperHalf(TURKISH));
const LATIN_9 = iso8859('iso-8859-15');
const THAI = upperHalf(thaiUpperHalf);
const KATAKANA = upperHalf(katakanaUpperHalf);
const JIS_X_0208 = pairs('euc-jp');
const JIS_X_0212 = pairs('euc-jp', EUC_CODE_SET_3);
const KS_X_1001 = pairs('euc-kr');
const GB_2312 = pairs('gb18030');

/** What a defined term designates when it is the first (or only) value of Specific Character Set, by its ISO-IR number. */
export const INITIAL: Readonly<Record<string, { g0: CodeTable; g1: CodeTable | undefined }>> = {
  6: { g0: ASCII, g1: undefined },
  13: { g0: JIS_X_0201_ROMAJI, g1: KATAKANA },
  58: { g0: ASCII, g1: GB_2312 },
  87: { g0: ASCII, g1: undefined },
  100: { g0: ASCII, g1: LATIN_1 },
  101: { g0: ASCII, g1: LATIN_2 },
  109: { g0: ASCII, g1: LATIN_3 },
  110: { g0: ASCII, g1: LATIN_4 },
  126: { g0: ASCII, g1: GREEK },
  127: { g0: ASCII, g1: ARABIC },
  138: { g0: ASCII, g1: HEBREW },
  144: { g0: ASCII, g1: CYRILLIC },
  148: { g0: ASCII, g1: LATIN_5 },
  149: { g0: ASCII, g1: KS_X_1001 },
  159: { g0: ASCII, g1: undefined },
  166: { g0: ASCII, g1: THAI },
  203: { g0: ASCII, g1: LATIN_9 },
  [WINDOWS_1252]: { g0: ASCII, g1: upperHalf(() => WINDOWS_CHARACTERS + latinUpperHalf({}).slice(32)) },
};

/** ISO 2022 escape sequences, without ESC, as text (PS3.3 Tables C.12-3 and C.12-4). */
export const DESIGNATIONS: ReadonlyMap<string, { half: 'g0' | 'g1'; table: CodeTable }> = new Map([
  ['(B', { half: 'g0', table: ASCII }],
  ['(J', { half: 'g0', table: JIS_X_0201_ROMAJI }],
  [')I', { half: 'g1', table: KATAKANA }],
  ['-A', { half: 'g1', table: LATIN_1 }],
  ['-B', { half: 'g1', table: LATIN_2 }],
  ['-C', { half: 'g1', table: LATIN_3 }],
  ['-D', { half: 'g1', table: LATIN_4 }],
  ['-L', { half: 'g1', table: CYRILLIC }],
  ['-G', { half: 'g1', table: ARABIC }],
  ['-F', { half: 'g1', table: GREEK }],
  ['-H', { half: 'g1', table: HEBREW }],
  ['-M', { half: 'g1', table: LATIN_5 }],
  ['-T', { half: 'g1', table: THAI }],
  ['-b', { half: 'g1', table: LATIN_9 }],
  ['$B', { half: 'g0', table: JIS_X_0208 }],
  // JIS C 6226-1978, the predecessor that some Japanese systems still designate.
  ['$@', { half: 'g0', table: JIS_X_0208 }],
  ['$(D', { half: 'g0', table: JIS_X_0212 }],
  ['$)C', { half: 'g1', table: KS_X_1001 }],
  ['$)A', { half: 'g1', table: GB_2312 }],
]);
