import type { Node } from 'node-red';
import type { Problem } from '../../src/settings';
import { problemText, type Text } from './node-texts';

/** Logs what is to be minded in a node's settings, although it works. */
export function warnOfSettings(node: Pick<Node, 'warn'>, text: Text, problems: readonly Problem[]): void {
  for (const problem of problems) if (problem.severity === 'warning') node.warn(problemText(text, problem));
}

/** Tells of an error that no message has caused. Only with a message, if an empty one, Catch nodes get it. */
export function tellUncaused(node: Pick<Node, 'error'>, error: Error): void {
  node.error(error, {});
}
