import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, describe, it } from 'node:test';
import { OutNode } from '../../nodes/dicom-out/runtime/out-node';
import { deployedNodes } from '../../nodes/runtime/deployed-nodes';
import { QueueOwner } from '../../nodes/runtime/queues/queue-owner';
import { DICOM_EDIT, DICOM_OUT, DICOM_PEER } from '../../src/settings';
import { Certificates } from '../support/connections/certificates';
import { TAB, dicomIn, flowNode } from '../support/node-red/flows';
import { CommittingScp } from '../support/peers/commitment';
import { freePort } from '../support/machine/free-port';
import { MisbehavingScp, type Behaviour } from '../support/peers/misbehaving-scp';
import { NodesUnderTest, type Message } from '../support/node-red/node-helper';
import type { FlowNode } from '../support/node-red/node-red';
import { dataSetOf } from '../support/objects/part10';
import { pdu } from '../support/connections/pdus';
import { needs } from '../support/machine/needs';
import { RawPeer } from '../support/connections/raw-peer';
import { Scps } from '../support/peers/scps';
import { SAMPLE, SAMPLE_UID, StoreClient, sampleInstance } from '../support/peers/store-client';
import { until } from '../support/machine/until';

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

/** A-ASSOCIATE-RJ: permanent, by the user, called AE title (PS3.8 9.3.4). */
const NOT_KNOWN = pdu(0x03, Buffer.from([0, 1, 1, 7]));
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
const uidOf = (message: Message): unknown => (message['dicom'] as { sopInstanceUID: unknown }).sopInstanceUID;
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
        sopClassUID: '1.2.840.10008.5.1.4.1.1.2',
        sopInstanceUID: SAMPLE_UID,
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

  it('that fails goes to the second output as it came but for its payload, so that who waits for it can be answered', async () => {
    const archive = await scp({ store: () => 0x0122 });
    await loaded([peer('archive', archive.port), out('out'), ...watching('out')]);
    const failed = nodes.inputs('out-failed');
    const came = { topic: 'upload', payload: 'a form', req: { files: 1 } };
    inject('out', { ...came, filename: SAMPLE });
    inject('out', { ...came, filename: 'not absolute' });
    await until(() => failed.length === 2, 'both');
    assert.deepEqual(failed.map(codeOf).sort(), ['DICOM_OUT_NO_OBJECT', 'DICOM_OUT_REFUSED']);
    const { topic, req } = came;
    for (const each of failed)
      assert.deepEqual([each['topic'], each['req'], 'payload' in each], [topic, req, false]);
  });

  it('that a peer rejects permanently waits, and a Catch node hears of that once', async () => {
    const [archive, uncaring] = [await scp({ associate: NOT_KNOWN }), await scp()];
    const other = out('other', { peer: 'uncaring' });
    await loaded([
      peer('archive', archive.port),
      peer('uncaring', uncaring.port),
      out('out'),
      other,
      ...watching('out'),
    ]);
    const [sent, caught] = [nodes.inputs('out-sent'), nodes.inputs('caught')];
    inject('out', { filename: SAMPLE });
    await until(() => archive.associateRequests.length === 3, 'further tries');
    assert.deepEqual(caught.map(codeOf), ['DICOM_OUT_PEER_REJECTS']);
    archive.behaviour = {};
    await until(() => sent.length === 1, 'the message');
    archive.behaviour = { associate: NOT_KNOWN };
    inject('out', { filename: SAMPLE });
    await until(() => caught.length === 2, 'a rejection after it was let in');
  });

  it('waits for a peer that cannot be reached; the log says once why, and when it is over', async () => {
    const port = await freePort();
    await loaded([peer('archive', port), out('out'), ...watching('out')]);
    const sent = nodes.inputs('out-sent');
    const { warn, log } = nodes.node('archive') as unknown as Record<'warn' | 'log', { args: [string][] }>;
    inject('out', { filename: SAMPLE });
    await until(() => warn.args.length === 1, 'the log says it');
    assert.match(String(warn.args[0]), /notReached$/);
    scps.push(await MisbehavingScp.listen({}, port));
    await until(() => sent.length === 1, 'it is sent');
    await until(() => log.args.length === 1, 'the log says that, too');
    assert.equal(warn.args.length, 1);
    assert.match(String(log.args[0]), /reachedAgain$/);
  });

  it('is not sent while the peer cannot be used, and the status says so', async () => {
    await loaded([peer('archive', 104, { host: '' }), out('out'), ...watching('out')]);
    await until(() => nodes.statusOf('out')?.['state'] === 'peer', 'the status says it');
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
      'DICOM_OUT_NOT_CHANGED',
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
    for (const named of [nameOf('secret'), 'secret', 'toString', 42])
      inject('out', { filename: SAMPLE, peer: named });
    await until(() => failed.length === 4, 'four');
    assert.deepEqual(failed.map(codeOf), Array(4).fill('DICOM_OUT_NO_PEER'));
  });

  it('waits in bounds: what comes beyond is told, and when the node closes so is the rest', async () => {
    await loaded([peer('archive', await freePort()), out('out', { maxWaiting: '2' }), ...watching('out')]);
    const failed = nodes.inputs('out-failed');
    for (let count = 0; count < 4; count += 1) inject('out', { filename: SAMPLE });
    await until(() => failed.length === 2, 'two');
    assert.deepEqual(failed.map(codeOf), ['DICOM_OUT_BUSY', 'DICOM_OUT_BUSY']);
  });
});

