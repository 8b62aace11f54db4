import type { NodeAPI } from 'node-red';
import { DICOM_PEER } from '../../../src/settings';
import { deployedNodes } from '../deployed-nodes';
import { nodeTexts } from '../node-texts';
import { PeerOwner } from './peer-owner';

/** The peer of this id; a text: why nothing can be asked of it, empty where nobody knows. */
export function usablePeer(RED: NodeAPI, id: string): PeerOwner | string {
  const peer = deployedNodes.get(id, PeerOwner);
  if (peer === undefined) return whyNotStarted(RED, id);
  return peer.problem ?? peer;
}

/** Node-RED takes each value of a configuration node that is an id for a reference: one that names itself is never started. */
function whyNotStarted(RED: NodeAPI, id: string): string {
  let own: string | undefined;
  RED.nodes.eachNode((config) => {
    if (config.id !== id || config.type !== DICOM_PEER.type) return;
    const values = config as unknown as Record<string, unknown>;
    own = DICOM_PEER.names.find((name) => values[name] === id);
  });
  const text = nodeTexts(RED, DICOM_PEER.type);
  return own === undefined ? '' : `${text(`label.${own}`)}: ${text('warning.ownId')}`;
}
