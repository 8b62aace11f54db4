import type { Node, NodeAPI } from 'node-red';
import { Boundary } from '../../src/worker';
import { deployedNodes } from './deployed-nodes';
import { FlowStart } from './flow-start';

/** What a node does from its deployment to its end. */
export interface NodeLife {
  /** Gets what is thrown. Default: the node tells of it. */
  boundary?: Boundary;
  /** Once the flows have started. Before, a message, and an error for a Catch node, would meet a flow that is not there yet. */
  started: () => void;
  /** At each start of flows, this one included. */
  eachStart?: readonly (() => void)[];
  /** At each stop of flows. Where a deploy stops only others, a message for them would be dropped until the next start. */
  eachStop?: readonly (() => void)[];
  /** @param isRemoved it is not only deployed anew: it is gone, or disabled */
  close: (isRemoved: boolean) => Promise<void> | void;
}

/** Lets a node live until Node-RED closes it. Meanwhile, others find it among `deployedNodes`. */
export function runNode(RED: NodeAPI, node: Node, deployed: object, life: NodeLife): void {
  const { boundary = new Boundary((error) => node.error(error.message)), close } = life;
  const flowStart = FlowStart.of(RED);
  const started = boundary.wrap(life.started);
  const eachStart = (life.eachStart ?? []).map((start) => boundary.wrap(start));
  const eachStop = (life.eachStop ?? []).map((stop) => boundary.wrap(stop));
  flowStart.add(started);
  for (const start of eachStart) flowStart.addForEach(start);
  for (const stop of eachStop) flowStart.addForEachStop(stop);
  deployedNodes.add(node.id, deployed);
  node.on('close', (isRemoved: boolean, done: () => void) => {
    for (const each of [started, ...eachStart, ...eachStop]) flowStart.remove(each);
    deployedNodes.remove(node.id);
    new Promise<void>((resolve) => resolve(close(isRemoved)))
      .catch((error: unknown) => boundary.failed(error))
      .finally(done);
  });
}
