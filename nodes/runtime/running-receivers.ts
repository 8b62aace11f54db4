import type { ReceiverHost } from '../../src/receiver';

/** The receivers of the nodes that run now, by node id: how a `dicom-response` node and the editor reach them. */
export const runningReceivers = new Map<string, ReceiverHost>();
