import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, describe, it } from 'node:test';
import { deployedNodes } from '../../nodes/runtime/deployed-nodes';
import { QueueOwner } from '../../nodes/runtime/queues/queue-owner';
import { TAB, dicomIn, flowNode } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { NodesUnderTest, type Message } from '../support/node-red/node-helper';
import type { FlowNode } from '../support/node-red/node-red';
import { RawPeer } from '../support/connections/raw-peer';
import { SAMPLE_UID, StoreClient, sampleInstance } from '../support/peers/store-client';
import { until } from '../support/machine/until';

const nodes = new NodesUnderTest();
afterEach(() => nodes.unload());

const helper = (id: string): FlowNode => flowNode(id, 'helper', { wires: [] });
const tab = (id = TAB): FlowNode => ({ id, type: 'tab', label: id, disabled: false, info: '' });
const watching = [
  flowNode('catch', 'catch', { scope: null, uncaught: false, wires: [['caught']] }),
  flowNode('status', 'status', { scope: null, wires: [['statuses']] }),
  flowNode('complete', 'complete', { scope: ['answer'], wires: [['completed']] }),
  ...['out', 'events', 'caught', 'statuses', 'completed'].map(helper),
];
const answerNode = (properties: Record<string, unknown> = {}): FlowNode =>
  flowNode('answer', 'dicom-response', {
    status: '0000',
    customStatus: '',
    errorComment: '',
    wires: [],
    ...properties,
  });

/** A flow with both nodes, each of whose ways out leads to a helper node. */
function flow(
  port: number,
  settings: Record<string, unknown> = {},
  answer: Record<string, unknown> = {},
): FlowNode[] {
  return [tab(), dicomIn('in', port, [['out'], ['events']], settings), answerNode(answer), ...watching];
}

interface Watched {
  out: Message[];
  events: Message[];
  caught: Message[];
  statuses: Message[];
  completed: Message[];
}
const watched = (): Watched => ({
  out: nodes.inputs('out'),
  events: nodes.inputs('events'),
  caught: nodes.inputs('caught'),
  statuses: nodes.inputs('statuses'),
  completed: nodes.inputs('completed'),
});

const statusOf = (message: Message | undefined): Record<string, unknown> =>
  (message?.['status'] ?? {}) as Record<string, unknown>;
const codeOf = (message: Message | undefined): unknown =>
  (message?.['error'] as { code?: unknown } | undefined)?.code;
const isListening = (port: number): Promise<boolean> =>
  RawPeer.connect(port).then(
    (peer) => {
      peer.destroy();
      return true;
    },
    () => false,
  );
const listens = (port: number): Promise<void> => until(() => isListening(port), `port ${port} to listen`);

async function loaded(
  settings: Record<string, unknown> = {},
  answer: Record<string, unknown> = {},
): Promise<Watched & { port: number }> {
  const port = await freePort();
  await nodes.load(flow(port, settings, answer));
  const all = watched();
  await listens(port);
  return { ...all, port };
}

async function store(port: number, number: number): Promise<number> {
  const client = await StoreClient.open(port);
  const { uid, dataSet } = sampleInstance(number);
  const status = await client.store(uid, dataSet);
  await client.release();
  return status;
}

