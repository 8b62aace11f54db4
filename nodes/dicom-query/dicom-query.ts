import type { Node, NodeAPI, NodeDef } from 'node-red';
import { attributes } from '../../src/edit';
import { DICOM_QUERY } from '../../src/settings';
import { AdminRoutes } from '../runtime/admin-routes';
import { QueryNode } from './runtime/query-node';

/** What the dictionary says does not change while Node-RED runs. */
const CACHED = 'private, max-age=3600';

/** The `dicom-query` node: asks a peer for what matches (C-FIND SCU). All the work is src/query's, in the sender's worker. */
export = function register(RED: NodeAPI): void {
  function DicomQuery(this: Node, config: NodeDef & Record<string, unknown>): void {
    RED.nodes.createNode(this, config);
    new QueryNode(RED, this, config).run();
  }
  RED.nodes.registerType(DICOM_QUERY.type, DicomQuery);
  // For the completion of the dialog.
  new AdminRoutes(RED, DICOM_QUERY.type, QueryNode).on('get', 'attributes', (_request, response) => {
    response.set('Cache-Control', CACHED).json(attributes());
  });
};
