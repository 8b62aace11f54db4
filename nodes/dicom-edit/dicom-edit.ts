import type { Node, NodeAPI, NodeDef } from 'node-red';
import { DICOM_EDIT } from '../../src/settings';
import { addRuleRoutes } from './runtime/rule-routes';
import { EditNode } from './runtime/edit-node';

/** The `dicom-edit` node: changes attributes of the object of a message by rules. All the work is src/edit's. */
export = function register(RED: NodeAPI): void {
  function DicomEdit(this: Node, config: NodeDef & Record<string, unknown>): void {
    RED.nodes.createNode(this, config);
    new EditNode(RED, this, config).run();
  }
  RED.nodes.registerType(DICOM_EDIT.type, DicomEdit);
  addRuleRoutes(RED);
};
