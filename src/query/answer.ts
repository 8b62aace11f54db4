import { lookUp, tagOfKeyword, VR, type Vr } from '../dicom';
import type { Keys } from './keys';

/** What an answer may say beside what was asked for (PS3.4 C.4.1.1.3.2). */
const UNASKED: readonly string[] = ['RetrieveAETitle', 'InstanceAvailability'];

/** VRs whose keys may be ranges (PS3.4 C.2.2.2.5). */
const RANGES: ReadonlySet<Vr> = new Set([VR.DA, VR.TM, VR.DT]);

/**
 * The keys of a query as far as an answer can have them. An answer repeats what the flow leaves out: a value of a key that an object
 * could not have is none there, or each match would fail for what the peer has asked. Private attributes are not answered.
 * @param canSend whether an answer can be encoded
 */
export function answerableKeys(keys: Keys, canSend: (answer: Keys) => boolean): Keys {
  const known = Object.entries(keys).filter(([keyword]) => !isPrivate(keyword));
  const all = Object.fromEntries(known);
  if (canSend(answerOf(all, {}))) return all;
  const some = known.flatMap(([keyword, key]) => {
    const [item] = Array.isArray(key) ? (key as unknown[]) : [];
    const wanted = isObject(item) && isSequence(keyword) ? [answerableKeys(item, canSend)] : key;
    const possible = [wanted, null].find((each) => canSend(answerOf({ [keyword]: each }, {})));
    return possible === undefined ? [] : [[keyword, possible] as const];
  });
  return Object.fromEntries(some);
}

/** What has no keyword is named by its tag. */
const isPrivate = (keyword: string): boolean => /^[0-9A-F]{3}[13579BDF][0-9A-F]{4}$/i.test(keyword);

const vrOf = (keyword: string): Vr | undefined => lookUp(tagOfKeyword(keyword) ?? 0)?.vr;
const isSequence = (keyword: string): boolean => vrOf(keyword) === VR.SQ;

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
  const vr = vrOf(keyword);
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
