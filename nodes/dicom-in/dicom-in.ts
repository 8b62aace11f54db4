import type { Node, NodeAPI, NodeDef } from 'node-red';
import { DICOM_IN } from '../../src/settings';
import { addDeadLetterRoutes, addJournalRoutes, AdminRoutes } from '../runtime/routes';
import { mayUseDicomPort, tryDicomPort } from './runtime/port-privilege';
import { addDrainRoutes } from './runtime/drain-routes';
import { addEchoRoute } from './runtime/echo-routes';
import { ReceiverNode } from './runtime/receiver-node';
import { addSampleRoutes } from './runtime/sample-routes';
import { addStatsRoutes } from './runtime/stats-routes';
import { MAY_USE_PORT_104 } from './editor-settings';

/** What the editor gets to know with Node-RED's own settings: by it a node from the palette has a port that it may use. */
const EDITOR_SETTINGS = {
  [MAY_USE_PORT_104]: {
    // Read each time when an editor is loaded.
    get value() {
      return mayUseDicomPort();
    },
    exportable: true,
  },
};

/** The `dicom-in` node: a DICOM receiver whose objects come out as messages. All the work is src/receiver's. */
export = function register(RED: NodeAPI): void {
  function DicomIn(this: Node, config: NodeDef & Record<string, unknown>): void {
    RED.nodes.createNode(this, config);
    new ReceiverNode(RED, this, config).run();
  }
  tryDicomPort();
  RED.nodes.registerType(DICOM_IN.type, DicomIn, { settings: EDITOR_SETTINGS });
  const routes = new AdminRoutes(RED, DICOM_IN.type, ReceiverNode);
  addDeadLetterRoutes(routes, ({ deadLetterBox }) => deadLetterBox);
  addJournalRoutes(routes, ({ journalBox }) => journalBox);
  addStatsRoutes(routes);
  addSampleRoutes(RED, routes);
  addEchoRoute(routes);
  addDrainRoutes(routes);
};
