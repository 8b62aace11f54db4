import { CODE } from './ascii';

const { ESCAPE } = CODE;

const HIGH = 0x80;

/** Longer texts are rarely met again. */
const LONGEST_KEPT = 64;
/** A power of two: what a hash is cut to. */
const SLOTS = 4096;

/** Texts that were met lately, each where its hash says: in a place for one, the last one counts. */
const kept = new Array<string>(SLOTS).fill('');

/**
 * Bytes as text when none is above 0x7F and there is no escape sequence, which is true of nearly all values; otherwise undefined.
 * The same short texts come again and again, within an object and from one object to the next (codes, UIDs, what all images
 * of a series have in common): one that is kept costs less than a new string, and nothing to forget.
 */
export function plainText(bytes: Buffer, start: number, end: number): string | undefined {
  let hash = 0;
  for (let index = start; index < end; index += 1) {
    const byte = bytes[index] ?? 0;
    if (byte >= HIGH || byte === ESCAPE) return undefined;
    hash = (Math.imul(hash, 31) + byte) | 0;
  }
  if (end - start > LONGEST_KEPT) return bytes.toString('latin1', start, end);
  const slot = hash & (SLOTS - 1);
  const found = kept[slot] ?? '';
  return isSame(found, bytes, start, end) ? found : (kept[slot] = bytes.toString('latin1', start, end));
}

function isSame(text: string, bytes: Buffer, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let index = start; index < end; index += 1) {
    if (text.charCodeAt(index - start) !== bytes[index]) return false;
  }
  return true;
}
