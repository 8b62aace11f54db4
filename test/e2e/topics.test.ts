import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { TAB, flowNode, sinkNodes } from '../support/node-red/flows';
import { MessageSink } from '../support/node-red/message-sink';
import type { NodeRed } from '../support/node-red/node-red';
import { nodeRedForSuite } from '../support/node-red/with-node-red';

/** Two objects of one study between two of another. */
const TOPICS = ['A', 'B', 'A', 'B'];

let nodeRed: NodeRed;
let sink: MessageSink;

before(async () => {
  sink = await MessageSink.open();
});
nodeRedForSuite({ flows: [] }, (started) => {
  nodeRed = started;
});
after(async () => {
  await sink.close();
});

/** What a core node makes of the messages: the payloads that it sends, each marked with its topic. */
async function sendThrough(node: string, properties: Record<string, unknown>): Promise<unknown[]> {
  const send = `for (const [index, topic] of ${JSON.stringify(TOPICS)}.entries()) node.send({ topic, payload: topic + index });`;
  await nodeRed.deploy([
    { id: TAB, type: 'tab', label: 'test' },
    flowNode('in', 'inject', { once: true, onceDelay: 0.5, props: [], repeat: '', wires: [['send']] }),
    flowNode('send', 'function', { func: send, outputs: 1, wires: [['tested']] }),
    flowNode('tested', node, { ...properties, wires: [['test-out-1']] }),
    ...sinkNodes(sink),
  ]);
  const payloads = (await sink.count(2)).map(({ payload }) => payload as unknown);
  sink.clear();
  return payloads;
}

it('trigger keeps topics apart where it is told to: the last object of each study, when no more comes', async () => {
  const last = {
    op1: '',
    op2: '',
    op1type: 'nul',
    op2type: 'payl',
    duration: '200',
    units: 'ms',
    extend: true,
    bytopic: 'topic',
    topic: 'topic',
    outputs: 1,
  };
  assert.deepEqual(await sendThrough('trigger', last), ['A2', 'B3']);
});

it('join does not: objects of both studies are in one group', async () => {
  const pairs = { mode: 'custom', build: 'array', property: 'payload', propertyType: 'msg', count: '2' };
  assert.deepEqual(await sendThrough('join', pairs), [
    ['A0', 'B1'],
    ['A2', 'B3'],
  ]);
});
