/** Words that say nothing of anybody, in lower case. */
export type AllowedWords = ReadonlySet<string>;

export function allowedWords(words: readonly string[]): AllowedWords {
  return new Set(words.map((word) => word.trim().toLowerCase()).filter((word) => word !== ''));
}

const MOST_CHARACTERS = 65_536;
/** Everything else stands between words. */
const WORD = /[\p{L}\p{M}\p{N}][\p{L}\p{M}\p{N}+_'-]*/gu;

/** The words of a text that are allowed, with a space between them. Nothing else of it is left. */
export function cleanText(text: string, allowed: AllowedWords): string {
  return wordsOf(text)
    .filter((word) => allowed.has(word.toLowerCase()))
    .join(' ');
}

/** Are all its words allowed? */
export function isAllowed(text: string, allowed: AllowedWords): boolean {
  return text.length <= MOST_CHARACTERS && wordsOf(text).every((word) => allowed.has(word.toLowerCase()));
}

function wordsOf(text: string): string[] {
  return text.slice(0, MOST_CHARACTERS).match(WORD) ?? [];
}
