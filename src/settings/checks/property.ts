import { finding, type Finding } from '../finding';
import { checkReplaced } from './environment';

/** One step behind the first: a name, a number or a property of the message that is one, or a name in quotes. No text fits two of them. */
const STEP = String.raw`\.[^\s.[\]'"]+|\[(?:[\w$.]+|"[^"]*"|'[^']*')\]`;
const PROPERTY = new RegExp(String.raw`^(?:[^\s.[\]'"]+|\["[^"]*"\]|\['[^']*'\])(?:${STEP})*$`);

const MESSAGE = 'msg.';

/** Where a message has something, as Node-RED writes it: `payload`, `dicom.document`, `list[0]`, `payload["two words"]`. */
export function checkProperty(
  value: string,
): Finding<'notAProperty' | 'variableNotReplaced' | 'beginsWithMsg'>[] {
  const replaced = checkReplaced(value);
  const text = value.trim();
  if (replaced.length > 0 || text === '') return replaced;
  if (!PROPERTY.test(text)) return [finding('notAProperty', { value: text })];
  // There may be a msg.msg, but hardly anybody means it.
  return text.startsWith(MESSAGE)
    ? [finding('beginsWithMsg', { value: text, property: text.slice(MESSAGE.length) }, 'warning')]
    : [];
}
