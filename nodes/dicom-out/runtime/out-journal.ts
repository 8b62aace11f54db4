import type { JournalEntry } from '../../../src/admin-api';
import { withAgain } from '../../../src/journal';
import type { SenderHost } from '../../../src/sender';
import type { JournalBox } from '../../runtime/routes';
import { factsIn, type ObjectMessage } from '../../runtime/objects';
import { repeatableObjects, repeatObject } from './repeated-objects';

/** Characters of what identifies an object. */
const MOST_TEXT = 1_024;

/**
 * The journal of a node that sends. An object is sent again where it is a dead letter of the node's outbox, or where the queue
 * through which it came can deliver it again: then it comes through the flow.
 */
export function outJournal(sender: Pick<SenderHost, 'ask'>, nodeId: string): JournalBox {
  return {
    page: async (query) => {
      const page = await sender.ask('journal', nodeId, query);
      const queueIds = page.entries.flatMap(({ queueId }) => queueId ?? []);
      return withAgain(page, await repeatableObjects(queueIds), ({ queueId }) => queueId);
    },
    repeat: async (key) => {
      const { objectId, queueId } = (await sender.ask('journalEntry', nodeId, key)) ?? {};
      if (objectId !== undefined) return sender.ask('requeue', nodeId, objectId);
      return queueId !== undefined && repeatObject(queueId);
    },
  };
}

/** Of an object that the sender has not been asked to send: what its message says, which a flow may have put there. */
export function notBegunEntry(message: ObjectMessage, text: string, peer?: string): JournalEntry {
  const facts = factsIn(message) as Record<string, unknown>;
  const { sopClassUID, sopInstanceUID, transferSyntaxUID, queueId } = facts;
  const said = Object.entries({ sopClassUID, sopInstanceUID, transferSyntaxUID, queueId }).filter(
    ([, value]) => typeof value === 'string' && value.length <= MOST_TEXT,
  );
  return {
    at: new Date().toISOString(),
    direction: 'out',
    outcome: 'failed',
    ...Object.fromEntries(said),
    ...(peer !== undefined && { peer }),
    text,
  };
}
