import { finding, type Finding } from '../finding';

/** A DIMSE status: four hexadecimal digits, with or without 0x (PS3.7 Annex C). */
export function checkStatus(value: string): Finding<'notAStatus'>[] {
  return parseStatus(value) === undefined ? [finding('notAStatus', { value })] : [];
}

/** A status as people write it (`A700`, `0xA700`) or as a number; undefined when it is none. */
export function parseStatus(value: unknown): number | undefined {
  if (typeof value === 'number')
    return Number.isInteger(value) && value >= 0 && value <= 0xffff ? value : undefined;
  if (typeof value !== 'string') return undefined;
  const digits = /^(?:0x)?([0-9a-f]{4})$/i.exec(value.trim())?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}
