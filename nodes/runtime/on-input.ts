import type { Node, NodeMessage } from 'node-red';
import { asError } from '../../src/basics';

export type Done = (error?: Error) => void;
type Send = (message: NodeMessage | (NodeMessage | NodeMessage[] | null)[]) => void;

/**
 * Registers what takes a node's messages. `done` does not throw, so that it may be called from anywhere: Node-RED clones the message
 * of an error for Catch nodes, and there are messages with which that fails. Such an error is in the log alone.
 */
export function onInput(node: Node, take: (message: NodeMessage, send: Send, done: Done) => void): void {
  node.on('input', (message, send, done) =>
    take(message, send, (error) => {
      try {
        done(error);
      } catch (thrown) {
        const { message: reason } = asError(thrown);
        node.error(error === undefined ? reason : `${error.message} (no Catch node has it: ${reason})`);
      }
    }),
  );
}
