import { CODE } from '../text';

/** A double holds every decimal number with this many digits. */
export const SAFE_DIGITS = 15;
/** Longer texts are kept as they are. The Standard has 16 characters for DS, and 12 for IS. */
const LONGEST = 128;
const MOST_DIGITS = 100;

const { ZERO, NINE, POINT, MINUS } = CODE;
const PLUS = 0x2b;
const LARGE_E = 0x45;
const SMALL_E = 0x65;

/**
 * DS and IS (PS3.5 6.2) as a number. `undefined` when the text is not a number, or a number that a double would change
 * (PS3.18 F.2.3 lets it be a string then).
 */
export function decimal(text: string): number | 'not-a-number' | 'precision' {
  if (!isDecimal(text)) return 'not-a-number';
  if (text.length > LONGEST) return 'precision';
  const number = Number(text);
  if (!Number.isFinite(number)) return 'precision';
  return text.length <= SAFE_DIGITS || isExact(text, number) ? number : 'precision';
}

/**
 * Digits with an optional point, an optional sign and an optional exponent. Examines each character once: a
 * regular expression would backtrack from each digit if anything else follows `12345…`.
 */
function isDecimal(text: string): boolean {
  let at = isSign(text.charCodeAt(0)) ? 1 : 0;
  const wholeEnd = afterDigits(text, at);
  let digits = wholeEnd - at;
  at = wholeEnd;
  if (text.charCodeAt(at) === POINT) {
    const end = afterDigits(text, at + 1);
    digits += end - at - 1;
    at = end;
  }
  if (digits === 0) return false;
  const code = text.charCodeAt(at);
  if (code !== LARGE_E && code !== SMALL_E) return at === text.length;
  const start = isSign(text.charCodeAt(at + 1)) ? at + 2 : at + 1;
  const end = afterDigits(text, start);
  return end > start && end === text.length;
}

function isSign(code: number): boolean {
  return code === PLUS || code === MINUS;
}

function afterDigits(text: string, start: number): number {
  let at = start;
  for (let code = text.charCodeAt(at); code >= ZERO && code <= NINE; code = text.charCodeAt(at)) at += 1;
  return at;
}

/** Does the double, written with as many significant digits, have the digits of the text? */
function isExact(text: string, number: number): boolean {
  const digits = significantDigits(text);
  if (digits.length <= SAFE_DIGITS) return true;
  if (digits.length > MOST_DIGITS) return false;
  return significantDigits(number.toExponential(digits.length - 1)) === digits;
}

/** Of a text that is a number, and short. */
function significantDigits(text: string): string {
  const [mantissa = ''] = text.split(/[eE]/);
  return mantissa.replace(/[^0-9]/g, '').replace(/^0+/, '');
}

/** NaN and the infinities are no JSON numbers: strings stand for them in the DICOM JSON Model (PS3.18 F.2.3). */
export function floatingPoint(value: number): number | string {
  if (Number.isFinite(value)) return value;
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? 'inf' : '-inf';
}

/** A 64-bit integer: a number if that is exact, otherwise the digits. */
export function bigInteger(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}
