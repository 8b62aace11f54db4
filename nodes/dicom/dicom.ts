import type { Node, NodeAPI, NodeDef } from 'node-red';
import { DICOM } from '../../src/settings';
import { DicomNode } from './runtime/dicom-node';

/** The `dicom` node: an object → a message, and a message → an object. All the work is src/edit's. */
export = function register(RED: NodeAPI): void {
  function Dicom(this: Node, config: NodeDef & Record<string, unknown>): void {
    RED.nodes.createNode(this, config);
    new DicomNode(RED, this, config).run();
  }
  RED.nodes.registerType(DICOM.type, Dicom);
};
