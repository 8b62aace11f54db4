import type { Node, NodeAPI } from 'node-red';
import { nodeDirectory } from '../node-directory';
import { holdsObjects } from './removed-queue';

type Runtime = Pick<NodeAPI, 'events' | 'settings'>;

/** Directories that nodes have used since Node-RED started, by the ids of the nodes. */
const usedBefore = new WeakMap<Runtime['events'], Map<string, Set<string>>>();

/** Tells of `leftQueues`, each in these words. */
export async function tellOfLeftQueues(
  RED: Runtime,
  node: Pick<Node, 'id' | 'warn'>,
  { set, isUsed }: { set: string; isUsed: boolean },
  words: (directory: string) => string,
): Promise<void> {
  for (const directory of await leftQueues(RED, node.id, set, isUsed)) node.warn(words(directory));
}

/**
 * Directories in which a node has left objects of its queue, because its settings were changed: nobody goes on with these. Those of
 * earlier runs of Node-RED are found where they are its usual directory, or the one of its settings.
 * @param set the directory of its settings; empty: the usual one
 * @param isUsed false: the node has no queue on the disk now
 * @throws the system's error where one cannot be looked into
 */
export async function leftQueues(
  RED: Runtime,
  nodeId: string,
  set: string,
  isUsed: boolean,
): Promise<string[]> {
  const ofNodes = usedBefore.get(RED.events) ?? new Map<string, Set<string>>();
  usedBefore.set(RED.events, ofNodes);
  const now = nodeDirectory(RED, nodeId, set);
  const directories = ofNodes.get(nodeId) ?? new Set([nodeDirectory(RED, nodeId, '')]);
  ofNodes.set(nodeId, directories.add(now));
  const left: string[] = [];
  for (const directory of directories)
    if (!(isUsed && directory === now) && (await holdsObjects(directory))) left.push(directory);
  return left;
}
