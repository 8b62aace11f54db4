import { finding, type Finding } from '../finding';

/** What was imported, as it is kept. Only export needs it, so that a damaged one keeps no node from its work. */
export function checkKeptJson(value: string): Finding<'notKeptJson'>[] {
  return value.trim() === '' || isJsonObject(value) ? [] : [finding('notKeptJson', {}, 'warning')];
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
