import { isPlainUid, Kind, type Vr, VR } from '../standard';

/** What a value of a VR of text may be (PS3.5 Table 6.2-1). */
interface Rule {
  /** Characters of a value; of a name, of each component group. */
  readonly most?: number;
  /** What is wrong with a value that is no longer than that; undefined: nothing. It is not empty. */
  readonly problem?: (text: string) => string | undefined;
}

const pattern =
  (regex: RegExp, wanted: string) =>
  (text: string): string | undefined =>
    regex.test(text) ? undefined : wanted;

/** All have few characters, and none of the patterns goes back. */
const RULES: ReadonlyMap<Vr, Rule> = new Map<Vr, Rule>([
  [VR.AE, { most: 16, problem: pattern(/^ *[\x21-\x7e][\x20-\x7e]*$/, 'is ASCII, and not only spaces') }],
  [VR.AS, { problem: pattern(/^\d{3}[DWMY]$/, 'is three digits and D, W, M or Y, as 042Y') }],
  [
    VR.CS,
    { most: 16, problem: pattern(/^[A-Z0-9_ ]+$/, 'has capital letters, digits, spaces and underscores') },
  ],
  // Their forms say how long they are: 31.01.2024 is not too long, but not written so.
  [VR.DA, { problem: dateProblem }],
  [
    VR.DS,
    {
      most: 16,
      problem: pattern(/^ *[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)? *$/, 'is a decimal number'),
    },
  ],
  [VR.DT, { most: 26, problem: dateTimeProblem }],
  [VR.IS, { most: 12, problem: integerProblem }],
  [VR.LO, { most: 64 }],
  [VR.LT, { most: 10_240 }],
  [VR.PN, { most: 64 }],
  [VR.SH, { most: 16 }],
  [VR.ST, { most: 1_024 }],
  [VR.TM, { problem: timeProblem }],
  [VR.UC, {}],
  [
    VR.UI,
    {
      most: 64,
      problem: (text) => (isPlainUid(text) ? undefined : 'is digits with single dots between them'),
    },
  ],
  [VR.UR, { problem: uriProblem }],
  [VR.UT, {}],
]);

const MOST_NAME_GROUPS = 3;

/** What is wrong with one value of a VR of text, in words that follow the VR's name; undefined: it is one. */
export function textProblem(vr: Vr, text: string): string | undefined {
  if (text === '') return undefined;
  const { most = Infinity, problem } = RULES.get(vr) ?? {};
  const parts = vr.kind === Kind.Name ? text.split('=') : [text];
  if (vr.kind === Kind.Name && parts.length > MOST_NAME_GROUPS) return 'has at most three component groups';
  if (parts.some((part) => isLonger(part, most)))
    return `has at most ${most} characters in a ${vr.kind === Kind.Name ? 'component group' : 'value'}`;
  return problem === undefined ? characterProblem(vr, text) : problem(text);
}

/** Characters, not units of UTF-16. */
function isLonger(text: string, most: number): boolean {
  if (text.length <= most) return false;
  return text.length > 2 * most || [...text].length > most;
}

const FIRST_PRINTABLE = 0x20;
const DELETE = 0x7f;
const LAST_CONTROL = 0x9f;
/** Tabulator, line feed, form feed and carriage return (PS3.5 6.1.3). */
const LAYOUT: ReadonlySet<number> = new Set([0x09, 0x0a, 0x0c, 0x0d]);

function characterProblem({ kind }: Vr, text: string): string | undefined {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code >= FIRST_PRINTABLE && (code < DELETE || code > LAST_CONTROL)) continue;
    if (kind !== Kind.LongText || !LAYOUT.has(code)) return 'has no control characters';
  }
  return /\p{Surrogate}/u.test(text) ? 'has no incomplete characters (lone surrogates)' : undefined;
}

function integerProblem(text: string): string | undefined {
  const number = /^ *[+-]?\d+ *$/.test(text) ? Number(text) : NaN;
  return number >= -0x80000000 && number <= 0x7fffffff ? undefined : 'is an integer of 32 bits';
}

function dateProblem(text: string): string | undefined {
  return /^\d{8}$/.test(text) && isDate(text) ? undefined : 'is a date, as 20240131';
}

/** Year, month and day, the last two of which may be missing. */
function isDate(text: string): boolean {
  return isBetween(text.slice(4, 6), 1, 12) && isBetween(text.slice(6, 8), 1, 31);
}

function timeProblem(text: string): string | undefined {
  return isTime(text) ? undefined : 'is a time, as 235959.123456';
}

/** Hours, and as much more as there is. */
function isTime(text: string): boolean {
  return (
    /^\d{2}(?:\d{2}(?:\d{2}(?:\.\d{1,6})?)?)?$/.test(text) &&
    isBetween(text.slice(0, 2), 0, 23) &&
    isBetween(text.slice(2, 4), 0, 59) &&
    isBetween(text.slice(4, 6), 0, 60)
  );
}

function isBetween(digits: string, least: number, most: number): boolean {
  return digits === '' || (Number(digits) >= least && Number(digits) <= most);
}

function dateTimeProblem(text: string): string | undefined {
  const local = /^\d[\d.]*/.exec(text)?.[0] ?? '';
  const zone = text.slice(local.length);
  const isDateTime =
    /^(?:\d{4}|\d{6}|\d{8,}\.?\d*)$/.test(local) &&
    isDate(local) &&
    (local.length <= 8 || isTime(local.slice(8))) &&
    (zone === '' || /^[+-]\d{4}$/.test(zone));
  return isDateTime ? undefined : 'is a date and time, as 20240131235959.123456+0100';
}

function uriProblem(text: string): string | undefined {
  return /^[\x21-\x5b\x5d-\x7e][\x20-\x5b\x5d-\x7e]*$/.test(text) ? undefined : 'is a URI, in ASCII';
}
