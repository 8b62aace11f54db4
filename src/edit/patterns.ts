import { type Matcher, RE2JS } from 're2js';
import { beat } from '../basics';

/** A pattern is compiled once, and not for each message. */
const MOST_KEPT = 200;
/** Characters that are left when all is replaced: changes have no longer texts. */
const LONGEST_RESULT = 1_048_576;
/** Characters in which a pattern is searched: in more, one search could take seconds. */
const LONGEST_SEARCHED = 65_536;
/** That all searching in an object may take. */
const MOST_MILLISECONDS = 5_000;

const kept = new Map<string, RE2JS>();

/** Why a pattern is none, or cannot be worked with. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
}

/** Where a pattern is in a text. */
export interface Match {
  match: string;
  start: number;
  end: number;
  groups: (string | undefined)[];
}

/**
 * Patterns at work on one object. To search a text once takes linear time; to search it again behind each match may not, so all
 * of it together has an end.
 */
export class Patterns {
  #milliseconds = 0;

  /** Is it anywhere in the text? @throws PatternError */
  isMatching(pattern: string, text: string): boolean {
    return this.#timed(() => matcherOf(pattern, text).find());
  }

  /**
   * All that matches becomes the replacement, in which `$1` to `$99`, `$<name>` and `$&` are groups and the whole match, and
   * `$$` is a dollar sign, as in JavaScript.
   * @throws PatternError
   */
  replace(pattern: string, text: string, replacement: string): string {
    const matcher = matcherOf(pattern, text);
    let result = '';
    let end = 0;
    while (this.#timed(() => matcher.find())) {
      result += text.slice(end, matcher.start()) + expanded(replacement, matcher);
      end = matcher.end();
      if (result.length > LONGEST_RESULT) throw tooLong();
    }
    return result + text.slice(end);
  }

  /**
   * Each match, one after the other; one without a character is the last.
   * @throws PatternError
   */
  *matches(pattern: string, text: string): Generator<Match, undefined> {
    const matcher = matcherOf(pattern, text);
    let match: string | undefined;
    while (match !== '' && this.#timed(() => matcher.find())) {
      match = matcher.group(0) ?? '';
      const groups = Array.from({ length: matcher.groupCount() }, (_, index) => matcher.group(index + 1));
      const [start, end] = [matcher.start(), matcher.end()];
      yield { match, start, end, groups: groups.map((group) => group ?? undefined) };
    }
  }

  #timed<Result>(step: () => Result): Result {
    if (this.#milliseconds > MOST_MILLISECONDS)
      throw new PatternError('the patterns take too long for this object; use simpler ones');
    const start = performance.now();
    const result = step();
    this.#milliseconds += performance.now() - start;
    beat();
    return result;
  }
}

/** All that is this text becomes the replacement. @throws PatternError */
export function replaceText(from: string, text: string, replacement: string): string {
  const parts = text.split(from);
  const added = (parts.length - 1) * (replacement.length - from.length);
  if (text.length + added > LONGEST_RESULT) throw tooLong();
  return parts.join(replacement);
}

/** The pattern of a regular expression of JavaScript, which need not be one here. */
export function patternOf({ source, ignoreCase, multiline }: RegExp): string {
  const flags = `${ignoreCase ? 'i' : ''}${multiline ? 'm' : ''}`;
  return `${flags === '' ? '' : `(?${flags})`}${RE2JS.translateRegExp(source)}`;
}

/** @throws PatternError */
export function checkPattern(pattern: string): void {
  compiled(pattern);
}

function compiled(pattern: string): RE2JS {
  const found = kept.get(pattern);
  if (found !== undefined) return found;
  const regex = compile(pattern);
  if (kept.size >= MOST_KEPT) kept.clear();
  kept.set(pattern, regex);
  return regex;
}

function compile(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    throw new PatternError(error instanceof Error ? error.message : String(error));
  }
}

function expanded(replacement: string, matcher: Matcher): string {
  return replacement.replace(
    /\$(?:\$|&|(\d{1,2})|<([^<>]{1,100})>)/g,
    (whole, digits: string | undefined, name: string | undefined) => {
      if (whole === '$$') return '$';
      if (whole === '$&') return matcher.group(0) ?? '';
      const group = digits === undefined ? (name ?? '') : Number(digits);
      try {
        return matcher.group(group) ?? '';
      } catch {
        throw new PatternError(`the pattern has no group ${group}`);
      }
    },
  );
}

function matcherOf(pattern: string, text: string): Matcher {
  if (text.length > LONGEST_SEARCHED)
    throw new PatternError(
      `patterns are for texts of up to ${LONGEST_SEARCHED} characters; this one is longer`,
    );
  return compiled(pattern).matcher(text);
}

function tooLong(): PatternError {
  return new PatternError(`the result has more than ${LONGEST_RESULT} characters`);
}
