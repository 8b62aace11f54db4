import { type Vr, VR } from '../dicom';

const MS_PER_DAY = 86_400_000;
const LAST_YEAR = 9_999;

/**
 * A date, or a date and time, moved by a number of days; its time of day and its offset from UTC stay.
 * @param vr DA or DT (PS3.5 6.2)
 * @returns undefined where the text is no whole date, or there is no such date in four digits
 */
export function shiftedDate(vr: Vr, text: string, days: number): string | undefined {
  const [, year = '', month = '', day = '', rest = ''] =
    /^(\d{4})(\d{2})(\d{2})((?:\d[\d.]*)?(?:[+-]\d{4})?)$/.exec(withoutDots(vr, text)) ?? [];
  if (year === '' || (vr === VR.DA && rest !== '')) return undefined;
  const before = new Date(0);
  before.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  // There is no 30th of February, and no 13th month.
  if (formatted(before) !== year + month + day) return undefined;
  const after = new Date(before.getTime() + days * MS_PER_DAY);
  const afterYear = after.getUTCFullYear();
  return afterYear < 1 || afterYear > LAST_YEAR ? undefined : formatted(after) + rest;
}

/** As ACR-NEMA had it, 1993.04.22 is a date still (PS3.5 Table 6.2-1, DA). */
function withoutDots(vr: Vr, text: string): string {
  return vr === VR.DA ? text.replace(/^(\d{4})\.(\d{2})\.(\d{2})$/, '$1$2$3') : text;
}

function formatted(date: Date): string {
  const parts = [date.getUTCMonth() + 1, date.getUTCDate()].map((part) => String(part).padStart(2, '0'));
  return String(date.getUTCFullYear()).padStart(4, '0') + parts.join('');
}
