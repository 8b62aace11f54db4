import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, describe, it } from 'node:test';
import { deployedNodes } from '../../nodes/runtime/deployed-nodes';
import { QueueOwner } from '../../nodes/runtime/queue-owner';
import { DICOM_OUT, DICOM_PEER } from '../../src/settings';
import { TAB, dicomIn, flowNode } from '../support/flows';
import { CommittingScp } from '../support/commitment';
import { freePort } from '../support/free-port';
import { MisbehavingScp, type Behaviour } from '../support/misbehaving-scp';
import { NodesUnderTest, type Message } from '../support/node-helper';
import type { FlowNode } from '../support/node-red';
import { dataSetOf } from '../support/part10';
import { RawPeer } from '../support/raw-peer';
import { SAMPLE, SAMPLE_UID, StoreClient, sampleInstance } from '../support/store-client';
import { until } from '../support/until';

/** Of all samples. */
const SAMPLE_STUDY = '2.25.101203456789012345678901234567891';

const nodes = new NodesUnderTest();
const scps: MisbehavingScp[] = [];
afterEach(async () => {
  await nodes.unload();
  for (const scp of scps.splice(0)) await scp.stop();
});

async function scp(behaviour: Behaviour = {}): Promise<MisbehavingScp> {
  const listening = await MisbehavingScp.listen(behaviour);
  scps.push(listening);
  return listening;
}

const nameOf = (id: string): string => `PACS ${id}`;
const helper = (id: string): FlowNode => flowNode(id, 'helper', { wires: [] });
const peer = (id: string, port: number, settings: object = {}): FlowNode => ({
  id,
  type: 'dicom-peer',
  ...DICOM_PEER.defaults,
  // Node-RED takes each value that is the id of a configuration node for a reference to it.
  name: nameOf(id),
  host: '127.0.0.1',
  port: String(port),
  lingerSeconds: '0',
  ...settings,
});
const out = (id: string, settings: object = {}): FlowNode =>
  flowNode(id, 'dicom-out', {
    ...DICOM_OUT.defaults,
    peer: 'archive',
    retryFirstSeconds: '1',
    retryLastSeconds: '1',
    outputFailures: true,
    outputs: 2,
    wires: [[`${id}-sent`], [`${id}-failed`]],
    ...settings,
  });
const watching = (id: string): FlowNode[] => [helper(`${id}-sent`), helper(`${id}-failed`)];
const BASE: FlowNode[] = [
  { id: TAB, type: 'tab', label: TAB, disabled: false, info: '' },
  flowNode('catch', 'catch', { scope: null, uncaught: false, wires: [['caught']] }),
  helper('caught'),
];

interface Sent {
  status?: string;
  statusText: string;
  peer: string;
  attempts: number;
  id: string;
}
const sentOf = (message: Message | undefined): Sent => (message?.['dicom'] as { sent: Sent }).sent;
const codeOf = (message: Message | undefined): unknown => (message?.['error'] as { code?: unknown }).code;

async function loaded(flows: FlowNode[]): Promise<void> {
  await nodes.load([...BASE, ...flows]);
}

const inject = (id: string, message: Message): void => nodes.node(id).receive(message);

/** Sends samples to a dicom-in; resolves with their statuses. */
async function upload(port: number, ...numbers: number[]): Promise<number[]> {
  const client = await StoreClient.open(port);
  const statuses: number[] = [];
  for (const number of numbers) {
    const { uid, dataSet } = sampleInstance(number);
    statuses.push(await client.store(uid, dataSet));
  }
  await client.release();
  return statuses;
}

