import type { Node, NodeAPI, NodeDef } from 'node-red';
import { DICOM_QUERY } from '../../src/settings';
import { addAttributeRoute, AdminRoutes } from '../runtime/routes';
import { QueryNode } from './runtime/query-node';

/** The `dicom-query` node: asks a peer for what matches (C-FIND SCU). All the work is src/query's, in the sender's worker. */
export = function register(RED: NodeAPI): void {
  function DicomQuery(this: Node, config: NodeDef & Record<string, unknown>): void {
    RED.nodes.createNode(this, config);
    new QueryNode(RED, this, config).run();
  }
  RED.nodes.registerType(DICOM_QUERY.type, DicomQuery);
  addAttributeRoute(new AdminRoutes(RED, DICOM_QUERY.type, QueryNode));
};
