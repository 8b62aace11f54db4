import type { Node, NodeAPI, NodeDef } from 'node-red';
import { DICOM_RETRIEVE } from '../../src/settings';
import { addDeadLetterRoutes, AdminRoutes } from '../runtime/routes';
import { RetrieveNode } from './runtime/retrieve-node';

/** The `dicom-retrieve` node: has a peer send objects (C-MOVE and C-GET SCU). All the work is src/retrieve's, in the sender's worker. */
export = function register(RED: NodeAPI): void {
  function DicomRetrieve(this: Node, config: NodeDef & Record<string, unknown>): void {
    RED.nodes.createNode(this, config);
    new RetrieveNode(RED, this, config).run();
  }
  RED.nodes.registerType(DICOM_RETRIEVE.type, DicomRetrieve);
  const routes = new AdminRoutes(RED, DICOM_RETRIEVE.type, RetrieveNode);
  addDeadLetterRoutes(routes, ({ deadLetterBox }) => deadLetterBox);
};
