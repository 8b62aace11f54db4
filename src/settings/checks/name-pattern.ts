import { finding, type Finding } from '../finding';
import { checkReplaced } from './environment';
import { splitList } from './values';

const MOST_PATTERNS = 32;
const MOST_CHARACTERS = 255;

type PatternProblem = 'patternTooLong' | 'patternHasFolder' | 'variableNotReplaced';

/** Patterns of file names, separated by commas: `*` stands for any characters, `?` for one. */
export function checkNamePattern(value: string): Finding<PatternProblem>[] {
  const patterns = splitList(value);
  const findings: Finding<PatternProblem>[] = [...checkReplaced(value)];
  if (patterns.length > MOST_PATTERNS || patterns.some(({ length }) => length > MOST_CHARACTERS))
    findings.push(finding('patternTooLong', { patterns: MOST_PATTERNS, characters: MOST_CHARACTERS }));
  const folder = patterns.find((pattern) => /[/\\]/.test(pattern));
  if (folder !== undefined) findings.push(finding('patternHasFolder', { token: folder }));
  return findings;
}
