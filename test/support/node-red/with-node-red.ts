import { after, before } from 'node:test';
import { startNodeRed, type NodeRed, type NodeRedOptions } from './node-red';

/** Runs `use` with a Node-RED of its own, and stops that however `use` ends. Its temporary user directory is removed. */
export async function withNodeRed<Result>(
  options: NodeRedOptions,
  use: (nodeRed: NodeRed) => Promise<Result>,
): Promise<Result> {
  const nodeRed = await startNodeRed(options);
  try {
    return await use(nodeRed);
  } finally {
    await nodeRed.stop();
  }
}

/**
 * One Node-RED for all tests of a suite: call it in `describe`, after the hooks that its options need and before those
 * that end what its flows use.
 *
 * @param ready is given the Node-RED before the first test
 */
export function nodeRedForSuite(
  options: NodeRedOptions | (() => NodeRedOptions),
  ready: (nodeRed: NodeRed) => void | Promise<void>,
): void {
  let nodeRed: NodeRed | undefined;
  before(async () => {
    nodeRed = await startNodeRed(typeof options === 'function' ? options() : options);
    await ready(nodeRed);
  });
  after(() => nodeRed?.stop());
}
