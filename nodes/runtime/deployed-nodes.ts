import type { SelfEcho } from '../../src/receiver';

/** What the editor may ask of a node that is deployed. */
export interface DeployedNode {
  /** Sends the sample message into the flow. @throws SyntaxError when the node's own is no JSON */
  sendSample(): void;
  /** Calls the node's own port; undefined: it does not listen because of its settings. */
  echo(): Promise<SelfEcho> | undefined;
}

/** By node id, whether they listen or not. */
export const deployedNodes = new Map<string, DeployedNode>();
