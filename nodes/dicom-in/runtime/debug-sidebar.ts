import type { Node, NodeAPI } from 'node-red';

/** Characters of a text, and elements of a list, that the debug sidebar shows, unless Node-RED's settings differ. */
const MAX_LENGTH = 1_000;
/** Characters of a whole message: every open editor gets each, so a large object is shown by its beginning only. */
const MAX_TOTAL = 100_000;

/** What debug nodes tell of where they are, which the type of a node does not have. */
type PlacedNode = Node & { _alias?: string; _flow?: { path?: string } };

/**
 * Shows a message in the debug sidebar without a debug node (Integration Soup's AddIncomingMessageToCurrentTab). It
 * holds patient data, and everyone who can open the editor sees it.
 */
export function showInSidebar(RED: NodeAPI, node: Node, message: { topic: string; payload: unknown }): void {
  const { id, z, name, _alias, _flow } = node as PlacedNode;
  const facts = { id, z, name, _alias, path: _flow?.path, topic: message.topic, property: 'payload' };
  const { debugMaxLength } = RED.settings as { debugMaxLength?: number };
  const maxLength = debugMaxLength ?? MAX_LENGTH;
  const encoded = RED.util.encodeObject({ ...facts, msg: message.payload }, { maxLength }) as { msg: string };
  const isLarge = encoded.msg.length > MAX_TOTAL;
  const shown = isLarge
    ? RED.util.encodeObject({ ...facts, msg: encoded.msg }, { maxLength: MAX_TOTAL })
    : encoded;
  RED.comms.publish('debug', shown, false);
}
