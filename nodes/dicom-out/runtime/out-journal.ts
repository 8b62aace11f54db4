import { withAgain } from '../../../src/journal';
import type { SenderHost } from '../../../src/sender';
import type { JournalBox } from '../../runtime/journal-routes';
import { repeatableObjects, repeatObject } from '../../runtime/repeated-objects';

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
