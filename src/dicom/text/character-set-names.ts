import { trimmed } from './ascii';
import { INITIAL, WINDOWS_1252 } from './code-tables';

/** What a name of a character set stands for. */
export interface NamedSet {
  /** As warnings call it. */
  readonly name: string;
  /** Code tables (`INITIAL`), by ISO-IR number as a rule; or a decoder that knows the whole of it, by its label in TextDecoder. */
  readonly as: { readonly table: string } | { readonly label: string };
  /** It is written as the Standard has it. */
  readonly isDefinedTerm: boolean;
}

/** No defined term, and no name of those below, is longer. */
const LONGEST_NAME = 32;

const UTF_8 = '192';
/** Terms of the Standard for which ISO 2022 has no part (PS3.3 Table C.12-5). */
const OF_ITS_OWN = new Map([
  ['GB18030', 'gb18030'],
  ['GBK', 'gbk'],
]);

/** Other names for defined terms, without spaces, hyphens, underscores, dots and colons: an ISO-IR number. */
const ALIASES = new Map(
  Object.entries({
    UTF8: UTF_8,
    ISO10646: UTF_8,
    UNICODE11UTF8: UTF_8,
    ASCII: '6',
    USASCII: '6',
    ISO646: '6',
    LATIN1: '100',
    LATIN2: '101',
    LATIN3: '109',
    LATIN4: '110',
    LATIN5: '148',
    LATIN9: '203',
    CYRILLIC: '144',
    ARABIC: '127',
    GREEK: '126',
    HEBREW: '138',
    THAI: '166',
    TIS620: '166',
    ISO2022JP: '87',
    ISO2022KR: '149',
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
  }),
);

/** Character sets that the Standard does not have and senders use: the label in TextDecoder. */
const LOCAL = new Map<string, string>(
  Object.entries({
    EUCKR: 'euc-kr',
    KSC5601: 'euc-kr',
    KSC56011987: 'euc-kr',
    KSX1001: 'euc-kr',
    UHC: 'euc-kr',
    CP949: 'euc-kr',
    MS949: 'euc-kr',
    WINDOWS949: 'euc-kr',
    EUCJP: 'euc-jp',
    SHIFTJIS: 'shift_jis',
    SJIS: 'shift_jis',
    MSKANJI: 'shift_jis',
    CP932: 'shift_jis',
    MS932: 'shift_jis',
    WINDOWS31J: 'shift_jis',
    BIG5: 'big5',
    BIG5HKSCS: 'big5',
    CP950: 'big5',
    GB2312: 'gbk',
    GB231280: 'gbk',
    EUCCN: 'gbk',
    CP936: 'gbk',
    WINDOWS936: 'gbk',
    KOI8R: 'koi8-r',
    KOI8U: 'koi8-u',
    CP866: 'ibm866',
    IBM866: 'ibm866',
    CP874: 'windows-874',
    WINDOWS874: 'windows-874',
    ...Object.fromEntries(
      Array.from({ length: 9 }, (_, index) => `125${index}`).flatMap((page) =>
        ['WINDOWS', 'CP', 'WIN', 'ANSI'].map((prefix) => [prefix + page, `windows-${page}`]),
      ),
    ),
  }),
);

/**
 * What is meant by a value of Specific Character Set, or by what somebody has chosen to be assumed; undefined: that is not
 * clear. Its length is checked first.
 */
export function readCharacterSetName(value: string): NamedSet | undefined {
  const term = trimmed(value);
  if (term.length > LONGEST_NAME) return undefined;
  const plain = OF_ITS_OWN.get(term);
  if (plain !== undefined) return { name: term, as: { label: plain }, isDefinedTerm: true };
  const exact = term === '' ? '6' : /^ISO(?:_| 2022 )IR (\d{1,3})$/.exec(term)?.[1];
  if (exact !== undefined) return ofIsoIr(exact, true);
  const loose = term.toUpperCase().replace(/[ _.:-]/g, '');
  const number = /^ISO(?:2022)?IR(\d{1,3})$/.exec(loose)?.[1] ?? ALIASES.get(loose);
  if (number !== undefined) return ofIsoIr(number, false);
  const label = OF_ITS_OWN.get(loose) ?? LOCAL.get(loose);
  if (label === undefined) return undefined;
  // Node 20's decoder of this one is that of Latin-1.
  const as = label === WINDOWS_1252 ? { table: label } : { label };
  return { name: term.toUpperCase(), as, isDefinedTerm: false };
}

function ofIsoIr(number: string, isDefinedTerm: boolean): NamedSet | undefined {
  if (number === UTF_8) return { name: 'ISO_IR 192 (UTF-8)', as: { label: 'utf-8' }, isDefinedTerm };
  return Object.hasOwn(INITIAL, number)
    ? { name: `ISO_IR ${number}`, as: { table: number }, isDefinedTerm }
    : undefined;
}
