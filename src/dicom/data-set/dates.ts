const MILLISECONDS_A_DAY = 86_400_000;

/** Is it a day as DA has it? */
export const isDate = (text: string): boolean => movedDate(text, 0) !== undefined;

/** Is it a moment as DT has it, of which all behind the year may be missing? */
export function isDateTime(text: string): boolean {
  return /^\d{4}(?:\d{2}){0,5}(?:\.\d{1,6})?(?:[+-]\d{4})?$/.test(text);
}

/** A day as DA has it (PS3.5 6.2), moved by days; undefined: it is none. */
export function movedDate(text: string, days: number): string | undefined {
  const found = /^(\d{4})(\d{2})(\d{2})$/.exec(text) ?? /^(\d{4})\.(\d{2})\.(\d{2})$/.exec(text);
  if (found === null) return undefined;
  const [, year = '', month = '', day = ''] = found;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  // The 31st of a shorter month is none.
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return undefined;
  const moved = new Date(date.getTime() + days * MILLISECONDS_A_DAY);
  const movedYear = moved.getUTCFullYear();
  if (movedYear < 1 || movedYear > 9999) return undefined;
  const parts = [moved.getUTCMonth() + 1, moved.getUTCDate()].map((part) => String(part).padStart(2, '0'));
  return String(movedYear).padStart(4, '0') + parts.join('');
}

/** A moment as DT has it, moved by whole days; undefined: it is none, or has no day. */
export function movedDateTime(text: string, days: number): string | undefined {
  const date = movedDate(text.slice(0, 8), days);
  const rest = text.slice(8);
  if (date === undefined || !/^(?:\d{2}(?:\d{2}(?:\d{2}(?:\.\d{1,6})?)?)?)?(?:[+-]\d{4})?$/.test(rest))
    return undefined;
  return date + rest;
}

/** A time as TM has it. */
export function isTime(text: string): boolean {
  return /^\d{2}(?::?\d{2}(?::?\d{2}(?:\.\d{1,6})?)?)?$/.test(text);
}
