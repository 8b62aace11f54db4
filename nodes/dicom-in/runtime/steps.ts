import { join } from 'node:path';
import type { NodeAPI } from 'node-red';
import { removeSteps, STEPS_FOLDER } from '../../../src/receiver';
import { existingNodes } from '../../runtime/existing-nodes';
import { FlowStart } from '../../runtime/flow-start';
import { nodeDirectory } from '../../runtime/node-directory';

/** Where a node keeps procedure steps: in Node-RED's user directory, wherever it keeps objects. */
export function stepsDirectory(RED: Pick<NodeAPI, 'settings'>, nodeId: string): string {
  return join(nodeDirectory(RED, nodeId, ''), STEPS_FOLDER);
}

/** Removes the procedure steps of a node that is closed, as `removeJournalWithNode` does with its journal. */
export function removeStepsWithNode(RED: NodeAPI, nodeId: string, failed: (error: unknown) => void): void {
  FlowStart.of(RED).add(() => {
    if (existingNodes(RED)(nodeId)) return;
    removeSteps(stepsDirectory(RED, nodeId)).catch(failed);
  });
}
