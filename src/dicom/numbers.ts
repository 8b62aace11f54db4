/** A double holds every decimal number of so many digits. */
export const SAFE_DIGITS = 15;
const MOST_DIGITS = 100;
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/**
 * DS and IS (PS3.5 6.2) as a number. `undefined` when the text is no number, or a number that a double would change
 * (PS3.18 F.2.3 lets it be a string then).
 */
export function decimal(text: string): number | 'not-a-number' | 'precision' {
  if (text.length <= SAFE_DIGITS && isSimpleInteger(text)) return Number(text);
  if (!DECIMAL.test(text)) return 'not-a-number';
  const number = Number(text);
  if (!Number.isFinite(number)) return 'precision';
  return text.length <= SAFE_DIGITS || isExact(text, number) ? number : 'precision';
}

function isSimpleInteger(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 0x30 || code > 0x39) return false;
  }
  return text.length > 0;
}

/** Does the double, written with as many significant digits, have the digits of the text? */
function isExact(text: string, number: number): boolean {
  const digits = significantDigits(text);
  if (digits.length <= SAFE_DIGITS) return true;
  if (digits.length > MOST_DIGITS) return false;
  return significantDigits(number.toExponential(digits.length - 1)) === digits;
}

function significantDigits(text: string): string {
  return text
    .replace(/[eE].*$/, '')
    .replace(/[^0-9]/g, '')
    .replace(/^0+/, '');
}

/** NaN and the infinities are no JSON numbers: strings stand for them in the DICOM JSON Model (PS3.18 F.2.3). */
export function floatingPoint(value: number): number | string {
  if (Number.isFinite(value)) return value;
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? 'inf' : '-inf';
}

/** A 64-bit integer: a number where that is exact, else the digits. */
export function bigInteger(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}
