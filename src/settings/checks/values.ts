import { finding, type Check } from '../finding';

/** Any value will do. */
export const accepted: Check<never> = () => [];

/** A whole number within limits. */
export function integerBetween(min: number, max: number): Check<'required' | 'notANumber' | 'outOfRange'> {
  return (value) => {
    const text = value.trim();
    if (text === '') return [finding('required')];
    if (!/^[+-]?\d+$/.test(text)) return [finding('notANumber', { value: text })];
    const number = Number(text);
    return number < min || number > max ? [finding('outOfRange', { value: text, min, max })] : [];
  };
}

/** What may be left empty. */
export function emptyOr<Code extends string>(check: Check<Code>): Check<Code> {
  return (value) => (value.trim() === '' ? [] : check(value));
}

export function oneOf(choices: readonly string[]): Check<'notAChoice'> {
  return (value) =>
    choices.includes(value) ? [] : [finding('notAChoice', { value, choices: choices.join(', ') })];
}

/** A list as JSON, or as comma text, of which each entry is one of these. */
export function someOfThem(choices: readonly string[]): Check<'notAChoice'> {
  return (value) =>
    splitList(value.replaceAll(/["[\]]/g, ''))
      .filter((entry) => !choices.includes(entry))
      .map((entry) => finding('notAChoice', { value: entry, choices: choices.join(', ') }));
}

/** Splits a comma list as users type it: trimmed, empty entries dropped. */
export function splitList(text: string): string[] {
  return text
    .split(',')
    .map((token) => token.trim())
    .filter((token) => token !== '');
}
