import type { Node, NodeAPI, NodeDef } from 'node-red';
import { DICOM_WATCH } from '../../src/settings';
import { addDeadLetterRoutes, AdminRoutes } from '../runtime/routes';
import { WatchNode } from './runtime/watch-node';

/** The `dicom-watch` node: what others put into a folder comes out as messages. All the work is src/watch's. */
export = function register(RED: NodeAPI): void {
  function DicomWatch(this: Node, config: NodeDef & Record<string, unknown>): void {
    RED.nodes.createNode(this, config);
    new WatchNode(RED, this, config).run();
  }
  RED.nodes.registerType(DICOM_WATCH.type, DicomWatch);
  const routes = new AdminRoutes(RED, DICOM_WATCH.type, WatchNode);
  addDeadLetterRoutes(routes, ({ deadLetterBox }) => deadLetterBox);
};