describe('dicom-out: a file', () => {
  it('goes to the peer, and the message goes on with how that went', async () => {
    const archive = await scp();
    await loaded([peer('archive', archive.port), out('out'), ...watching('out')]);
    const sent = nodes.inputs('out-sent');
    inject('out', { filename: SAMPLE, topic: 'a topic' });
    await until(() => sent.length === 1, 'the message');
    const { id, ...facts } = sentOf(sent[0]);
    assert.match(id, /^[0-9a-f-]{36}$/);
    assert.deepEqual(
      { ...facts, milliseconds: 0 },
      {
        peer: nameOf('archive'),
        status: '0000',
        statusText: 'success (0000)',
        transferSyntaxUID: '1.2.840.10008.1.2.1',
        attempts: 1,
        milliseconds: 0,
      },
    );
    assert.equal(sent[0]?.['topic'], 'a topic');
    assert.ok(archive.objects[0]?.dataSet.equals(dataSetOf(readFileSync(SAMPLE))));
  });

  it('that fails for good goes to the second output, or to a Catch node', async () => {
    const archive = await scp({ store: () => 0x0122 });
    const plain = out('plain', { outputFailures: false, outputs: 1, wires: [['out-sent']] });
    await loaded([peer('archive', archive.port), out('out'), plain, ...watching('out')]);
    const [failed, caught] = [nodes.inputs('out-failed'), nodes.inputs('caught')];
    inject('out', { filename: SAMPLE });
    inject('plain', { filename: SAMPLE });
    await until(() => failed.length === 1 && caught.length === 1, 'both');
    assert.deepEqual([codeOf(failed[0]), codeOf(caught[0])], ['DICOM_OUT_REFUSED', 'DICOM_OUT_REFUSED']);
    assert.equal(sentOf(failed[0]).status, '0122');
    assert.equal('payload' in (failed[0] ?? {}), false);
  });

  it('or a Buffer, base64 text or nothing at all in the payload: as the dialog says', async () => {
    const archive = await scp();
    await loaded([peer('archive', archive.port), out('out', { objectFrom: 'payload' }), ...watching('out')]);
    const [sent, failed] = [nodes.inputs('out-sent'), nodes.inputs('out-failed')];
    const bytes = readFileSync(SAMPLE);
    inject('out', { payload: bytes });
    inject('out', { payload: bytes.toString('base64') });
    await until(() => sent.length === 2, 'both');
    inject('out', { payload: { not: 'an object' } });
    inject('out', { payload: bytes, dicom: { changes: { version: 1, operations: [] } } });
    inject('out', { payload: bytes, dicom: { sopInstanceUID: '1.2.3' } });
    await until(() => failed.length === 3, 'all');
    assert.deepEqual(failed.map(codeOf).sort(), [
      'DICOM_OUT_CHANGES_PENDING',
      'DICOM_OUT_NOT_THE_OBJECT',
      'DICOM_OUT_NO_OBJECT',
    ]);
  });

  it('goes to the peer that the message names, if it is ticked', async () => {
    const [one, other] = [await scp(), await scp()];
    await loaded([
      peer('archive', one.port),
      peer('other', other.port),
      peer('secret', one.port),
      out('out', { peersFromMessage: ['archive', 'other'] }),
      ...watching('out'),
    ]);
    const [sent, failed] = [nodes.inputs('out-sent'), nodes.inputs('out-failed')];
    inject('out', { filename: SAMPLE, peer: nameOf('other') });
    await until(() => sent.length === 1, 'it is sent');
    assert.deepEqual([one.objects.length, other.objects.length], [0, 1]);
    for (const named of [nameOf('secret'), 'secret', 'toString', 42, { host: '127.0.0.1' }])
      inject('out', { filename: SAMPLE, peer: named });
    await until(() => failed.length === 5, 'five');
    assert.deepEqual(failed.map(codeOf), Array(5).fill('DICOM_OUT_NO_PEER'));
  });

  it('waits in bounds: what comes beyond is told, and when the node closes so is the rest', async () => {
    await loaded([peer('archive', await freePort()), out('out', { maxWaiting: '2' }), ...watching('out')]);
    const failed = nodes.inputs('out-failed');
    for (let count = 0; count < 4; count += 1) inject('out', { filename: SAMPLE });
    await until(() => failed.length === 2, 'two');
    assert.deepEqual(failed.map(codeOf), ['DICOM_OUT_BUSY', 'DICOM_OUT_BUSY']);
  });
});

