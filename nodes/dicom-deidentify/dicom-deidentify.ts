import type { Node, NodeAPI, NodeDef } from 'node-red';
import { DEIDENTIFY_CREDENTIALS, DICOM_DEIDENTIFY } from '../../src/settings';
import { AdminRoutes } from '../runtime/routes';
import { DeidentifyNode } from './runtime/deidentify-node';
import { addSecretRoutes } from './runtime/secret-routes';

/** The `dicom-deidentify` node: makes of an object another one that says of nobody that it is theirs. */
export = function register(RED: NodeAPI): void {
  function DicomDeidentify(this: Node, config: NodeDef & Record<string, unknown>): void {
    RED.nodes.createNode(this, config);
    new DeidentifyNode(RED, this, config).run();
  }
  RED.nodes.registerType(DICOM_DEIDENTIFY.type, DicomDeidentify, { credentials: DEIDENTIFY_CREDENTIALS });
  addSecretRoutes(new AdminRoutes(RED, DICOM_DEIDENTIFY.type, DeidentifyNode));
};
