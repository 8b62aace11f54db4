import type { Node, NodeAPI, NodeDef } from 'node-red';
import { DICOM_IMAGE } from '../../src/settings';
import { ImageNode } from './runtime/image-node';

/** The `dicom-image` node: a picture of the object of a message. All the work is src/image's. */
export = function register(RED: NodeAPI): void {
  function DicomImage(this: Node, config: NodeDef & Record<string, unknown>): void {
    RED.nodes.createNode(this, config);
    new ImageNode(RED, this, config).run();
  }
  RED.nodes.registerType(DICOM_IMAGE.type, DicomImage);
};