describe('dicom-out: an object of a queue', () => {
  async function chain(
    archives: [id: string, behaviour: Behaviour][],
    inSettings: object,
    outSettings: object = {},
  ): Promise<{ port: number; scps: MisbehavingScp[] }> {
    const port = await freePort();
    const listening = await Promise.all(archives.map(([, behaviour]) => scp(behaviour)));
    await loaded([
      dicomIn('in', port, [archives.map(([id]) => `out-${id}`)], { queue: 'memory', ...inSettings }),
      ...archives.flatMap(([id], at) => [
        peer(id, listening[at]?.port ?? 0),
        out(`out-${id}`, { peer: id, ...outSettings }),
        ...watching(`out-${id}`),
      ]),
    ]);
    await until(() => isListening(port), 'dicom-in listens');
    return { port, scps: listening };
  }

  it('is acknowledged when it is sent', async () => {
    const {
      port,
      scps: [archive],
    } = await chain([['a', {}]], { acknowledge: true, maxInFlight: 2 });
    const sent = nodes.inputs('out-a-sent');
    assert.deepEqual(await upload(port, 1, 2, 3, 4, 5), [0, 0, 0, 0, 0]);
    await until(() => sent.length === 5, 'all');
    assert.equal(archive?.objects.length, 5);
    assert.ok(archive?.objects[0]?.dataSet.equals(sampleInstance(1).dataSet));
    await until(async () => (await waitingIn('in')) === 0, 'the queue is empty');
  });

  it('is opened by its id also where nobody acknowledges it', async () => {
    const {
      port,
      scps: [archive],
    } = await chain([['a', {}]], { acknowledge: false, keepDeliveredSeconds: 60 });
    const sent = nodes.inputs('out-a-sent');
    await upload(port, 1);
    await until(() => sent.length === 1, 'it is sent');
    assert.equal(archive?.objects.length, 1);
  });

  it('that nobody keeps any more is told, with what would have kept it', async () => {
    const { port } = await chain([['a', {}]], { acknowledge: false, keepDeliveredSeconds: 60 });
    const [sent, failed] = [nodes.inputs('out-a-sent'), nodes.inputs('out-a-failed')];
    await upload(port, 1);
    await until(() => sent.length === 1, 'it is sent, and with that not kept any more');
    await until(async () => (await waitingIn('in')) === 0, 'it is gone');
    inject('out-a', { dicom: sent[0]?.['dicom'] });
    await until(() => failed.length === 1, 'it is told');
    assert.equal(codeOf(failed[0]), 'DICOM_OUT_OBJECT_GONE');
  });

  it('for two peers is acknowledged when both have it', async () => {
    let isUp = false;
    const {
      port,
      scps: [, slow],
    } = await chain(
      [
        ['a', {}],
        ['b', { store: () => (isUp ? 0 : 0xa700) }],
      ],
      { acknowledge: true },
    );
    const [first, second] = [nodes.inputs('out-a-sent'), nodes.inputs('out-b-sent')];
    await upload(port, 1);
    await until(() => first.length === 1 && (slow?.objects.length ?? 0) > 1, 'one has it, the other not');
    assert.equal(await waitingIn('in'), 1);
    isUp = true;
    await until(() => second.length === 1, 'both have it');
    await until(async () => (await waitingIn('in')) === 0, 'the queue is empty');
  });

  it('that fails for good is a dead letter of its own queue, with the status of the peer', async () => {
    const { port } = await chain([['a', { store: () => 0x0122 }]], { acknowledge: true });
    const failed = nodes.inputs('out-a-failed');
    await upload(port, 1);
    await until(() => failed.length === 1, 'it failed');
    await until(async () => (await lettersIn('in')).length === 1, 'a dead letter');
    assert.match(JSON.stringify(await lettersIn('in')), /0122/);
  });

  it('is a transparent proxy behind respond: processed', async () => {
    const { port } = await chain([['a', { store: (_, count) => [0, 0xb006, 0x0122][count] ?? 0 }]], {
      respond: 'processed',
      keepDeliveredSeconds: 60,
    });
    assert.deepEqual(await upload(port, 1, 2, 3), [0, 0xb006, 0x0122]);
  });

  it('is answered A700 in time where the peer is down, behind respond: processed', async () => {
    const port = await freePort();
    await loaded([
      dicomIn('in', port, [['out']], {
        queue: 'memory',
        respond: 'processed',
        responseTimeoutSeconds: '4',
        keepDeliveredSeconds: 60,
      }),
      peer('archive', await freePort()),
      out('out'),
      ...watching('out'),
    ]);
    await until(() => isListening(port), 'dicom-in listens');
    assert.deepEqual(await upload(port, 1), [0xa700]);
  });
});