describe('dicom-in in a runtime', () => {
  it('loads with its name, and shows that it listens', async () => {
    const { statuses, port } = await loaded({ name: 'From CT' });
    assert.deepEqual([nodes.node('in').type, nodes.node('in').name], ['dicom-in', 'From CT']);
    await until(() => statusOf(statuses.at(-1))['state'] === 'listening', 'the status');
    const { fill, port: shown } = statusOf(statuses.at(-1));
    assert.deepEqual([fill, shown], ['green', port]);
  });

  it('sends one message for an object that a sender stores', async () => {
    const { out, port } = await loaded();
    assert.equal(await store(port, 7), 0);
    await until(() => out.length > 0, 'the message');
    assert.equal(out.length, 1);
    const [message = assert.fail()] = out;
    const { CommonFields } = message['payload'] as { CommonFields: Record<string, unknown> };
    const facts = message['dicom'] as Record<string, unknown>;
    assert.equal(CommonFields['PatientID'], '12345');
    assert.equal(facts['sopInstanceUID'], sampleInstance(7).uid);
    assert.notEqual(facts['sopInstanceUID'], SAMPLE_UID);
    assert.equal(facts['localPort'], port);
    assert.match(String(message['topic']), /^2\.25\.\d+$/);
    assert.match(String(facts['queueId']), /^in:/);
  });

  it('takes its settings: events come out of a second output, and only listed callers are let in', async () => {
    const { events, port } = await loaded({ emitEvents: true, acceptedCallingAETs: 'CT01' });
    await assert.rejects(StoreClient.open(port), /not accepted/);
    await until(() => events.some(({ topic }) => topic === 'association-rejected'), 'the event');
  });

  it('tells Catch and Status nodes with a code when its settings do not let it run', async () => {
    const port = await freePort();
    // The error comes when flows have started: whoever watches has to be there by then.
    await nodes.load([tab(), ...watching, answerNode()]);
    const { caught, statuses } = watched();
    await nodes.deploy(flow(port, { ourAET: 'MUCH_TOO_LONG_FOR_DICOM' }), 'nodes');
    await until(() => caught.length > 0 && statuses.length > 0, 'the error');
    assert.equal(codeOf(caught[0]), 'DICOM_SETTINGS_INVALID');
    assert.deepEqual(
      [statusOf(statuses.at(-1))['state'], statusOf(statuses.at(-1))['fault']],
      ['down', 'settingsInvalid'],
    );
    assert.equal(await isListening(port), false);
  });

  it('delivers again what nodes have parked that are there no more, and not what disabled ones have', async () => {
    const { out, port } = await loaded({ acknowledge: true });
    for (const number of [1, 2]) assert.equal(await store(port, number), 0);
    await until(() => out.length === 2, 'the messages');
    const ids = out.map(({ dicom }) => String((dicom as { queueId: unknown }).queueId).replace('in:', ''));
    const receiver = deployedNodes.get('in', QueueOwner)?.receiver;
    assert.ok(receiver !== undefined);
    assert.equal(await receiver.ask('park', ids[0] ?? '', 'gone/1'), true);
    assert.equal(await receiver.ask('park', ids[1] ?? '', 'later'), true);
    const disabled = { ...answerNode(), id: 'later', d: true };
    await nodes.deploy([...flow(port, { acknowledge: true }), disabled], 'nodes');
    await until(() => out.length === 3, 'the message of the lost owner');
    const { queueId, redelivered } = out[2]?.['dicom'] as Record<string, unknown>;
    assert.deepEqual([queueId, redelivered], [`in:${ids[0]}`, 1]);
    assert.deepEqual(await receiver.ask('owners'), ['later']);
  });

  it('tells a Catch node when its port is in use', async () => {
    const { caught, port } = await loaded();
    const second = dicomIn('second', port, [[]], {});
    await nodes.deploy([...flow(port), second], 'nodes');
    await until(() => caught.length > 0, 'the error');
    assert.equal(codeOf(caught[0]), 'DICOM_PORT_IN_USE');
    assert.equal((caught[0]?.['error'] as { source: { id: string } }).source.id, 'second');
  });

  it('closes: its port is free, its connections end, and it may be removed', async () => {
    const { port } = await loaded();
    const client = await StoreClient.open(port);
    await nodes.deploy([tab(), ...watching, answerNode()], 'nodes');
    await client.peer.closed;
    assert.equal(await isListening(port), false);
    assert.throws(() => nodes.node('in'), /no node/);
  });
});

