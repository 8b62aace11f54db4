import type { NodeAPI } from 'node-red';
import { EditHost, WorkInterrupted } from '../../src/edit';

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

/** After the first one, requests are worked on one by one, so that none is interrupted by another. */
const MOST_TRIES = 3;

/**
 * Does work with the worker again where another request has, perhaps, ended that: of an object that nothing is wrong with
 * nobody need hear an error.
 * @param work all of it, as what is given with a request can be given once
 */
export async function despiteOthers<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof WorkInterrupted) || tries >= MOST_TRIES) throw error;
    }
  }
}
