/** What stands for bytes that are no character of the character set. */
export const REPLACEMENT = '\uFFFD';
