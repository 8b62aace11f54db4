import type { NodeAPI } from 'node-red';
import type { QueueHost } from '../../../src/delivery';
import { ownerNode } from '../../../src/queue';
import { isUnheard } from '../../../src/worker';
import { existingNodes } from '../existing-nodes';

/**
 * What nodes that do not exist any more have parked is delivered again. A node that is only disabled keeps what it has.
 * @param receiver whose queue is looked at
 */
export async function disownLost({ nodes }: Pick<NodeAPI, 'nodes'>, receiver: QueueHost): Promise<void> {
  try {
    const owners = await receiver.ask('owners');
    if (owners.length === 0) return;
    const exists = existingNodes({ nodes });
    const lost = owners.filter((owner) => !exists(ownerNode(owner)));
    if (lost.length > 0) await receiver.ask('disown', lost);
  } catch (error) {
    // The next start of flows looks again.
    if (!isUnheard(error)) throw error;
  }
}
