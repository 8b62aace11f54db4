import type { EditorNode } from './red';

const INPUT = 1;

/** All nodes whose messages may come to a node: along wires, and from *link out* to *link in* nodes. */
export function upstreamNodes(node: EditorNode): EditorNode[] {
  const seen = new Map<string, EditorNode>([[node.id, node]]);
  // A map goes on with what is added meanwhile.
  for (const current of seen.values())
    for (const source of sourcesOf(current)) if (!seen.has(source.id)) seen.set(source.id, source);
  seen.delete(node.id);
  return [...seen.values()];
}

function sourcesOf(node: EditorNode): EditorNode[] {
  const wired = (RED.nodes.getNodeLinks(node.id, INPUT) ?? []).map(({ source }) => source);
  const linked = node.type === 'link in' && Array.isArray(node['links']) ? (node['links'] as string[]) : [];
  return [...wired, ...linked.flatMap((id) => RED.nodes.node(id) ?? [])];
}
