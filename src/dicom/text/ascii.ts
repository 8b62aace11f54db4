/** Characters that this folder knows by their code. */
export const CODE = {
  NUL: 0,
  ESCAPE: 0x1b,
  SPACE: 0x20,
  QUOTE: 0x22,
  COMMA: 0x2c,
  MINUS: 0x2d,
  POINT: 0x2e,
  ZERO: 0x30,
  NINE: 0x39,
  EQUALS: 0x3d,
  OPEN_BRACKET: 0x5b,
  BACKSLASH: 0x5c,
  CLOSE_BRACKET: 0x5d,
  OPEN_BRACE: 0x7b,
  CLOSE_BRACE: 0x7d,
  TILDE: 0x7e,
} as const;

/** Without spaces in front, and spaces and NULs behind. By hand: a regular expression anchored at the end tries every position. */
export function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (end > 0 && isPadding(text.charCodeAt(end - 1))) end -= 1;
  while (start < end && text.charCodeAt(start) === CODE.SPACE) start += 1;
  return text.slice(start, end);
}

export const isPadding = (code: number): boolean => code === CODE.SPACE || code === CODE.NUL;

/** The bytes of a text of ASCII that is written often: a JSON key with its colon, for one. */
export const asciiBytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));
