import type { Node, NodeAPI, NodeDef } from 'node-red';
import { DICOM_OUT } from '../../src/settings';
import { addDeadLetterRoutes, addJournalRoutes, AdminRoutes } from '../runtime/routes';
import { OutNode } from './runtime/out-node';

/** The `dicom-out` node: sends the object of a message to a peer. All the work is src/sender's. */
export = function register(RED: NodeAPI): void {
  function DicomOut(this: Node, config: NodeDef & Record<string, unknown>): void {
    RED.nodes.createNode(this, config);
    new OutNode(RED, this, config).run();
  }
  RED.nodes.registerType(DICOM_OUT.type, DicomOut);
  const routes = new AdminRoutes(RED, DICOM_OUT.type, OutNode);
  addDeadLetterRoutes(routes, ({ deadLetterBox }) => deadLetterBox);
  addJournalRoutes(routes, ({ journalBox }) => journalBox);
};
