import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DICOM_EDIT } from '../../../src/settings';
import type { Text } from '../../runtime/node-texts';

/** What is wrong with a rule, as all languages have words for it. */
export interface RuleReason {
  /** In English. */
  readonly text: string;
  /** In `rule.reason` of the catalogue; undefined: only English has words for it. */
  readonly key?: string;
  readonly values?: Readonly<Record<string, string>>;
}

/** Longer ones are not looked at. */
const LONGEST = 1_000;
const VALUE = /__(\w+?)__/;

let known: readonly [key: string, pattern: RegExp][] | undefined;

/** Finds the words of a reason again, which is made where there are no catalogues. @param text as `ruleProblem` says it */
export function ruleReason(text: string): RuleReason {
  known ??= Object.entries(englishReasons()).map(([key, template]) => [key, patternOf(template)]);
  if (text.length <= LONGEST)
    for (const [key, pattern] of known) {
      const groups = pattern.exec(text);
      if (groups !== null) return { text, key, values: { ...groups.groups } };
    }
  return { text };
}

/** In Node-RED's language. */
export function reasonText(text: Text, reason: string): string {
  const { key, values } = ruleReason(reason);
  return key === undefined ? reason : text(`rule.reason.${key}`, values);
}

/** The catalogue itself, beside the compiled node: what is said in English is what is looked for. */
function englishReasons(): Record<string, string> {
  const path = join(__dirname, '..', 'locales', 'en-US', `${DICOM_EDIT.type}.json`);
  const catalogue = JSON.parse(readFileSync(path, 'utf8')) as Record<
    string,
    { rule: { reason: Record<string, string> } }
  >;
  return catalogue[DICOM_EDIT.type]?.rule.reason ?? {};
}

/** `__vr__ is a number` → `^(?<vr>…) is a number$`. */
function patternOf(template: string): RegExp {
  const parts = template.split(VALUE).map((part, index) => {
    if (index % 2 === 0) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    return part === 'vr' ? '(?<vr>[A-Za-z]{2})' : `(?<${part}>.+)`;
  });
  return new RegExp(`^${parts.join('')}$`, 's');
}