describe('dicom-out: a message that is not as it should be', () => {
  const throwing = {
    get queueId(): string {
      throw new Error('nothing to be read here');
    },
  };
  const circle: Record<string, unknown> = {};
  circle['circle'] = circle;

  for (const mode of ['wait', 'store-and-forward'])
    it(`is told, and others go on: ${mode}`, async () => {
      const archive = await scp();
      await loaded([peer('archive', archive.port), out('out', { mode }), ...watching('out')]);
      const [sent, failed, caught] = [
        nodes.inputs('out-sent'),
        nodes.inputs('out-failed'),
        nodes.inputs('caught'),
      ];
      const odd = [null, 'text', 7, [], circle, Buffer.from('bytes'), { queueId: () => 1 }];
      // No Catch node can have this one.
      inject('out', { dicom: throwing });
      for (const dicom of odd) inject('out', { dicom });
      await until(() => failed.length + caught.length === odd.length, 'all are told');
      // Where the object is plain all the same, the rest of the message is nobody's affair.
      const more = [null, 'text', [], { what: () => 1, of: Symbol('it'), count: 10n }];
      for (const dicom of more) inject('out', { dicom, filename: SAMPLE, topic: () => 1, payload: circle });
      inject('out', { filename: SAMPLE, payload: 10n });
      await until(() => sent.length === more.length + 1, 'these are sent');
      await until(() => archive.objects.length === more.length + 1, 'all are there');
    });

  /** Objects come out of dicom-in, get something into their messages, and go to dicom-out. */
  async function changed(
    change: (message: Message) => void,
    wires: string[][],
  ): Promise<[number, MisbehavingScp]> {
    const [port, archive] = [await freePort(), await scp()];
    await loaded([
      dicomIn('in', port, [['change']], { queue: 'memory', acknowledge: true, maxInFlight: 1 }),
      helper('change'),
      peer('archive', archive.port),
      out('out', { wires }),
      helper('other'),
      ...watching('out'),
    ]);
    nodes.node('change').on('input', (message: Message) => {
      change(message);
      inject('out', message);
    });
    await until(() => isListening(port), 'dicom-in listens');
    return [port, archive];
  }
  const allAreDone = async ({ objects }: MisbehavingScp): Promise<boolean> =>
    objects.length === 3 && (await waitingIn('in')) === 0;

  it('holds up no queue: an object whose message has circles in it is sent, and acknowledged', async () => {
    const [port, archive] = await changed((message) => (message['payload'] = circle), [['out-sent'], []]);
    assert.deepEqual(await upload(port, 1, 2, 3), [0, 0, 0]);
    await until(() => allAreDone(archive), 'all are acknowledged');
  });

  it('does not hide that its object has been sent, where it cannot be cloned for a second node', async () => {
    const [port, archive] = await changed(
      (message) => (message['other'] = throwing),
      [['out-sent', 'other'], []],
    );
    assert.deepEqual(await upload(port, 1, 2, 3), [0, 0, 0]);
    await until(() => allAreDone(archive), 'all are acknowledged');
  });
});

describe('dicom-out: an object with changes', () => {
  const dataSet = dataSetOf(readFileSync(SAMPLE));
  const changes = (value: string): object => ({
    version: 1,
    of: { sopInstanceUID: SAMPLE_UID, size: dataSet.length },
    operations: [
      { op: 'set', path: 'PatientID', value },
      { op: 'set', path: 'SOPInstanceUID', value: '1.2.3.4' },
    ],
  });
  const message = (value = 'NEW'): Message => ({
    filename: SAMPLE,
    dicom: { sopInstanceUID: '1.2.3.4', changes: changes(value) },
  });

  it('is sent as they say; the message keeps them', async () => {
    const archive = await scp();
    await loaded([peer('archive', archive.port), out('out'), ...watching('out')]);
    const sent = nodes.inputs('out-sent');
    inject('out', message());
    await until(() => sent.length === 1, 'the message');
    assert.equal(archive.objects[0]?.sopInstanceUID, '1.2.3.4');
    assert.ok(archive.objects[0]?.dataSet.includes('NEW '));
    assert.deepEqual((sent[0]?.['dicom'] as { changes: unknown }).changes, changes('NEW'));
  });

  it('that cannot be applied is told, whether that is seen here or when the object is read', async () => {
    const archive = await scp();
    await loaded([peer('archive', archive.port), out('out'), ...watching('out')]);
    const failed = nodes.inputs('out-failed');
    inject('out', message('x'.repeat(65)));
    inject('out', { filename: SAMPLE, dicom: { changes: [] } });
    await until(() => failed.length === 2, 'both');
    assert.deepEqual(failed.map(codeOf), Array(2).fill('DICOM_OUT_NOT_CHANGED'));
    const texts = failed.map((each) => (each['dicom'] as { sent?: Sent }).sent?.statusText ?? '');
    assert.ok(texts.some((text) => /operations\[0\], PatientID: LO has at most 64/.test(text)));
    assert.equal(archive.objects.length, 0);
  });

  it('is stored as it has become, and is sent so after a deploy; what the peer has as it was has failed', async () => {
    const port = await freePort();
    const flows = [
      ...BASE,
      peer('archive', port),
      out('out', { mode: 'store-and-forward' }),
      ...watching('out'),
    ];
    await nodes.load(flows);
    const sent = nodes.inputs('out-sent');
    for (const value of ['ONE', 'TWO']) inject('out', message(value));
    await until(() => sent.length === 2, 'both are stored');
    await nodes.deploy(flows, 'full');
    const failures = nodes.inputs('out-failed');
    const archive = await MisbehavingScp.listen({ store: (_, count) => (count === 0 ? 0 : 0x0111) }, port);
    scps.push(archive);
    // One of them is a dead letter, too.
    await until(() => failures.length === 3, 'both are told');
    const told = failures.filter(({ topic }) => topic !== 'dead-letter');
    assert.deepEqual(
      told.map((each) => [sentOf(each).status, codeOf({ error: {}, ...each })]),
      [
        ['0000', undefined],
        ['0111', 'DICOM_OUT_REFUSED'],
      ],
    );
    assert.ok(told.every((each) => !('changes' in (each['dicom'] as object))));
    const patients = archive.objects.map(
      ({ dataSet: bytes }) => /ONE|TWO/.exec(bytes.toString('latin1'))?.[0],
    );
    assert.deepEqual(patients.sort(), ['ONE', 'TWO']);
    assert.ok(archive.objects.every(({ sopInstanceUID }) => sopInstanceUID === '1.2.3.4'));
  });
});

