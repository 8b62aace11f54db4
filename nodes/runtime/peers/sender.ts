import { join } from 'node:path';
import type { NodeAPI } from 'node-red';
import { SenderHost } from '../../../src/sender';
import { dicomDirectory } from '../node-directory';

/** In the package's directory: no node can have it, as names of nodes have no dots there. */
const OUTCOMES = 'outcomes.log';

const senders = new WeakMap<NodeAPI['events'], SenderHost>();

/** The sender of this Node-RED: all nodes that send share its one worker. */
export function senderOf(RED: Pick<NodeAPI, 'events' | 'log' | 'settings'>): SenderHost {
  const existing = senders.get(RED.events);
  if (existing !== undefined) return existing;
  const sender = new SenderHost(
    (news) => {
      if (news.kind === 'ended')
        RED.log.error(
          `dicom: the worker that sends ended (${news.reason}); it starts again in ${news.waitMs / 1_000} s`,
        );
      if (news.kind === 'outdated') RED.log.error('dicom: the package was updated: restart Node-RED to send');
    },
    (error) => RED.log.error(`dicom: ${error.message}`),
    { outcomes: join(dicomDirectory(RED), OUTCOMES) },
  );
  senders.set(RED.events, sender);
  return sender;
}
