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
    own = Object.entries(config).find(([property, value]) => property !== 'id' && value === id)?.[0];
  });
  return own === undefined ? '' : `${own}: ${nodeTexts(RED, DICOM_PEER.type)('warning.ownId')}`;
}
