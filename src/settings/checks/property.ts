import { finding, type Finding } from '../finding';
import { checkReplaced } from './environment';

/** One step behind the first: a name, a number or a property of the message that is one, or a name in quotes. No text fits two of them. */
const STEP = String.raw`\.[^\s.[\]'"]+|\[(?:[\w$.]+|"[^"]*"|'[^']*')\]`;
const PROPERTY = new RegExp(String.raw`^(?:[^\s.[\]'"]+|\["[^"]*"\]|\['[^']*'\])(?:${STEP})*$`);

/** Where a message has something, as Node-RED writes it: `payload`, `dicom.document`, `list[0]`, `payload["two words"]`. */
export function checkProperty(value: string): Finding<'notAProperty' | 'variableNotReplaced'>[] {
  const replaced = checkReplaced(value);
  const text = value.trim();
  return replaced.length > 0 || text === '' || PROPERTY.test(text)
    ? replaced
    : [finding('notAProperty', { value: text })];
}
