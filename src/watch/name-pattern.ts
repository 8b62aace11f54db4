import { splitList } from '../settings';

/** Whether a file name is wanted, by a comma list of patterns, in which capitals do not count. Empty: every name is. */
export function namePattern(patterns: string): (name: string) => boolean {
  const wanted = splitList(patterns.toLowerCase());
  if (wanted.length === 0) return () => true;
  return (name) => {
    const lower = name.toLowerCase();
    return wanted.some((pattern) => matches(pattern, lower));
  };
}

/**
 * `*` stands for any characters, `?` for one. Between two `*`, the first place that fits will do, so that nothing is tried twice:
 * both texts have 255 characters at most, and each step looks at one of them.
 */
function matches(pattern: string, name: string): boolean {
  let [at, place] = [0, 0];
  let star = -1;
  let resumed = 0;
  while (place < name.length) {
    const wanted = pattern[at];
    if (wanted === '*') {
      star = at;
      resumed = place;
      at += 1;
    } else if (wanted !== undefined && (wanted === '?' || wanted === name[place])) {
      at += 1;
      place += 1;
    } else if (star >= 0) {
      at = star + 1;
      resumed += 1;
      place = resumed;
    } else return false;
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}
