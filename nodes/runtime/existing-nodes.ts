import type { NodeAPI } from 'node-red';

/** Tells which nodes there are in the flows, running or not. */
export function existingNodes({ nodes }: Pick<NodeAPI, 'nodes'>): (id: string) => boolean {
  const configured = new Set<string>();
  nodes.eachNode(({ id }) => configured.add(id));
  // Those of subflows have ids of their own.
  return (id) => configured.has(id) || nodes.getNode(id) != null;
}
