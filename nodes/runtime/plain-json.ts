import { types } from 'node:util';

/** Of arrays and objects within each other. */
const DEEPEST = 64;
/** Characters of a byte, and what stands between two of them. */
const BYTE_CHARACTERS = 4;

/**
 * A copy of what JSON has of a value that a flow has made. It can be posted to another thread, whatever the value was: functions
 * and symbols are left out, as in JSON.
 * @param most characters, about
 * @throws RangeError where it is more, or has no end; what reading the value throws
 */
export function plainJson(value: unknown, most: number): unknown {
  let left = most;
  const weigh = (characters: number): void => {
    left -= characters;
    if (left < 0) throw new RangeError(`it has more than ${most} characters`);
  };
  const copied = (each: unknown, level: number): unknown => {
    weigh(typeof each === 'string' ? each.length : 1);
    if (typeof each === 'bigint') return String(each);
    if (typeof each === 'number') return Number.isFinite(each) ? each : null;
    if (typeof each === 'function' || typeof each === 'symbol') return undefined;
    if (typeof each !== 'object' || each === null) return each;
    if (level >= DEEPEST) throw new RangeError(`it has more than ${DEEPEST} levels`);
    if (types.isDate(each)) return Number.isFinite(each.getTime()) ? each.toISOString() : null;
    if (ArrayBuffer.isView(each)) weigh(BYTE_CHARACTERS * each.byteLength);
    // What is only said to be there is not looked through.
    if (Array.isArray(each)) weigh(each.length);
    if (Array.isArray(each)) return Array.from(each, (one) => copied(one, level + 1) ?? null);
    const entries = Object.entries(each).map(([key, one]) => {
      weigh(key.length);
      return [key, copied(one, level + 1)] as const;
    });
    return Object.fromEntries(entries.filter(([, one]) => one !== undefined));
  };
  return copied(value, 0);
}

/** Characters of a value in a text. */
const MOST_SHOWN = 1_000;

/** A value that a flow has made, for a text; empty: it has none. */
export function shownJson(value: unknown): string {
  try {
    return JSON.stringify(plainJson(value, MOST_SHOWN)) ?? '';
  } catch {
    // It is too large, or cannot be read.
    return '…';
  }
}
