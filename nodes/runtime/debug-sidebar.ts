import type { Node, NodeAPI } from 'node-red';

/** Characters of a message that the debug sidebar shows, as the core debug node's own limit. */
const MAX_LENGTH = 1_000;

/** Shows a message in the debug sidebar without a debug node (Integration Soup's AddIncomingMessageToCurrentTab). */
export function showInSidebar(RED: NodeAPI, node: Node, message: { topic: string; payload: unknown }): void {
  const { id, z, name } = node;
  const shown = { id, z, name, topic: message.topic, property: 'payload', msg: message.payload };
  RED.comms.publish('debug', RED.util.encodeObject(shown, { maxLength: MAX_LENGTH }), false);
}
