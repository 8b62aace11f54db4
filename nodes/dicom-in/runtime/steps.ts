import { join } from 'node:path';
import type { NodeAPI } from 'node-red';
import { removeSteps, STEPS_FOLDER } from '../../../src/receiver';
import { nodeDirectory } from '../../runtime/node-directory';
import { onceGone } from '../../runtime/once-gone';

/** Where a node keeps procedure steps: in Node-RED's user directory, wherever it keeps objects. */
export function stepsDirectory(RED: Pick<NodeAPI, 'settings'>, nodeId: string): string {
  return join(nodeDirectory(RED, nodeId, ''), STEPS_FOLDER);
}

/** As `onceGone`. */
export function removeStepsWithNode(RED: NodeAPI, nodeId: string, failed: (error: unknown) => void): void {
  onceGone(RED, nodeId, () => removeSteps(stepsDirectory(RED, nodeId)), failed);
}
