import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { TAB, dicomIn, flowNode, sinkNodes } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { MessageSink } from '../support/node-red/message-sink';
import type { FlowNode, NodeRed } from '../support/node-red/node-red';
import { queuedObjects } from '../support/queues/queue-folder';
import { StoreClient, sampleInstance } from '../support/peers/store-client';
import { until } from '../support/machine/until';
import { nodeRedForSuite } from '../support/node-red/with-node-red';

/** Senders go on while the flow is deployed so often. */
export function deploysUnderLoad(deploys: number): void {
  describe('a real Node-RED', () => {
    let nodeRed: NodeRed;
    let sink: MessageSink;

    before(async () => {
      sink = await MessageSink.open();
    });
    nodeRedForSuite({ flows: [] }, (started) => {
      nodeRed = started;
    });
    after(() => sink.close());

    it(`loses nothing that it acknowledged over ${deploys} full deploys under load`, async () => {
      const port = await freePort();
      const flows = countingFlow(port, sink);
      await nodeRed.deploy(flows);
      const acknowledged: string[] = [];
      let sending = true;
      const sender = async (first: number): Promise<void> => {
        for (let number = first; sending;) {
          try {
            const client = await StoreClient.open(port);
            for (; sending; number += 1) {
              const { uid, dataSet } = sampleInstance(number);
              if ((await client.store(uid, dataSet)) !== 0) break;
              acknowledged.push(uid);
            }
            client.peer.destroy();
          } catch {
            // Refused, rejected or aborted while the flow restarts: a modality tries again, and so does this one.
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
        }
      };
      const senders = [1_000_000, 2_000_000, 3_000_000, 4_000_000].map(sender);
      for (let round = 0; round < deploys; round += 1) {
        await nodeRed.deploy(flows);
        const before = acknowledged.length;
        await until(() => acknowledged.length > before + 20, 'objects after a deploy');
      }
      sending = false;
      await Promise.all(senders);
      const folder = join(nodeRed.userDir, 'dicom', 'counted');
      await until(() => queuedObjects(folder).length === 0, 'an empty queue', 60_000);
      const seen = new Set((await (await fetch(`${nodeRed.url}/seen`)).json()) as string[]);
      assert.deepEqual(
        acknowledged.filter((uid) => !seen.has(uid)),
        [],
      );
    });
  });
}

/** Counts in the global context, which outlives deploys, and tells over HTTP what was seen. */
function countingFlow(port: number, sink: MessageSink): FlowNode[] {
  const count = `const seen = global.get('seen') || []; seen.push(msg.dicom.sopInstanceUID); global.set('seen', seen);`;
  return [
    { id: TAB, type: 'tab', label: 'test' },
    dicomIn('counted', port, [['count']], { queue: 'disk' }),
    flowNode('count', 'function', { func: count, outputs: 0, wires: [] }),
    flowNode('seen-in', 'http in', { url: '/seen', method: 'get', wires: [['seen-read']] }),
    flowNode('seen-read', 'function', {
      func: `msg.payload = global.get('seen') || []; return msg;`,
      outputs: 1,
      wires: [['seen-out']],
    }),
    flowNode('seen-out', 'http response', { wires: [] }),
    ...sinkNodes(sink),
  ];
}
