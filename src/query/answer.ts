import { lookUp, tagOfKeyword, VR, type Vr } from '../dicom';
import type { Keys } from './keys';

/** What an answer may say beside what was asked for (PS3.4 C.4.1.1.3.2). */
const UNASKED: readonly string[] = ['RetrieveAETitle', 'InstanceAvailability'];

/** VRs whose keys may be ranges (PS3.4 C.2.2.2.5). */
const RANGES: ReadonlySet<Vr> = new Set([VR.DA, VR.TM, VR.DT]);

/**
 * What is sent for a match: of it what was asked for, and nothing else. What it leaves out is what the query says where that
 * is one value, for otherwise it would be no match, and empty where the query has no value, a wild card, a range or a list.
 */
export function answerOf(keys: Keys, match: Keys): Keys {
  const asked = Object.entries(keys).map(([keyword, key]) => [
    keyword,
    valueOf(keyword, key, Object.hasOwn(match, keyword) ? match[keyword] : undefined),
  ]);
  const more = UNASKED.filter((keyword) => Object.hasOwn(match, keyword)).map((keyword) => [
    keyword,
    match[keyword],
  ]);
  return Object.fromEntries([...asked, ...more]) as Keys;
}

function valueOf(keyword: string, key: unknown, value: unknown): unknown {
  const vr = lookUp(tagOfKeyword(keyword) ?? 0)?.vr;
  if (vr === VR.SQ) return itemsOf(key, value);
  return value === undefined || value === null ? onlyValue(vr, key) : value;
}

function itemsOf(key: unknown, value: unknown): unknown {
  const [asked = {}] = Array.isArray(key) ? (key as unknown[]).filter(isObject) : [];
  if (value !== undefined && value !== null && !Array.isArray(value)) return value;
  const items = (value as unknown[] | null | undefined) ?? (hasValue(asked) ? [{}] : []);
  // All attributes of the items are asked for (PS3.4 C.2.2.2.6).
  if (Object.keys(asked).length === 0) return items;
  return items.map((item) => (isObject(item) ? answerOf(asked, item) : item));
}

/** The value that all matches of a key have; null: they may have several, or any. */
function onlyValue(vr: Vr | undefined, key: unknown): unknown {
  const [only = null, ...others] = Array.isArray(key) ? (key as unknown[]) : [key];
  if (others.length > 0) return null;
  const texts = isObject(only) ? Object.values(only) : [only];
  const isRange = (text: string): boolean => vr !== undefined && RANGES.has(vr) && text.includes('-');
  const isOpen = texts.some((text) => typeof text === 'string' && (/[*?\\]/.test(text) || isRange(text)));
  return isOpen ? null : only;
}

function hasValue(item: Keys): boolean {
  return Object.values(item).some(
    (value) => value !== null && value !== '' && !(Array.isArray(value) && value.length === 0),
  );
}

function isObject(value: unknown): value is Keys {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
