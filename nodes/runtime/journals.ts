import { join } from 'node:path';
import type { NodeAPI } from 'node-red';
import { JOURNAL_FOLDER, removeJournal } from '../../src/journal';
import { nodeDirectory } from './node-directory';
import { onceGone } from './once-gone';

/** Where a node keeps its journal: in Node-RED's user directory, wherever it keeps objects. */
export function journalDirectory(RED: Pick<NodeAPI, 'settings'>, nodeId: string): string {
  return join(nodeDirectory(RED, nodeId, ''), JOURNAL_FOLDER);
}

/** As `onceGone`. */
export function removeJournalWithNode(RED: NodeAPI, nodeId: string, failed: (error: unknown) => void): void {
  onceGone(RED, nodeId, () => removeJournal(journalDirectory(RED, nodeId)), failed);
}
