import type { NodeAPI } from 'node-red';
import { EditHost } from '../../src/edit';

const hosts = new WeakMap<NodeAPI['events'], EditHost>();

/** The worker of this Node-RED in which objects are read and changed: all nodes that do so share it. */
export function editWorkerOf(RED: Pick<NodeAPI, 'events' | 'log'>): EditHost {
  const existing = hosts.get(RED.events);
  if (existing !== undefined) return existing;
  const host = new EditHost(
    (news) => {
      if (news.kind === 'ended')
        RED.log.error(
          `dicom: the worker that changes objects ended (${news.reason}); it starts again in ${news.waitMs / 1_000} s`,
        );
      if (news.kind === 'outdated')
        RED.log.error('dicom: the package was updated: restart Node-RED to change objects');
    },
    (error) => RED.log.error(`dicom: ${error.message}`),
  );
  hosts.set(RED.events, host);
  return host;
}
