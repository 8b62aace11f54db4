import type { NodeAPI } from 'node-red';
import { existingNodes } from './existing-nodes';
import { FlowStart } from './flow-start';

/**
 * Removes what a node that is closed has left, where the flows that start next do not have that node any more. One that is only disabled
 * is removed for Node-RED, too, and keeps what it has.
 */
export function onceGone(
  RED: NodeAPI,
  nodeId: string,
  remove: () => Promise<void>,
  failed: (error: unknown) => void,
): void {
  FlowStart.of(RED).add(() => {
    if (!existingNodes(RED)(nodeId)) remove().catch(failed);
  });
}
