/** PS3.5 9.1 */
export const MAX_UID_LENGTH = 64;

const NUL = 0;
const SPACE = 0x20;

const isPadding = (code: number | undefined): boolean => code === SPACE || code === NUL;

/**
 * Latin-1 text without what pads it: leading and trailing spaces are not significant (PS3.8 9.3.2), and some senders pad
 * with NUL. Text of any length costs linear time.
 * @param most characters that are kept, counted from the first one that is no padding
 */
export function unpadded(bytes: Buffer, most: number): string {
  let start = 0;
  let end = bytes.length;
  while (start < end && isPadding(bytes[start])) start += 1;
  while (end > start && isPadding(bytes[end - 1])) end -= 1;
  return bytes.toString('latin1', start, Math.min(end, start + most));
}

/** A UID. One that is too long stays so, by a character, so that nobody takes it for another one. */
export function uidText(bytes: Buffer): string {
  return unpadded(bytes, MAX_UID_LENGTH + 1);
}
