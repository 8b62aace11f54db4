import type { Node, NodeAPI, NodeDef } from 'node-red';
import { DICOM_QUEUE, QUEUE_CREDENTIALS } from '../../src/settings';
import { QueueNode } from './runtime/queue-node';

/** The `dicom-queue` config node: a queue in PostgreSQL, which dicom-in nodes on several machines share. */
export = function register(RED: NodeAPI): void {
  function DicomQueue(this: Node, config: NodeDef & Record<string, unknown>): void {
    RED.nodes.createNode(this, config);
    new QueueNode(RED, this, config).run();
  }
  RED.nodes.registerType(DICOM_QUEUE.type, DicomQueue, { credentials: QUEUE_CREDENTIALS });
};
