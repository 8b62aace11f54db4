import { movedDate, type Vr, VR } from '../dicom';

/**
 * A date, or a date and time, moved by a number of days; its time of day and its offset from UTC stay.
 * @param vr DA or DT (PS3.5 6.2)
 * @returns undefined where the text is no whole date, or there is no such date in four digits
 */
export function shiftedDate(vr: Vr, text: string, days: number): string | undefined {
  if (vr === VR.DA) return movedDate(text, days);
  // Of the time of day, it is not asked what it is: it stays.
  const [, date = '', rest = ''] = /^(\d{8})((?:\d[\d.]*)?(?:[+-]\d{4})?)$/.exec(text) ?? [];
  const moved = movedDate(date, days);
  return moved === undefined ? undefined : moved + rest;
}
