/** Replaces bytes that are not a character of the character set. */
export const REPLACEMENT = '\uFFFD';
