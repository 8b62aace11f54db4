import { finding, type Finding } from '../finding';

/** A value that is one whole environment variable, in either notation: replaced by Node-RED at start, so the editor cannot check it. */
export function isEnvironmentReference(value: unknown): boolean {
  return typeof value === 'string' && /^\$(?:\{[^{}\s]+\}|\([^()\s]+\))$/.test(value.trim());
}

/**
 * Node-RED leaves a variable that is not set as it is; so it does with one among other text, set or not, which is then taken
 * literally: flows that have done so for long go on, and people are told.
 */
export function checkReplaced(value: string): Finding<'variableNotReplaced'>[] {
  const text = value.trim();
  if (isEnvironmentReference(text)) return [finding('variableNotReplaced', { token: text })];
  const among = text.match(/\$\{[^{}]*\}/g) ?? [];
  return [...new Set(among)].map((token) => finding('variableNotReplaced', { token }, 'warning'));
}