describe('dicom-in and the types of deploy', () => {
  /** Another tab, with a node that a test changes. */
  const other = (name: string): FlowNode[] => [
    tab('other-tab'),
    { id: 'other', type: 'helper', z: 'other-tab', name, x: 100, y: 100, wires: [] },
  ];
  /** The node that the messages come to has another name. */
  const withOut = (port: number, name: string): FlowNode[] =>
    flow(port).map((node) => (node.id === 'out' ? { ...node, name } : node));
  const started = async (): Promise<{ port: number; client: StoreClient }> => {
    const port = await freePort();
    await nodes.load([...flow(port), ...other('a')]);
    await listens(port);
    return { port, client: await StoreClient.open(port) };
  };
  /** The association goes on: whatever was deployed, this node was left alone. */
  const goesOn = async (client: StoreClient): Promise<void> => {
    const { uid, dataSet } = sampleInstance(1);
    assert.equal(await client.store(uid, dataSet), 0);
    await client.release();
  };

  it('full: starts anew on the same port', async () => {
    const { port, client } = await started();
    const before = nodes.node('in');
    await nodes.deploy([...flow(port), ...other('a')], 'full');
    await client.peer.closed;
    await listens(port);
    assert.notEqual(nodes.node('in'), before);
    assert.equal(await store(port, 1), 0);
  });

  it('nodes: is left alone when others change, those that it is wired to, too, and moves to another port when its own does', async () => {
    const { port, client } = await started();
    const before = nodes.node('in');
    await nodes.deploy([...withOut(port, 'b'), ...other('b')], 'nodes');
    assert.equal(nodes.node('in'), before);
    await goesOn(client);
    const moved = await freePort();
    await nodes.deploy([...flow(moved), ...other('b')], 'nodes');
    await listens(moved);
    assert.equal(await isListening(port), false);
    assert.equal(await store(moved, 2), 0);
  });

  it('flows: is left alone when another tab changes, and starts anew with what it is wired to', async () => {
    const { port, client } = await started();
    const before = nodes.node('in');
    await nodes.deploy([...flow(port), ...other('b')], 'flows');
    assert.equal(nodes.node('in'), before);
    await goesOn(client);
    await nodes.deploy([...withOut(port, 'b'), ...other('b')], 'flows');
    await listens(port);
    assert.notEqual(nodes.node('in'), before);
    assert.equal(await store(port, 2), 0);
  });
});

describe('dicom-response in a runtime', () => {
  it('decides what the sender is told, and is complete', async () => {
    const { out, completed, caught, port } = await loaded({ respond: 'processed' }, { status: 'A700' });
    const status = store(port, 1);
    await until(() => out.length > 0, 'the message');
    nodes.node('answer').receive(out[0]);
    assert.equal(await status, 0xa700);
    await until(() => completed.length > 0, 'the Complete node');
    assert.deepEqual([completed.length, caught], [1, []]);
  });

  it('lets the message decide over the dialog', async () => {
    const { out, port } = await loaded({ respond: 'processed' }, { status: 'A700' });
    const status = store(port, 1);
    await until(() => out.length > 0, 'the message');
    nodes.node('answer').receive({ ...out[0], statusCode: '0xB007' });
    assert.equal(await status, 0xb007);
  });

  it('takes the success of an http request before it for no status of the object', async () => {
    const { out, port } = await loaded({ respond: 'processed' }, { status: 'B000' });
    const status = store(port, 1);
    await until(() => out.length > 0, 'the message');
    nodes.node('answer').receive({ ...out[0], statusCode: 200 });
    assert.equal(await status, 0xb000);
  });

  it('tells a Catch node with a code what cannot be answered, and is not complete then', async () => {
    const { out, caught, completed, port } = await loaded({ respond: 'processed' });
    const answer = nodes.node('answer');
    const status = store(port, 1);
    await until(() => out.length > 0, 'the message');
    const [message = assert.fail()] = out;
    const attempts: [Message, string][] = [
      [{ payload: 1 }, 'DICOM_RESPONSE_NO_ID'],
      [{ dicom: { queueId: 'nobody:1' } }, 'DICOM_RESPONSE_UNKNOWN'],
      [{ ...message, statusCode: 'yes' }, 'DICOM_RESPONSE_BAD_STATUS'],
      // What an http request node leaves there: 503 would be 01F7, which says nothing to a sender.
      [{ ...message, statusCode: 503 }, 'DICOM_RESPONSE_BAD_STATUS'],
      [{ ...message, statusCode: 'ECONNREFUSED' }, 'DICOM_RESPONSE_BAD_STATUS'],
    ];
    for (const [wrong, code] of attempts) {
      caught.length = 0;
      answer.receive(wrong);
      await until(() => caught.length > 0, code);
      assert.equal(codeOf(caught[0]), code);
    }
    assert.equal(completed.length, 0);
    answer.receive(message);
    assert.equal(await status, 0);
    caught.length = 0;
    answer.receive(message);
    await until(() => caught.length > 0, 'the second answer');
    assert.equal(codeOf(caught[0]), 'DICOM_RESPONSE_ALREADY_ANSWERED');
  });

  it('closes with nothing left to do', async () => {
    await loaded();
    const closed = once(nodes.node('answer'), 'close');
    await nodes.deploy([tab(), ...watching], 'nodes');
    await closed;
  });
});
