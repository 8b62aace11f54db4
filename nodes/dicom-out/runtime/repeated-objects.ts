import { isUnheard } from '../../../src/worker';
import { deployedNodes } from '../../runtime/deployed-nodes';
import { queueName, QueueOwner } from '../../runtime/queues';

/** Which of these objects their queues can deliver again. What a queue that does not run has is not known. */
export async function repeatableObjects(queueIds: readonly string[]): Promise<string[]> {
  const byNode = new Map<string, string[]>();
  for (const queueId of new Set(queueIds)) {
    const name = queueName(queueId);
    if (name !== undefined) byNode.set(name.nodeId, [...(byNode.get(name.nodeId) ?? []), name.objectId]);
  }
  const found: string[] = [];
  for (const [nodeId, ids] of byNode)
    for (const id of await repeatableIn(nodeId, ids)) found.push(`${nodeId}:${id}`);
  return found;
}

async function repeatableIn(nodeId: string, ids: string[]): Promise<string[]> {
  try {
    return (await deployedNodes.get(nodeId, QueueOwner)?.receiver?.ask('repeatable', ids)) ?? [];
  } catch (error) {
    if (isUnheard(error)) return [];
    throw error;
  }
}

/** Has the queue of an object deliver it again. False: it cannot. @throws WorkerNotRunning, RequestTimedOut */
export async function repeatObject(queueId: string): Promise<boolean> {
  const name = queueName(queueId);
  if (name === undefined) return false;
  return (await deployedNodes.get(name.nodeId, QueueOwner)?.receiver?.ask('repeat', name.objectId)) ?? false;
}
