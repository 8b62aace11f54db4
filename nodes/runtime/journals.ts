import { join } from 'node:path';
import type { NodeAPI } from 'node-red';
import { JOURNAL_FOLDER, removeJournal } from '../../src/journal';
import { existingNodes } from './existing-nodes';
import { FlowStart } from './flow-start';
import { nodeDirectory } from './node-directory';

/** Where a node keeps its journal: in Node-RED's user directory, wherever it keeps objects. */
export function journalDirectory(RED: Pick<NodeAPI, 'settings'>, nodeId: string): string {
  return join(nodeDirectory(RED, nodeId, ''), JOURNAL_FOLDER);
}

/**
 * Removes the journal of a node that is closed, where the flows that start next do not have that node any more. One that is
 * only disabled is removed for Node-RED, too, and keeps its journal.
 */
export function removeJournalWithNode(RED: NodeAPI, nodeId: string, failed: (error: unknown) => void): void {
  FlowStart.of(RED).add(() => {
    if (existingNodes(RED)(nodeId)) return;
    removeJournal(journalDirectory(RED, nodeId)).catch(failed);
  });
}
