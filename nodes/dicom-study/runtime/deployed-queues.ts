import { setTimeout } from 'node:timers/promises';
import type { NodeAPI } from 'node-red';
import type { QueueHost } from '../../../src/delivery';
import { isLoss, type CommandStatus } from '../../../src/network';
import type { Unparked } from '../../../src/queue';
import type { StudyQueues } from '../../../src/study';
import { isUnheard, WorkerNotRunning } from '../../../src/worker';
import { deployedNodes } from '../../runtime/deployed-nodes';
import { existingNodes } from '../../runtime/existing-nodes';
import { disown } from '../../runtime/objects';
import { queueName, QueueOwner } from '../../runtime/queues';

/** In less, a queue that is open says so. */
const OPEN_MS = 1_000;

/** The queues of all nodes that are deployed now. */
export class DeployedQueues implements StudyQueues {
  private readonly opening = new WeakMap<QueueHost, Promise<unknown>>();

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
      if (!isAcknowledged && isLoss(status)) {
        await receiver.ask('giveUp', objectId, owner, status);
        return true;
      }
      const state = await receiver.ask('unpark', objectId, owner);
      if (isAcknowledged && isToBeAnswered(state, isLoss(status)))
        await receiver.ask('answer', objectId, status);
      return true;
    } catch (error) {
      if (!isUnheard(error)) throw error;
      return false;
    }
  }

  async disownOthers(begin: string, isOwner: (owner: string) => boolean): Promise<void> {
    await disown((owner) => owner.startsWith(begin) && !isOwner(owner));
  }

  async isWaiting(studies: Iterable<string>, nodes: ReadonlySet<string>): Promise<boolean> {
    const uids = [...studies];
    const answers = deployedNodes.entries(QueueOwner).map(async ([id, owner]) => {
      try {
        return await this.hasAny(owner, uids, nodes.has(id));
      } catch (error) {
        // Another one need not have anything of the study, and may be out of order for long: its own node says so.
        if (!nodes.has(id)) return false;
        if (!isUnheard(error)) throw error;
        return true;
      }
    });
    return (await Promise.all(answers)).includes(true);
  }

  /** @param isAwaited also while the node is down */
  private async hasAny(owner: QueueOwner, uids: readonly string[], isAwaited: boolean): Promise<boolean> {
    const { receiver } = owner;
    if (receiver === undefined) return false;
    if (isAwaited || !owner.isDown) await this.untilOpen(receiver);
    else if (!(await this.isOpened(receiver))) return false;
    const counts = await Promise.all(uids.map((uid) => receiver.ask('waiting', uid)));
    return counts.some((count) => count > 0);
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
    const opening = this.opening.get(receiver) ?? receiver.ask('owners');
    this.opening.set(receiver, opening);
    try {
      await opening;
    } catch (error) {
      if (this.opening.get(receiver) === opening) this.opening.delete(receiver);
      throw error;
    }
  }

  /** One that is down may have its queue open all the same, as where another program has its port. */
  private async isOpened(receiver: QueueHost): Promise<boolean> {
    const open = this.untilOpen(receiver).then(() => true);
    return Promise.race([open, setTimeout(OPEN_MS, false, { ref: false })]);
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

/**
 * Whether an object that a firing has let go is to hear of it. One that has been acknowledged by itself is not, and one that others
 * hold only of a failure: they may fail, too. Of one that is not known as ours, an earlier run may have ended in between.
 */
function isToBeAnswered(state: Unparked['state'], isFailed: boolean): boolean {
  return state === 'in-flight' || state === (isFailed ? 'parked' : 'unknown');
}
