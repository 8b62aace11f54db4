import { finding, type Finding } from '../finding';
import { isEnvironmentReference } from './environment';

/**
 * What text may be taken for that declares no character set: the defined terms of PS3.3 C.12.1.1.2, and what equipment is
 * found to use without saying so. src/dicom knows how to read each.
 */
export const CHARACTER_SETS = [
  'ISO_IR 100',
  'ISO_IR 6',
  'ISO_IR 101',
  'ISO_IR 109',
  'ISO_IR 110',
  'ISO_IR 144',
  'ISO_IR 127',
  'ISO_IR 126',
  'ISO_IR 138',
  'ISO_IR 148',
  'ISO_IR 203',
  'ISO_IR 166',
  'ISO_IR 13',
  'ISO_IR 192',
  'GB18030',
  'GBK',
  'ISO 2022 IR 6',
  'ISO 2022 IR 100',
  'ISO 2022 IR 101',
  'ISO 2022 IR 109',
  'ISO 2022 IR 110',
  'ISO 2022 IR 144',
  'ISO 2022 IR 127',
  'ISO 2022 IR 126',
  'ISO 2022 IR 138',
  'ISO 2022 IR 148',
  'ISO 2022 IR 203',
  'ISO 2022 IR 166',
  'ISO 2022 IR 13',
  'ISO 2022 IR 87',
  'ISO 2022 IR 159',
  'ISO 2022 IR 149',
  'ISO 2022 IR 58',
  'UTF-8',
  'EUC-KR',
  'EUC-JP',
  'SHIFT_JIS',
  'SJIS',
  'BIG5',
  'GB2312',
  'KOI8-R',
  'KOI8-U',
  'WINDOWS-874',
  'WINDOWS-1250',
  'WINDOWS-1251',
  'WINDOWS-1252',
  'WINDOWS-1253',
  'WINDOWS-1254',
  'WINDOWS-1255',
  'WINDOWS-1256',
  'WINDOWS-1257',
  'WINDOWS-1258',
] as const;

const KNOWN: ReadonlySet<string> = new Set(CHARACTER_SETS.map((name) => name.toUpperCase()));

/** The name of a character set, in upper or lower case. */
export function checkCharacterSet(
  value: string,
): Finding<'required' | 'variableNotReplaced' | 'notACharacterSet'>[] {
  const name = value.trim();
  if (isEnvironmentReference(name)) return [finding('variableNotReplaced', { token: name })];
  if (name === '') return [finding('required')];
  if (KNOWN.has(name.toUpperCase())) return [];
  return [finding('notACharacterSet', { value: name, choices: CHARACTER_SETS.join(', ') })];
}
