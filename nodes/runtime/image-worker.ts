import type { NodeAPI } from 'node-red';
import { ImageHost } from '../../src/image';

const hosts = new WeakMap<NodeAPI['events'], ImageHost>();

/** The worker of this Node-RED in which pictures are made: whoever wants some shares it. It ends by itself when it is idle. */
export function imageWorkerOf(RED: Pick<NodeAPI, 'events' | 'log'>): ImageHost {
  const existing = hosts.get(RED.events);
  if (existing !== undefined) return existing;
  const host = new ImageHost((error) => RED.log.error(`dicom: ${error.message}`));
  hosts.set(RED.events, host);
  return host;
}
