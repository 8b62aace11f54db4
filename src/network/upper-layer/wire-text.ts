const SPACE = 0x20;
const NUL = 0;

/**
 * Latin-1 text without its padding: leading and trailing spaces are not significant (PS3.8 9.3.2), and NULs pad UIDs, with
 * some senders other text too. A peer may send a value of any length and whatever in it, so the padding is found byte
 * by byte, and text that is too long is cut after one character more than `maxLength`: enough to be seen to be too long,
 * and all that anything after this has to look at.
 * @param maxLength in characters
 */
export function wireText(value: Buffer, maxLength: number): string {
  let start = 0;
  let end = value.length;
  while (start < end && isPadding(value[start])) start += 1;
  while (end > start && isPadding(value[end - 1])) end -= 1;
  return value.toString('latin1', start, Math.min(end, start + maxLength + 1));
}

function isPadding(byte: number | undefined): boolean {
  return byte === SPACE || byte === NUL;
}
