import { finding, type Check, type Finding } from '../finding';
import { checkReplaced, isEnvironmentReference } from './environment';

export type NumberProblem = 'variableNotReplaced' | 'required' | 'notANumber' | 'outOfRange';
export type ChoiceProblem = 'variableNotReplaced' | 'notAChoice';

/** Any value will do. */
export const accepted: Check<never> = () => [];

/** A whole number within limits. */
export function integerBetween(min: number, max: number): Check<NumberProblem> {
  return (value) => {
    const text = value.trim();
    if (text === '') return [finding('required')];
    if (isEnvironmentReference(text)) return checkReplaced(text);
    if (!/^[+-]?\d+$/.test(text)) return [finding('notANumber', { value: text })];
    const number = Number(text);
    return number < min || number > max ? [finding('outOfRange', { value: text, min, max })] : [];
  };
}

/** What may be left empty. */
export function emptyOr<Code extends string>(check: Check<Code>): Check<Code> {
  return (value) => (value.trim() === '' ? [] : check(value));
}

export function oneOf(choices: readonly string[]): Check<ChoiceProblem> {
  return (value) => (choices.includes(value) ? [] : notAChoice(value, choices));
}

/** A list as JSON, or as comma text, of which each entry is one of these. */
export function someOfThem(choices: readonly string[]): Check<ChoiceProblem> {
  return (value) =>
    splitList(value.replaceAll(/["[\]]/g, ''))
      .filter((entry) => !choices.includes(entry))
      .flatMap((entry) => notAChoice(entry, choices));
}

function notAChoice(value: string, choices: readonly string[]): Finding<ChoiceProblem>[] {
  if (isEnvironmentReference(value)) return checkReplaced(value);
  return [finding('notAChoice', { value, choices: choices.join(', ') })];
}

/** Splits a comma list as users type it: trimmed, empty entries dropped. */
export function splitList(text: string): string[] {
  return text
    .split(',')
    .map((token) => token.trim())
    .filter((token) => token !== '');
}