describe('dicom-out: storage commitment', () => {
  const PATIENT = { retryLastSeconds: '900' };
  const committing = (port: number): FlowNode =>
    peer('archive', port, { commit: 'require', lingerSeconds: '30' });
  async function archive(): Promise<CommittingScp> {
    const listening = await CommittingScp.listen();
    scps.push(listening.scp);
    return listening;
  }
  const askedFor = (scp: CommittingScp, count: number): Promise<void> =>
    until(() => scp.asked.flatMap(({ instances }) => instances).length === count, `requests for ${count}`);

  it('an object is acknowledged when the peer has committed to it, and a dead letter where it does not', async () => {
    const [port, scp] = [await freePort(), await archive()];
    await loaded([
      dicomIn('in', port, [['out']], { queue: 'memory', acknowledge: true }),
      committing(scp.scp.port),
      out('out', PATIENT),
      ...watching('out'),
    ]);
    await until(() => isListening(port), 'dicom-in listens');
    const [sent, failed] = [nodes.inputs('out-sent'), nodes.inputs('out-failed')];
    await upload(port, 1, 2, 3);
    await askedFor(scp, 3);
    assert.equal(sent.length + failed.length, 0);
    assert.equal(await waitingIn('in'), 3);
    const refused = sampleInstance(2).uid;
    for (const [at, asked] of scp.asked.entries()) {
      const [committed, others] = [true, false].map((isKept) =>
        asked.instances.filter(({ sopInstanceUID }) => (sopInstanceUID !== refused) === isKept),
      );
      scp.report(asked, { committed, failed: others?.map((each) => ({ ...each, reason: 0x0110 })) });
      await until(() => scp.scp.responses.length > at, 'the report is taken in');
    }
    await until(() => sent.length === 2 && failed.length === 1, 'outcomes');
    assert.deepEqual(
      sent.map((message) => (sentOf(message) as Sent & { committed?: boolean }).committed),
      [true, true],
    );
    assert.deepEqual([codeOf(failed[0]), sentOf(failed[0]).status], ['DICOM_OUT_NOT_COMMITTED', '0110']);
    assert.equal('committed' in sentOf(failed[0]), false);
    await until(async () => (await waitingIn('in')) === 0, 'the queue is empty');
    const letters = JSON.stringify(await lettersIn('in'));
    assert.match(letters, new RegExp(refused.replaceAll('.', '\\.')));
    assert.match(letters, /0110/);
  });

  for (const mode of ['wait', 'store-and-forward'])
    it(`${mode}: a deploy sends nothing again that waits for its commitment`, async () => {
      const [port, scp] = [await freePort(), await archive()];
      const flows = [
        ...BASE,
        dicomIn('in', port, [['out']], { acknowledge: true }),
        committing(scp.scp.port),
        out('out', { mode, ...PATIENT }),
        ...watching('out'),
      ];
      await nodes.load(flows);
      await until(() => isListening(port), 'dicom-in listens');
      await upload(port, 1);
      await askedFor(scp, 1);
      await nodes.deploy(flows, 'full');
      const outcomes = nodes.inputs(mode === 'wait' ? 'out-sent' : 'out-failed');
      const [asked] = scp.asked;
      assert.ok(asked);
      scp.report(asked, { committed: asked.instances });
      await until(() => outcomes.length === 1, 'its outcome');
      assert.equal((sentOf(outcomes[0]) as Sent & { committed?: boolean }).committed, true);
      assert.deepEqual([scp.stored.length, scp.asked.length], [1, 1]);
    });
});

describe('dicom-out: store-and-forward', () => {
  it('lets the message go on when the object is safe, and tells later what became of it', async () => {
    let isUp = false;
    const archive = await scp({ store: () => (isUp ? 0 : 0xa700) });
    await loaded([
      peer('archive', archive.port),
      out('out', { mode: 'store-and-forward' }),
      ...watching('out'),
    ]);
    const [sent, told] = [nodes.inputs('out-sent'), nodes.inputs('out-failed')];
    inject('out', { filename: SAMPLE, topic: 'a topic', dicom: { sopInstanceUID: SAMPLE_UID } });
    await until(() => sent.length === 1 && archive.objects.length > 0, 'it is stored, and tried');
    assert.equal((sent[0]?.['dicom'] as { sent?: unknown }).sent, undefined, 'it is not sent yet');
    isUp = true;
    await until(() => told.length === 1, 'it is told');
    assert.deepEqual([sentOf(told[0]).status, told[0]?.['topic']], ['0000', 'a topic']);
    assert.ok(archive.objects.at(-1)?.dataSet.equals(dataSetOf(readFileSync(SAMPLE))));
  });

  it('goes on after a deploy where it was', async () => {
    const port = await freePort();
    const flows = [
      ...BASE,
      peer('archive', port),
      out('out', { mode: 'store-and-forward' }),
      ...watching('out'),
    ];
    await nodes.load(flows);
    const sent = nodes.inputs('out-sent');
    for (let count = 0; count < 3; count += 1) inject('out', { filename: SAMPLE });
    await until(() => sent.length === 3, 'all are stored');
    await nodes.deploy(flows, 'full');
    const told = nodes.inputs('out-failed');
    const archive = await MisbehavingScp.listen({}, port);
    scps.push(archive);
    await until(() => told.length === 3, 'all are told');
    assert.equal(archive.objects.length, 3);
  });
});

const receiverOf = (id: string): NonNullable<QueueOwner['receiver']> =>
  deployedNodes.get(id, QueueOwner)?.receiver ?? assert.fail(`${id} is not deployed`);
const waitingIn = (id: string): Promise<number> => receiverOf(id).ask('waiting', SAMPLE_STUDY);
const lettersIn = async (id: string): Promise<unknown[]> =>
  (await receiverOf(id).ask('deadLetters', {})).deadLetters;

const isListening = (port: number): Promise<boolean> =>
  RawPeer.connect(port).then(
    (peer) => {
      peer.destroy();
      return true;
    },
    () => false,
  );