/** None of which can be applied to an object of which its message says this. */
function wrongChanges({ sopInstanceUID, size }: Record<string, unknown>): unknown[] {
  const of = { sopInstanceUID, size };
  const set = (value: string): object => ({ op: 'set', path: 'PatientID', value });
  return [
    [],
    { version: 1, of, operations: [set('x'.repeat(65))] },
    { version: 1, of: { ...of, sopInstanceUID: '1.2.3' }, operations: [set('x')] },
  ];
}

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

  it('is the one that the message means also where its sender called it otherwise than its data set', async () => {
    const {
      port,
      scps: [archive],
    } = await chain([['a', {}]], { acknowledge: true });
    const sent = nodes.inputs('out-a-sent');
    const client = await StoreClient.open(port);
    const { uid, dataSet } = sampleInstance(1);
    assert.equal(await client.store('1.2.3.4', dataSet), 0);
    await client.release();
    await until(() => sent.length === 1, 'it is sent');
    assert.equal(uidOf(sent[0] ?? {}), uid);
    assert.ok(archive?.objects[0]?.dataSet.equals(dataSet));
  });

  for (const acknowledge of [true, false])
    it(`is no dead letter where the peer says with a warning that it has it, ${acknowledge ? 'acknowledged' : 'or not'}`, async () => {
      const statuses = [0x0001, 0x0107, 0x0111, 0x0116, 0xb000];
      const store = (_: unknown, count: number): number => statuses[count] ?? 0;
      const { port } = await chain([['a', { store }]], { acknowledge, keepDeliveredSeconds: 60 });
      const sent = nodes.inputs('out-a-sent');
      await upload(port, 1, 2, 3, 4, 5);
      await until(() => sent.length === 5, 'all are sent');
      await until(async () => (await waitingIn('in')) === 0, 'the queue is empty');
      assert.deepEqual(await lettersIn('in'), []);
    });

  it('does not come again while the node has it, however soon the flow is to acknowledge it', async () => {
    const strict = { acknowledge: true, acknowledgeTimeoutSeconds: 1, maxDeliveries: 1 };
    const store = (_: unknown, count: number): number => (count < 3 ? 0xa700 : 0);
    const { port } = await chain([['a', { store }]], strict, { retryFirstSeconds: 1, retryLastSeconds: 1 });
    const sent = nodes.inputs('out-a-sent');
    await upload(port, 1);
    await until(() => sent.length === 1, 'it is sent, after some seconds');
    assert.deepEqual(await lettersIn('in'), []);
    assert.equal((sent[0]?.['dicom'] as { redelivered?: number }).redelivered, 0);
  });

  it('is acknowledged, too, where the message carries it as a Buffer', async () => {
    const { port } = await chain([['a', { store: (_, count) => (count === 0 ? 0x0122 : 0) }]], {
      acknowledge: true,
      output: 'buffer',
    });
    const [sent, failed] = [nodes.inputs('out-a-sent'), nodes.inputs('out-a-failed')];
    await upload(port, 1, 2);
    await until(() => sent.length === 1 && failed.length === 1, 'both');
    assert.ok(Buffer.isBuffer((sent[0]?.['dicom'] as { object: unknown }).object));
    await until(async () => (await waitingIn('in')) === 0, 'the queue is empty');
    assert.equal((await lettersIn('in')).length, 1);
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

  it('that nobody acknowledges comes again where only the node that sends is deployed anew', async () => {
    const port = await freePort();
    let isUp = false;
    const archive = await scp({ store: () => (isUp ? 0 : 0xa700) });
    const flows = (settings: object): FlowNode[] => [
      ...BASE,
      dicomIn('in', port, [['out']], { queue: 'memory', acknowledge: false, keepDeliveredSeconds: 1 }),
      peer('archive', archive.port),
      out('out', settings),
      ...watching('out'),
    ];
    await nodes.load(flows({}));
    await until(() => isListening(port), 'dicom-in listens');
    await upload(port, 1, 2);
    await until(() => archive.objects.length >= 2, 'both are tried');
    await nodes.deploy(flows({ name: 'another' }), 'nodes');
    const sent = nodes.inputs('out-sent');
    isUp = true;
    await until(() => new Set(sent.map(uidOf)).size === 2, 'both are sent');
  });

  it('that nobody keeps any more is told, with what would have kept it', async () => {
    const { port } = await chain([['a', {}]], { acknowledge: false, keepDeliveredSeconds: 60 });
    const [sent, failed] = [nodes.inputs('out-a-sent'), nodes.inputs('out-a-failed')];
    await upload(port, 1);
    await until(() => sent.length === 1, 'it is sent, and with that not kept any more');
    await until(async () => (await receiverOf('in').ask('owners')).length === 0, 'it is gone');
    inject('out-a', { dicom: sent[0]?.['dicom'] });
    await until(() => failed.length === 1, 'it is told');
    assert.equal(codeOf(failed[0]), 'DICOM_OUT_OBJECT_GONE');
  });

  for (const acknowledge of [true, false])
    it(`waits there where there is no room for its message, and comes again${acknowledge ? '' : ', also where nobody acknowledges it'}`, async () => {
      let isUp = false;
      const {
        port,
        scps: [archive],
      } = await chain(
        [['a', { store: () => (isUp ? 0 : 0xa700) }]],
        { acknowledge, maxInFlight: 10, maxDeliveries: 1, keepDeliveredSeconds: 60 },
        { maxWaiting: '2' },
      );
      const [sent, failed] = [nodes.inputs('out-a-sent'), nodes.inputs('out-a-failed')];
      const delivered = nodes.inputs('out-a');
      await upload(port, 1, 2, 3, 4, 5, 6);
      await until(() => delivered.length === 6, 'all are here');
      // What is sent before the last one has its turn makes room for it.
      const { postponed } = deployedNodes.get('out-a', OutNode) as unknown as { postponed: { size: number } };
      await until(() => postponed.size === 4, 'all wait');
      isUp = true;
      await until(() => new Set(sent.map(uidOf)).size === 6, 'all are sent');
      assert.equal(delivered.length, 10, 'those for which there was no room came again, once');
      assert.equal(failed.length, 0);
      assert.ok((archive?.objects.length ?? 0) >= 6);
      await until(async () => (await waitingIn('in')) === 0, 'the queue is empty');
      assert.equal((await lettersIn('in')).length, 0);
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

  for (const [what, status, acknowledge] of [
    ['has sent it', 0, true],
    ['has given it up', 0x0122, true],
    ['has given it up, and nobody acknowledges it', 0x0122, false],
  ] as const)
    it(`stays for the one that gets it behind dicom-edit, where another one ${what} before`, async () => {
      const [port, quick, edited] = [await freePort(), await scp({ store: () => status }), await scp()];
      const rules = [{ op: 'set', path: 'PatientID', value: 'P1', valueType: 'str' }];
      await loaded([
        dicomIn('in', port, [['out-quick', 'edit']], {
          ...{ queue: 'memory', acknowledge, keepDeliveredSeconds: 60 },
        }),
        flowNode('edit', 'dicom-edit', { ...DICOM_EDIT.defaults, rules, wires: [['out-edited']] }),
        peer('quick', quick.port),
        peer('edited', edited.port),
        out('out-quick', { peer: 'quick' }),
        out('out-edited', { peer: 'edited' }),
        ...watching('out-quick'),
        ...watching('out-edited'),
      ]);
      await until(() => isListening(port), 'dicom-in listens');
      const numbers = Array.from({ length: 20 }, (_, index) => index + 1);
      await upload(port, ...numbers);
      const failed = nodes.inputs('out-edited-failed');
      await until(() => quick.objects.length === 20 && edited.objects.length + failed.length === 20, 'all');
      assert.equal(edited.objects.length, 20);
      await until(async () => (await waitingIn('in')) === 0, 'the queue is empty');
      // What is parked waits no more, and is no dead letter yet.
      if (status === 0) assert.deepEqual(await lettersIn('in'), []);
      else await until(async () => (await lettersIn('in')).length === 20, 'all are dead letters');
    });

  it('is let go of once the node behind can have got the message: where Node-RED ends before, it comes again', async () => {
    const { port } = await chain([['a', {}]], { acknowledge: true });
    const sent = nodes.inputs('out-a-sent');
    const receiver = receiverOf('in');
    const ask = receiver.ask.bind(receiver);
    let heardBefore: number | undefined;
    receiver.ask = (name: never, ...args: never) => {
      if (name === 'answer') heardBefore ??= sent.length;
      return ask(name, ...(args as []));
    };
    await upload(port, 1);
    await until(async () => (await waitingIn('in')) === 0, 'the queue is empty');
    assert.equal(heardBefore, 1);
  });

  it('comes again where its node closes before the message was passed on, and is not sent again', async () => {
    const [port, archive] = [await freePort(), await scp()];
    const flows = [
      ...BASE,
      dicomIn('in', port, [['out']], { queue: 'disk', acknowledge: true }),
      peer('archive', archive.port),
      out('out'),
      ...watching('out'),
    ];
    await nodes.load(flows);
    await until(() => isListening(port), 'dicom-in listens');
    const asked: string[] = [];
    const receiver = receiverOf('in');
    const ask = receiver.ask.bind(receiver);
    receiver.ask = (name: never, ...args: never) => {
      asked.push(name);
      return ask(name, ...(args as []));
    };
    const node = nodes.node('out');
    let closed: Promise<void> | undefined;
    const send = node.send.bind(node);
    node.send = (message) => {
      send(message);
      closed ??= node.close(false);
    };
    await upload(port, 1);
    await until(() => closed !== undefined, 'it closes');
    await closed;
    await until(() => asked.includes('release'), 'it goes back');
    assert.ok(!asked.includes('answer'));
    await nodes.deploy(flows, 'full');
    const sent = nodes.inputs('out-sent');
    await until(() => sent.length === 1, 'it is told');
    await until(async () => (await waitingIn('in')) === 0, 'the queue is empty');
    assert.equal(sentOf(sent[0]).status, '0000');
    assert.equal(archive.objects.length, 1);
  });

  it('that fails is told before its queue hears of it: where Node-RED ends in between, it comes again', async () => {
    const { port } = await chain([['a', { store: () => 0x0122 }]], { acknowledge: true });
    const failed = nodes.inputs('out-a-failed');
    const receiver = receiverOf('in');
    const ask = receiver.ask.bind(receiver);
    // The queue does not get to hear of it.
    receiver.ask = (name: never, ...args: never) =>
      name === 'answer' ? new Promise(() => undefined) : ask(name, ...(args as []));
    await upload(port, 1);
    await until(() => failed.length === 1, 'it is told');
    assert.equal(codeOf(failed[0]), 'DICOM_OUT_REFUSED');
    assert.equal((await lettersIn('in')).length, 0);
  });

  it('that fails for good is a dead letter of its own queue, with the status of the peer', async () => {
    const { port } = await chain([['a', { store: () => 0x0122 }]], { acknowledge: true });
    const failed = nodes.inputs('out-a-failed');
    await upload(port, 1);
    await until(() => failed.length === 1, 'it failed');
    await until(async () => (await lettersIn('in')).length === 1, 'a dead letter');
    assert.match(JSON.stringify(await lettersIn('in')), /0122/);
  });

  for (const acknowledge of [true, false])
    it(`whose changes cannot be applied is a dead letter of its own queue, ${acknowledge ? '' : 'not '}acknowledged`, async () => {
      const port = await freePort();
      await loaded([
        dicomIn('in', port, [['in-out']], { queue: 'memory', acknowledge, keepDeliveredSeconds: 60 }),
        helper('in-out'),
        peer('archive', (await scp()).port),
        out('out'),
        ...watching('out'),
      ]);
      const failed = nodes.inputs('out-failed');
      let count = 0;
      nodes.node('in-out').on('input', (message: Message) => {
        count += 1;
        const dicom = message['dicom'] as Record<string, unknown>;
        inject('out', { ...message, dicom: { ...dicom, changes: wrongChanges(dicom)[count - 1] } });
      });
      await until(() => isListening(port), 'dicom-in listens');
      await upload(port, 1, 2, 3);
      await until(() => failed.length === 3, 'all have failed');
      const codes = ['NOT_CHANGED', 'NOT_CHANGED', 'NOT_THE_OBJECT'].map((code) => `DICOM_OUT_${code}`);
      assert.deepEqual(failed.map(codeOf).sort(), codes);
      await until(async () => (await lettersIn('in')).length === 3, 'all are dead letters');
      const reasons = JSON.stringify(await lettersIn('in'));
      for (const reason of [/PatientID: LO has at most 64/, /msg\.dicom\.changes/])
        assert.match(reasons, reason);
    });

  it('is a transparent proxy behind respond: processed', async () => {
    const { port } = await chain([['a', { store: (_, count) => [0, 0xb006, 0x0122][count] ?? 0 }]], {
      respond: 'processed',
      keepDeliveredSeconds: 60,
    });
    assert.deepEqual(await upload(port, 1, 2, 3), [0, 0xb006, 0x0122]);
  });

  for (const [what, settings, status] of [
    ['A700, as it may be sent later, where the peer is not there', { peer: 'nobody' }, 0xa700],
    ['A700 where a setting is wrong', { maxWaiting: 'many' }, 0xa700],
    ['C000 where the message has no object', { objectFrom: 'payload' }, 0xc000],
    ['nothing where the flow is to answer', { peer: 'nobody', acknowledge: false }, 0x0110],
  ] as const)
    it(`that is not begun with is answered ${what}, behind respond: processed`, async () => {
      // Else its sender gets 0110.
      const seconds = status === 0x0110 ? '1' : '60';
      const { port } = await chain(
        [['a', {}]],
        { respond: 'processed', responseTimeoutSeconds: seconds, keepDeliveredSeconds: 60 },
        settings,
      );
      const failed = nodes.inputs('out-a-failed');
      assert.deepEqual(await upload(port, 1), [status]);
      assert.equal(failed.length, 1, 'the flow has heard of it');
    });

  it('that was never begun with is a dead letter that says why', async () => {
    const once = { acknowledge: true, acknowledgeTimeoutSeconds: 1, maxDeliveries: 1 };
    const { port } = await chain([['a', {}]], once, { peer: 'nobody' });
    await upload(port, 1);
    await until(async () => (await lettersIn('in')).length === 1, 'it is a dead letter');
    assert.match(JSON.stringify(await lettersIn('in')), /DICOM_OUT_PEER_MISSING/);
  });

  for (const [what, settings, code] of [
    ['the peer is not there', { peer: 'nobody' }, 'DICOM_OUT_PEER_MISSING'],
    ['a setting is wrong', { maxWaiting: 'many' }, 'DICOM_OUT_SETTINGS_INVALID'],
  ] as const)
    it(`that was not begun with, as ${what}, is a dead letter at once where nobody acknowledges it`, async () => {
      const kept = { acknowledge: false, keepDeliveredSeconds: 60 };
      const { port } = await chain([['a', {}]], kept, settings);
      await upload(port, 1);
      await until(async () => (await lettersIn('in')).length === 1, 'it is a dead letter');
      assert.match(JSON.stringify(await lettersIn('in')), new RegExp(code));
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

  const hanging: [what: string, behaviour: Behaviour][] = [
    ['takes connections and says nothing', { associate: 'silent' }],
    ['never answers', { store: () => 'nothing' }],
  ];
  for (const [what, behaviour] of hanging)
    it(`is answered A700 in time where the peer ${what}, behind respond: processed, and that is its one outcome`, async () => {
      const {
        port,
        scps: [archive],
      } = await chain([['a', behaviour]], {
        ...{ respond: 'processed', responseTimeoutSeconds: '4', keepDeliveredSeconds: 60 },
      });
      const [sent, failed] = [nodes.inputs('out-a-sent'), nodes.inputs('out-a-failed')];
      assert.deepEqual(await upload(port, 1), [0xa700]);
      await until(() => failed.length === 1, 'it has failed');
      assert.match(sentOf(failed[0]).statusText, /given up: the peer has not answered in time/);
      // It is there again, and the association that hung does not hold up the next one.
      assert.ok(archive);
      archive.behaviour = {};
      await until(async () => (await upload(port, 2))[0] === 0, 'the next one is sent');
      assert.deepEqual([sent.length, new Set(failed.map(uidOf)).has(sampleInstance(1).uid)], [1, true]);
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

  it('a report that is refused on our own association is told to the flow', async () => {
    const scp = await archive();
    const plain = out('plain', { outputFailures: false, wires: [['plain-sent']] });
    await loaded([
      committing(scp.scp.port),
      out('out', PATIENT),
      ...watching('out'),
      plain,
      helper('plain-sent'),
    ]);
    const [sent, failed] = [nodes.inputs('out-sent'), nodes.inputs('out-failed')];
    inject('out', { filename: SAMPLE });
    await askedFor(scp, 1);
    const [asked = assert.fail()] = scp.asked;
    scp.report({ ...asked, transactionUID: '1.2.3' }, { committed: asked.instances });
    await until(() => failed.length === 1, 'the event');
    const { topic, payload } = failed[0] as { topic: string; payload: Record<string, unknown> };
    assert.deepEqual(
      [topic, payload['event'], payload['peer'], payload['text']],
      ['report-refused', 'report-refused', nameOf('archive'), 'no request of its transaction UID is open'],
    );
    assert.equal(sent.length, 0);
    scp.report(asked, { committed: asked.instances });
    await until(() => sent.length === 1, 'it is sent');
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

describe('dicom-out: a list of instances', () => {
  /** As dicom-study emits it. */
  const list = (...instances: object[]): Message => ({
    topic: 'a topic',
    payload: { StudyInstanceUID: SAMPLE_STUDY, series: [{ Modality: 'CT', instances }] },
    study: { reason: 'idle' },
  });
  const file = { SOPInstanceUID: SAMPLE_UID, filename: SAMPLE };
  const entriesOf = (message: Message | undefined): Entry[] =>
    (message?.['payload'] as { series: { instances: Entry[] }[] }).series.flatMap(
      ({ instances }) => instances,
    );
  interface Entry {
    SOPInstanceUID: string;
    sent?: Sent;
    stored?: unknown;
    error?: { code: string };
  }

  /** A dicom-in whose objects are acknowledged, and a dicom-out; nothing joins them. */
  const loadedChain = (port: number, archive: number, ...more: FlowNode[]): Promise<void> =>
    loaded([
      dicomIn('in', port, [['in-out']], { queue: 'memory', acknowledge: true, maxInFlight: 5 }),
      helper('in-out'),
      peer('archive', archive),
      out('out'),
      ...watching('out'),
      ...more,
    ]);

  /** What a dicom-in gives to its flow, as entries of a list. */
  async function received(
    settings: object,
    ...numbers: number[]
  ): Promise<[entries: object[], port: number]> {
    const came = nodes.inputs('in-out');
    const port = Number((settings as { port: number }).port);
    await until(() => isListening(port), 'dicom-in listens');
    await upload(port, ...numbers);
    await until(() => came.length === numbers.length, 'all have come');
    const entries = came.map(({ dicom }) => {
      const { sopInstanceUID, sopClassUID, queueId, size } = dicom as Record<string, unknown>;
      return { SOPInstanceUID: sopInstanceUID, SOPClassUID: sopClassUID, size, queueId };
    });
    return [entries, port];
  }

  it('goes on when all are sent, with the outcome of each and a summary', async () => {
    const archive = await scp({ store: (_, count) => (count === 1 ? 0xb000 : 0) });
    await loaded([peer('archive', archive.port), out('out'), ...watching('out')]);
    const sent = nodes.inputs('out-sent');
    const stale = { sent: { status: 'FFFF' }, error: { code: 'OLD' } };
    inject('out', list({ ...file, ...stale }, { SOPInstanceUID: SAMPLE_UID, file: SAMPLE }, file));
    await until(() => sent.length === 1, 'the message');
    assert.equal(archive.objects.length, 3);
    const statuses = entriesOf(sent[0]).map((entry) => [entry.sent?.status, entry.error]);
    assert.deepEqual(statuses.sort(), [
      ['0000', undefined],
      ['0000', undefined],
      ['B000', undefined],
    ]);
    const { milliseconds, ...summary } = (sent[0]?.['dicom'] as { sent: Record<string, unknown> }).sent;
    assert.equal(typeof milliseconds, 'number');
    const totals = { instances: 3, sent: 3, warnings: 1, failed: 0, attempts: 3 };
    assert.deepEqual(summary, { peer: nameOf('archive'), ...totals });
    assert.deepEqual([sent[0]?.['topic'], sent[0]?.['study']], ['a topic', { reason: 'idle' }]);
  });

  it('tells each that failed on the second output, or all at once to a Catch node', async () => {
    const archive = await scp();
    const plain = out('plain', { outputFailures: false, outputs: 1, wires: [['plain-sent']] });
    await loaded([
      peer('archive', archive.port),
      out('out'),
      plain,
      ...watching('out'),
      helper('plain-sent'),
    ]);
    const [sent, failed, caught] = [
      nodes.inputs('out-sent'),
      nodes.inputs('out-failed'),
      nodes.inputs('caught'),
    ];
    const plainly = nodes.inputs('plain-sent');
    const others = [
      { SOPInstanceUID: '1.2.3', filename: SAMPLE },
      { SOPInstanceUID: '1.2.4', filename: '/no/such/file' },
    ];
    for (const id of ['out', 'plain']) inject(id, list(file, ...others));
    await until(() => sent.length === 1 && plainly.length === 1 && caught.length === 1, 'all');
    assert.deepEqual(failed.map(codeOf).sort(), ['DICOM_OUT_NOT_READ', 'DICOM_OUT_NOT_THE_OBJECT']);
    const { dicom } = failed.find((each) => codeOf(each) === 'DICOM_OUT_NOT_READ') ?? {};
    assert.deepEqual((dicom as { sopInstanceUID: string }).sopInstanceUID, '1.2.4');
    assert.equal('payload' in (failed[0] ?? {}), false);
    assert.equal(codeOf(caught[0]), 'DICOM_OUT_INSTANCES_FAILED');
    for (const [message] of [sent, plainly]) {
      assert.deepEqual(
        entriesOf(message).map(({ error }) => error?.code),
        [undefined, 'DICOM_OUT_NOT_THE_OBJECT', 'DICOM_OUT_NOT_READ'],
      );
      // A path may be named after a patient.
      assert.doesNotMatch(JSON.stringify(entriesOf(message).map(({ error }) => error)), /no\/such/);
      const { sent: total, failed: not } = (message?.['dicom'] as { sent: Record<string, number> }).sent;
      assert.deepEqual([total, not], [1, 2]);
    }
  });

  it('is acknowledged one by one; what failed for good is a dead letter of its queue', async () => {
    const port = await freePort();
    let isUp = false;
    const archive = await scp({
      store: ({ sopInstanceUID }) => {
        if (sopInstanceUID === sampleInstance(1).uid) return 0x0122;
        return sopInstanceUID === sampleInstance(2).uid && !isUp ? 0xa700 : 0;
      },
    });
    await loadedChain(port, archive.port);
    const [sent, failed] = [nodes.inputs('out-sent'), nodes.inputs('out-failed')];
    const [entries] = await received({ port }, 1, 2, 3, 4);
    inject('out', list(...entries));
    await until(async () => (await waitingIn('in')) === 1, 'all but one are out of the queue');
    assert.equal((await lettersIn('in')).length, 1);
    assert.deepEqual([sent.length, failed.length], [0, 1]);
    isUp = true;
    await until(() => sent.length === 1, 'all are final');
    await until(async () => (await waitingIn('in')) === 0, 'the queue is empty');
    assert.match(JSON.stringify(await lettersIn('in')), /0122/);
  });

  it('has dead letters, too, of those whose changes cannot be applied, also where another node has them parked', async () => {
    const port = await freePort();
    await loadedChain(port, (await scp()).port);
    const sent = nodes.inputs('out-sent');
    const [entries] = await received({ port }, 1, 2, 3, 4);
    const ids = entries.map((entry) => (entry as { queueId: string }).queueId.replace(/^in:/, ''));
    for (const id of ids) assert.equal(await receiverOf('in').ask('park', id, 'study'), true);
    const changed = entries.map((entry, index) => {
      const { SOPInstanceUID: sopInstanceUID, size } = entry as Record<string, unknown>;
      return { ...entry, changes: [undefined, ...wrongChanges({ sopInstanceUID, size })][index] };
    });
    inject('out', list(...changed));
    await until(() => sent.length === 1, 'the list is done');
    const states = await Promise.all(ids.map((id) => receiverOf('in').ask('unpark', id, 'study')));
    assert.deepEqual(states, ['removed', ...Array<string>(3).fill('dead-letter')]);
  });

  for (const [which, isThere] of [
    ['does not run now', true],
    ['has been removed', false],
  ] as const)
    it(`comes again, or is done with, where the queue of one in it ${which}`, async () => {
      const port = await freePort();
      await loadedChain(port, (await scp()).port, ...(isThere ? [helper('stopped')] : []));
      const [came, failed] = [nodes.inputs('in-out'), nodes.inputs('out-failed')];
      // What acknowledges the list is an object of a queue, as a firing of dicom-study is.
      const [entries] = await received({ port }, 1);
      const { queueId } = entries[0] as { queueId: string };
      const there = {
        SOPInstanceUID: '1.2.3',
        SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
        queueId: `stopped:${queueId.slice(3)}`,
      };
      inject('out', { ...list(file, there), dicom: { acknowledgeId: queueId } });
      await until(() => failed.length === 1, 'one is not sent');
      await until(async () => (await waitingIn('in')) === 0 || came.length === 2, 'the list is done');
      assert.equal(came.length, isThere ? 2 : 1);
    });

  it('is acknowledged where another node has it parked, which has it until it is done with it', async () => {
    const port = await freePort();
    await loadedChain(port, (await scp()).port);
    const sent = nodes.inputs('out-sent');
    const [entries] = await received({ port }, 1, 2);
    const ids = entries.map((entry) => (entry as { queueId: string }).queueId.replace(/^in:/, ''));
    for (const id of ids) assert.equal(await receiverOf('in').ask('park', id, 'study'), true);
    inject('out', list(...entries));
    await until(() => sent.length === 1, 'it is sent');
    const states = await Promise.all(ids.map((id) => receiverOf('in').ask('unpark', id, 'study')));
    assert.deepEqual(states, ['removed', 'removed']);
  });

  it('goes back to its queue where the node closes before all are final', async () => {
    const port = await freePort();
    const flows = [
      ...BASE,
      dicomIn('in', port, [['in-out']], { queue: 'memory', acknowledge: true, maxInFlight: 5 }),
      helper('in-out'),
      peer('archive', await freePort()),
      out('out'),
      ...watching('out'),
    ];
    await nodes.load(flows);
    const [entries] = await received({ port }, 1, 2, 3);
    const again = nodes.inputs('in-out');
    inject('out', list(...entries));
    await nodes.deploy(
      flows.filter(({ id }) => id !== 'out'),
      'nodes',
    );
    await until(() => again.length === 3, 'all are delivered again');
    const { redelivered } = again[0]?.['dicom'] as { redelivered: number };
    assert.equal(redelivered, 0, 'and that is not counted');
  });

  it('that is not valid is refused as a whole, and says where', async () => {
    const archive = await scp();
    await loaded([peer('archive', archive.port), out('out'), ...watching('out')]);
    const failed = nodes.inputs('out-failed');
    const wrong = [
      [null],
      [{}],
      [file, { SOPInstanceUID: '', filename: SAMPLE }],
      [{ SOPInstanceUID: '1.2', filename: 'relative.dcm' }],
      [{ SOPInstanceUID: '1.2', filename: 5 }],
      [{ SOPInstanceUID: '1.2', acknowledgeId: 'in:x' }],
      [
        { SOPInstanceUID: '1.2', queueId: 'in:1' },
        { SOPInstanceUID: '1.3', queueId: 'in:1' },
      ],
      [],
      Array.from({ length: 20_001 }, () => file),
    ];
    for (const instances of wrong) inject('out', list(...(instances as object[])));
    inject('out', { payload: { series: [{ instances: [file] }, { instances: 'none' }] } });
    await until(() => failed.length === wrong.length + 1, 'all are refused');
    assert.deepEqual(new Set(failed.map(codeOf)), new Set(['DICOM_OUT_LIST_INVALID']));
    assert.equal(archive.objects.length, 0);
  });

  it('counts as one waiting message', async () => {
    await loaded([peer('archive', await freePort()), out('out', { maxWaiting: '2' }), ...watching('out')]);
    const failed = nodes.inputs('out-failed');
    for (let count = 0; count < 4; count += 1) inject('out', list(file, file, file));
    await until(() => failed.length === 2, 'two');
    assert.deepEqual(failed.map(codeOf), ['DICOM_OUT_BUSY', 'DICOM_OUT_BUSY']);
  });

  it('that comes beyond those gives its objects back to their queue, and they come again', async () => {
    const port = await freePort();
    let isUp = false;
    const archive = await scp({ store: () => (isUp ? 0 : 0xa700) });
    await loaded([
      dicomIn('in', port, [['in-out']], { queue: 'memory', acknowledge: true, maxInFlight: 5 }),
      helper('in-out'),
      peer('archive', archive.port),
      out('out', { maxWaiting: '1' }),
      ...watching('out'),
    ]);
    const [sent, failed, came] = [
      nodes.inputs('out-sent'),
      nodes.inputs('out-failed'),
      nodes.inputs('in-out'),
    ];
    const [entries] = await received({ port }, 1, 2);
    inject('out', { filename: SAMPLE });
    await until(() => archive.objects.length > 0, 'one is being sent');
    inject('out', list(...entries));
    // What is in no queue cannot come again.
    inject('out', list(file));
    await until(() => failed.length === 1, 'the file');
    assert.deepEqual(failed.map(codeOf), ['DICOM_OUT_BUSY']);
    nodes.node('in-out').on('input', (message) => inject('out', message));
    isUp = true;
    await until(() => sent.length === 3, 'all are sent');
    assert.equal(failed.length, 1);
    assert.equal(came.length, 4);
    await until(async () => (await waitingIn('in')) === 0, 'the queue is empty');
    assert.deepEqual(await lettersIn('in'), []);
  });

  it('goes on when all are safe in the outbox, which tells what becomes of each', async () => {
    const archive = await scp({
      store: ({ sopInstanceUID }) => (sopInstanceUID === SAMPLE_UID ? 0 : 0x0122),
    });
    await loaded([
      peer('archive', archive.port),
      out('out', { mode: 'store-and-forward' }),
      ...watching('out'),
    ]);
    const [sent, told] = [nodes.inputs('out-sent'), nodes.inputs('out-failed')];
    inject('out', list(file, { SOPInstanceUID: '1.2.3', filename: SAMPLE }, file));
    await until(() => sent.length === 1 && told.length === 3, 'all');
    assert.deepEqual(
      entriesOf(sent[0]).map(({ stored, error }) => [typeof stored, error?.code]),
      [
        ['object', undefined],
        ['undefined', 'DICOM_OUT_NOT_THE_OBJECT'],
        ['object', undefined],
      ],
    );
    const { stored } = sent[0]?.['dicom'] as { stored: Record<string, unknown> };
    assert.deepEqual([stored['instances'], stored['stored'], stored['failed']], [3, 2, 1]);
    const statuses = told.filter(({ dicom }) => (dicom as { sent?: Sent }).sent?.status === '0000');
    assert.equal(statuses.length, 2);
  });
});

describe('dicom-out: a peer that the message defines', () => {
  const here = { host: '127.0.0.1', calledAET: 'ARCHIVE', callingAET: 'ROUTER' };
  const open = (settings: object = {}): FlowNode =>
    out('out', { allowedPeerHosts: '127.0.0.0/8, ::1', ...settings });

  it('gets the object; who defines the same shares its association', async () => {
    const [archive, other] = [await scp(), await scp()];
    await loaded([peer('archive', other.port), open(), ...watching('out')]);
    const sent = nodes.inputs('out-sent');
    const defined = { ...here, port: archive.port, lingerSeconds: 60 };
    inject('out', { filename: SAMPLE, peer: defined });
    await until(() => sent.length === 1, 'one');
    // Text is taken for a number, as from a template node.
    inject('out', { filename: SAMPLE, peer: { ...defined, port: String(archive.port) } });
    inject('out', { filename: SAMPLE, peer: { ...defined, host: 'localhost', name: 'By name' } });
    await until(() => sent.length === 3, 'all');
    assert.deepEqual(
      new Set(sent.map((each) => sentOf(each).peer)),
      new Set(['ARCHIVE@127.0.0.1', 'By name']),
    );
    assert.equal(archive.objects.length, 3);
    assert.equal(archive.associateRequests.length, 2);
    assert.match(String(archive.associateRequests[0]), /ARCHIVE +ROUTER/);
  });

  it(
    'is spoken to over TLS as the configuration says that it names, and is not where the certificate is for another host',
    { skip: needs('dcmtk', 'openssl') },
    async () => {
      const [certificates, others] = [new Certificates(), new Scps()];
      try {
        const ca = certificates.authority('Clinic CA');
        const server = certificates.issue('localhost', ca);
        const archive = await others.storescp('+tls', server.key, server.cert, '-ic');
        const tls = { id: 'clinic-tls', type: 'tls-config', name: 'clinic', certType: 'files', ca: ca.cert };
        await loaded([
          { ...tls, cert: '', key: '', certname: '', keyname: '', caname: '', verifyservercert: true },
          peer('archive', archive.port),
          open(),
          ...watching('out'),
        ]);
        const sent = nodes.inputs('out-sent');
        const secured = { ...here, port: archive.port, tls: 'clinic' };
        const elsewhere = { ...secured, tlsServerName: 'other.example' };
        inject('out', { filename: SAMPLE, peer: elsewhere });
        const { status } = nodes.node('out') as unknown as { status: { args: [{ state: string }][] } };
        await until(() => status.args.at(-1)?.[0].state === 'down', 'the other one is down');
        inject('out', { filename: SAMPLE, peer: secured });
        inject('out', { filename: SAMPLE, peer: { ...secured, tls: 'clinic-tls', host: 'localhost' } });
        await until(() => sent.length === 2, 'both are sent');
        assert.equal(readdirSync(archive.folder).length, 1, 'the same object, twice');
      } finally {
        certificates.remove();
        await others.stop();
      }
    },
  );

  it('is refused where its host is not at an allowed address, or nothing is allowed', async () => {
    const archive = await scp();
    await loaded([
      peer('archive', archive.port),
      open({ allowedPeerHosts: '10.0.0.0/8, ::1' }),
      out('closed', { wires: [['out-sent'], ['out-failed']] }),
      ...watching('out'),
    ]);
    const failed = nodes.inputs('out-failed');
    const hosts = ['127.0.0.1', '127.1', '0x7f000001', '2130706433', '::ffff:127.0.0.1', '127.0.0.2'];
    for (const host of hosts)
      inject('out', { filename: SAMPLE, peer: { ...here, host, port: archive.port } });
    inject('closed', { filename: SAMPLE, peer: { ...here, port: archive.port } });
    await until(() => failed.length === hosts.length + 1, 'all');
    assert.deepEqual(new Set(failed.map(codeOf)), new Set(['DICOM_OUT_PEER_NOT_ALLOWED']));
    assert.equal(archive.connections, 0);
  });

  it('is refused with credentials, and with what is no setting', async () => {
    const archive = await scp();
    await loaded([peer('archive', archive.port), open(), ...watching('out')]);
    const failed = nodes.inputs('out-failed');
    const wrong: object[] = [
      { userName: 'me' },
      { passcode: 'secret' },
      { userIdentity: 'none' },
      { tls: 'no such configuration' },
      { commit: 'require' },
      { constructor: 'x' },
      { port: 0 },
      { port: [104] },
      { host: '' },
      { host: 'a b' },
      { calledAET: 'MUCH_TOO_LONG_FOR_AN_AE' },
      { name: 'x'.repeat(300) },
    ];
    for (const one of wrong)
      inject('out', { filename: SAMPLE, peer: { ...here, port: archive.port, ...one } });
    inject('out', { filename: SAMPLE, peer: [] });
    await until(() => failed.length === wrong.length + 1, 'all');
    assert.deepEqual(new Set(failed.map(codeOf)), new Set(['DICOM_OUT_WRONG_PEER']));
    assert.equal(archive.connections, 0);
  });

  it('is one of a bounded number; one that is idle makes room', async () => {
    const [archive, silent] = [await scp(), await scp({ store: () => 'nothing' })];
    await loaded([peer('archive', archive.port), open(), ...watching('out')]);
    const [sent, failed] = [nodes.inputs('out-sent'), nodes.inputs('out-failed')];
    inject('out', { filename: SAMPLE, peer: { ...here, port: archive.port } });
    await until(() => sent.length === 1, 'one that is idle then');
    const ask = (number: number): void =>
      inject('out', { filename: SAMPLE, peer: { ...here, port: silent.port, callingAET: `SCU${number}` } });
    for (let number = 0; number < 31; number += 1) ask(number);
    await until(() => silent.objects.length === 31, 'as many as there is room for beside the idle one');
    ask(31);
    await until(() => silent.objects.length === 32, 'one in its place');
    assert.equal(failed.length, 0);
    ask(32);
    await until(() => failed.length === 1, 'one too many');
    assert.equal(codeOf(failed[0]), 'DICOM_OUT_BUSY');
  });

  it('is known to the outbox after a deploy, if it is allowed still', async () => {
    const port = await freePort();
    const flows = (allowedPeerHosts: string): FlowNode[] => [
      ...BASE,
      open({ peer: '', mode: 'store-and-forward', allowedPeerHosts }),
      ...watching('out'),
    ];
    await nodes.load(flows('127.0.0.0/8'));
    const stored = nodes.inputs('out-sent');
    for (let count = 0; count < 3; count += 1)
      inject('out', { filename: SAMPLE, peer: { ...here, host: 'localhost', name: 'Defined', port } });
    await until(() => stored.length === 3, 'all are stored');
    const denied = flows('10.0.0.0/8');
    await nodes.deploy(denied, 'full');
    // Not before: the node that may still send could do so, and the next one would again.
    const archive = await MisbehavingScp.listen({}, port);
    scps.push(archive);
    // The test helper counts the calls of it.
    const { error } = nodes.node('out') as unknown as { error: { args: [{ code: string }][] } };
    await until(() => error.args.length > 0, 'it is told');
    assert.equal(error.args[0]?.[0].code, 'DICOM_OUT_PEER_NOT_ALLOWED');
    assert.equal(archive.connections, 0);
    await nodes.deploy(flows('127.0.0.0/8'), 'full');
    const told = nodes.inputs('out-failed');
    await until(() => told.length === 3, 'all are told');
    assert.equal(sentOf(told[0]).peer, 'Defined');
    assert.equal(archive.objects.length, 3);
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

  it('takes the object of a document, which is larger than what is kept of a message', async () => {
    const archive = await scp();
    await loaded([
      peer('archive', archive.port),
      out('out', { mode: 'store-and-forward' }),
      ...watching('out'),
    ]);
    const [sent, told] = [nodes.inputs('out-sent'), nodes.inputs('out-failed')];
    const document = { mediaType: 'application/pdf', data: Buffer.alloc(1_000_000) };
    inject('out', { filename: SAMPLE, dicom: { sopInstanceUID: SAMPLE_UID, document, callingAET: 'CT1' } });
    await until(() => sent.length === 1 && told.length === 1, 'it is stored, and sent');
    assert.equal(archive.objects.length, 1);
    assert.equal((told[0]?.['dicom'] as { callingAET?: unknown }).callingAET, 'CT1');
  });

  it('that is full gives the object of a queue back, and has it again when there is room', async () => {
    let isUp = false;
    const archive = await scp({ store: () => (isUp ? 0 : 0xa700) });
    const port = await freePort();
    await loaded([
      dicomIn('in', port, [['out']], {
        queue: 'memory',
        acknowledge: true,
        maxInFlight: 10,
        maxDeliveries: 1,
      }),
      peer('archive', archive.port),
      out('out', { mode: 'store-and-forward', maxQueued: '1', maxWaiting: '1' }),
      ...watching('out'),
    ]);
    await until(() => isListening(port), 'dicom-in listens');
    const [stored, told] = [nodes.inputs('out-sent'), nodes.inputs('out-failed')];
    await upload(port, 1);
    await until(() => archive.objects.length > 0, 'the outbox is full');
    await upload(port, 2, 3);
    const { awaitingRoom } = deployedNodes.get('out', OutNode) as unknown as {
      awaitingRoom: { size: number };
    };
    await until(() => awaitingRoom.size === 2, 'both wait in their queue');
    // Their messages wait no more.
    inject('out', { filename: SAMPLE });
    await until(() => told.length === 1, 'what has no queue fails');
    assert.equal(codeOf(told[0]), 'DICOM_OUT_NO_ROOM');
    isUp = true;
    await until(() => told.length === 4, 'all are sent');
    assert.deepEqual(
      new Set(stored.map(uidOf)),
      new Set([1, 2, 3].map((number) => sampleInstance(number).uid)),
    );
    assert.equal(stored.length, 3);
    for (const { dicom } of stored) assert.equal((dicom as { redelivered: number }).redelivered, 0);
    assert.deepEqual(await lettersIn('in'), []);
  });

  it('that is full answers a sender that waits with A700, at once', async () => {
    const port = await freePort();
    await loaded([
      dicomIn('in', port, [['out']], { queue: 'memory', respond: 'processed', keepDeliveredSeconds: 60 }),
      peer('archive', await freePort()),
      out('out', { mode: 'store-and-forward', maxQueued: '1' }),
      ...watching('out'),
    ]);
    await until(() => isListening(port), 'dicom-in listens');
    const failed = nodes.inputs('out-failed');
    assert.deepEqual(await upload(port, 1, 2), [0, 0xa700]);
    await until(() => failed.length === 1, 'the flow hears of it');
    assert.equal(codeOf(failed[0]), 'DICOM_OUT_NO_ROOM');
    assert.equal(await waitingIn('in'), 0);
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
