import type { NodeAPI } from 'node-red';
import type { QueueHost } from '../../../src/delivery';
import { isFailure, type CommandStatus } from '../../../src/network';
import type { StudyQueues } from '../../../src/study';
import { WorkerNotRunning } from '../../../src/worker';
import { deployedNodes } from '../../runtime/deployed-nodes';
import { existingNodes } from '../../runtime/existing-nodes';
import { isUnheard } from '../../runtime/held-objects';
import { queueName, QueueOwner } from '../../runtime/queue-owner';

/** The queues of all nodes that are deployed now. */
export class DeployedQueues implements StudyQueues {
  /** Those of which it is known that they are open. */
  private readonly opened = new WeakSet<QueueHost>();

  constructor(private readonly RED: NodeAPI) {}

  async park(name: string, owner: string): Promise<boolean> {
    const { receiver, objectId } = this.find(name);
    if (receiver === undefined)
      throw new WorkerNotRunning('the node in whose queue the object lies is not deployed');
    await this.untilOpen(receiver);
    return receiver.ask('park', objectId, owner);
  }

  async letGo(name: string, owner: string, status: CommandStatus): Promise<boolean> {
    const { nodeId, receiver, isAcknowledged, objectId } = this.find(name);
    // What a node has that does not exist any more, nobody waits for.
    if (receiver === undefined) return !existingNodes(this.RED)(nodeId);
    try {
      await this.untilOpen(receiver);
      if (!isFailure(status.status)) {
        if (isAcknowledged) await receiver.ask('answer', objectId, status);
        await receiver.ask('unpark', objectId, owner);
      } else if (!isAcknowledged) await receiver.ask('giveUp', objectId, owner, status);
      // One that has been acknowledged by itself is not in flight again.
      else if ((await receiver.ask('unpark', objectId, owner)) === 'in-flight')
        await receiver.ask('answer', objectId, status);
      return true;
    } catch (error) {
      if (!isUnheard(error)) throw error;
      return false;
    }
  }

  async disownOthers(begin: string, isOwner: (owner: string) => boolean): Promise<void> {
    const receivers = deployedNodes.all(QueueOwner).flatMap(({ receiver }) => receiver ?? []);
    await Promise.all(
      receivers.map(async (receiver) => {
        try {
          const owners = await receiver.ask('owners');
          const gone = owners.filter((owner) => owner.startsWith(begin) && !isOwner(owner));
          if (gone.length > 0) await receiver.ask('disown', gone);
        } catch (error) {
          if (!isUnheard(error)) throw error;
        }
      }),
    );
  }

  async isWaiting(studies: Iterable<string>, nodes: ReadonlySet<string>): Promise<boolean> {
    const uids = [...studies];
    const answers = deployedNodes.entries(QueueOwner).map(async ([id, { receiver }]) => {
      if (receiver === undefined) return false;
      try {
        await this.untilOpen(receiver);
        const counts = await Promise.all(uids.map((uid) => receiver.ask('waiting', uid)));
        return counts.some((count) => count > 0);
      } catch (error) {
        if (!isUnheard(error)) throw error;
        // Another one need not have anything of the study, and may be out of order for long.
        return nodes.has(id);
      }
    });
    return (await Promise.all(answers)).includes(true);
  }

  async isOpen(associations: ReadonlySet<string>, nodes: ReadonlySet<string>): Promise<boolean> {
    for (const id of nodes) {
      try {
        const open = (await deployedNodes.get(id, QueueOwner)?.openAssociations()) ?? [];
        if (open.some((each) => associations.has(each))) return true;
      } catch (error) {
        // With the worker its associations have ended.
        if (!isUnheard(error)) throw error;
      }
    }
    return false;
  }

  /** Before, it does not know what it has. */
  private async untilOpen(receiver: QueueHost): Promise<void> {
    if (this.opened.has(receiver)) return;
    await receiver.ask('owners');
    this.opened.add(receiver);
  }

  private find(name: string): {
    nodeId: string;
    objectId: string;
    receiver: QueueHost | undefined;
    isAcknowledged: boolean;
  } {
    const { nodeId, objectId } = queueName(name) ?? { nodeId: '', objectId: '' };
    const owner = deployedNodes.get(nodeId, QueueOwner);
    return { nodeId, objectId, receiver: owner?.receiver, isAcknowledged: owner?.isAcknowledged ?? false };
  }
}
