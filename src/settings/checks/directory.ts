import { finding, type Finding } from '../finding';
import { checkReplaced } from './environment';

/** On this system or another one: the editor does not know on which Node-RED runs, nor what a variable stands for. */
function isRelative(path: string): boolean {
  return path !== '' && !/^(?:[/\\$]|[A-Za-z]:[/\\])/.test(path);
}

/** One that is not absolute is wherever Node-RED was started, as a service often at `/`. */
export function checkAbsolute(path: string): Finding<'notAbsolute'>[] {
  return isRelative(path) ? [finding('notAbsolute', {}, 'warning')] : [];
}

/** A directory on the machine that runs Node-RED. */
export function checkDirectory(value: string): Finding<'variableNotReplaced' | 'notAbsolute'>[] {
  return [...checkReplaced(value), ...checkAbsolute(value.trim())];
}
