import type { Node, NodeAPI, NodeDef } from 'node-red';
import { DICOM_PEER, PEER_CREDENTIALS } from '../../src/settings';
import { addPeerEchoRoute } from './runtime/echo-routes';
import { PeerNode } from './runtime/peer-node';

/** The `dicom-peer` config node: another application entity. Nodes that name it share its associations. */
export = function register(RED: NodeAPI): void {
  function DicomPeer(this: Node, config: NodeDef & Record<string, unknown>): void {
    RED.nodes.createNode(this, config);
    new PeerNode(RED, this, config).run();
  }
  addPeerEchoRoute(RED);
  RED.nodes.registerType(DICOM_PEER.type, DicomPeer, { credentials: PEER_CREDENTIALS });
};
