import { finding, type Finding } from './finding';

/** Where a key's value comes from: types of Node-RED's typed input, days around today, and no value. */
const KEY_TYPES = ['str', 'msg', 'flow', 'global', 'env', 'days', 'return'] as const;
export type KeyType = (typeof KEY_TYPES)[number];

/** One key of a query. */
export interface QueryKey {
  /** A keyword or tag; within a sequence `Sequence[0].Keyword`. */
  path: string;
  /** `days`: see `daysRange`; `return`: nothing. */
  value: string;
  valueType: KeyType;
}

const MOST_KEYS = 200;
const LONGEST_TEXT = 1_024;
const MOST_DAYS = 36_500;
/** Types whose value says where to look. */
const TYPES_OF_PLACES: readonly KeyType[] = ['msg', 'flow', 'global', 'env'];

export type KeyCode =
  'keysNotAList' | 'tooManyKeys' | 'notAKey' | 'keyWithoutPath' | 'keyWithoutValue' | 'keyNotDays';

/** Those that are keys. @param raw as the flow has them, or as JSON text */
export function readKeys(raw: unknown): QueryKey[] {
  return (listOf(raw) ?? []).map(readKey).filter((key) => key !== undefined);
}

/** What can be seen without the dictionary. @param json the keys as JSON text */
export function checkKeys(json: string): Finding<KeyCode>[] {
  const list = listOf(json);
  if (list === undefined) return [finding('keysNotAList')];
  if (list.length > MOST_KEYS) return [finding('tooManyKeys', { max: MOST_KEYS })];
  return list.flatMap((raw, index) => {
    const code = keyProblem(readKey(raw));
    return code === undefined ? [] : [finding(code, { key: index + 1 })];
  });
}

function readKey(raw: unknown): QueryKey | undefined {
  if (typeof raw !== 'object' || raw === null) return undefined;
  const { path, value, valueType = 'str' } = raw as Partial<Record<string, unknown>>;
  const isType = (KEY_TYPES as readonly unknown[]).includes(valueType);
  if (!isType) return undefined;
  return { path: text(path).trim(), value: text(value), valueType: valueType as KeyType };
}

function keyProblem(key: QueryKey | undefined): KeyCode | undefined {
  if (key === undefined || key.path.length > LONGEST_TEXT || key.value.length > LONGEST_TEXT)
    return 'notAKey';
  if (key.path === '') return 'keyWithoutPath';
  if (TYPES_OF_PLACES.includes(key.valueType) && key.value.trim() === '') return 'keyWithoutValue';
  return key.valueType === 'days' && daysRange(key.value, new Date()) === undefined
    ? 'keyNotDays'
    : undefined;
}

/**
 * `today`, `yesterday`, `tomorrow`, `last 7 days`, `next 7 days` (today among them) as DICOM has dates and their ranges, where
 * Node-RED runs. Undefined: none of these.
 */
export function daysRange(words: string, now: Date): string | undefined {
  const day = (days: number): string =>
    dateText(new Date(now.getFullYear(), now.getMonth(), now.getDate() + days));
  const wanted = words.trim().toLowerCase();
  if (wanted === 'today') return day(0);
  if (wanted === 'yesterday') return day(-1);
  if (wanted === 'tomorrow') return day(1);
  const [, which, digits = ''] = /^(last|next) (\d{1,5}) days?$/.exec(wanted) ?? [];
  const count = Number(digits);
  if (which === undefined || count < 1 || count > MOST_DAYS) return undefined;
  return which === 'last' ? `${day(1 - count)}-${day(0)}` : `${day(0)}-${day(count - 1)}`;
}

function dateText(date: Date): string {
  const parts = [date.getFullYear(), date.getMonth() + 1, date.getDate()];
  return parts.map((part, index) => String(part).padStart(index === 0 ? 4 : 2, '0')).join('');
}

function listOf(raw: unknown): unknown[] | undefined {
  if (typeof raw !== 'string') return Array.isArray(raw) ? (raw as unknown[]) : undefined;
  try {
    const parsed: unknown = JSON.parse(raw);
    return Array.isArray(parsed) ? (parsed as unknown[]) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Node-RED makes a number of an environment variable that looks like one. */
function text(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}
