import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { DICOM_OUT, DICOM_PEER } from '../../src/settings';
import { TAB, dicomIn, flowNode } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { MisbehavingScp, type Behaviour } from '../support/peers/misbehaving-scp';
import { needs } from '../support/machine/needs';
import { NodesUnderTest, type Message } from '../support/node-red/node-helper';
import type { FlowNode } from '../support/node-red/node-red';
import { Scps } from '../support/peers/scps';
import { SAMPLE, SAMPLE_UID, sampleInstance, StoreClient } from '../support/peers/store-client';
import { until } from '../support/machine/until';

const nodes = new NodesUnderTest();
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  await nodes.unload();
  for (const stop of stops.splice(0)) await stop();
});

async function scp(behaviour: Behaviour = {}): Promise<MisbehavingScp> {
  const listening = await MisbehavingScp.listen(behaviour);
  stops.push(() => listening.stop());
  return listening;
}

const peer = (port: number): FlowNode => ({
  id: 'archive',
  type: 'dicom-peer',
  ...DICOM_PEER.defaults,
  name: 'PACS <b>1</b>',
  host: '127.0.0.1',
  port: String(port),
  lingerSeconds: '0',
});
const out = (settings: object = {}): FlowNode[] => [
  flowNode('out', 'dicom-out', {
    ...DICOM_OUT.defaults,
    peer: 'archive',
    retryFirstSeconds: '1',
    retryLastSeconds: '1',
    outputFailures: true,
    outputs: 2,
    wires: [['sent'], ['failed']],
    ...settings,
  }),
  flowNode('sent', 'helper', { wires: [] }),
  flowNode('failed', 'helper', { wires: [] }),
];
const flows = (...those: FlowNode[]): FlowNode[] => [
  { id: TAB, type: 'tab', label: TAB, disabled: false, info: '' },
  ...those,
];

interface Entry extends Record<string, unknown> {
  key: string;
  outcome: string;
  again?: true;
}

async function get(path: string): Promise<Record<string, unknown>> {
  const response = await fetch(`${nodes.url}/${path}`);
  const body = (await response.json()) as Record<string, unknown>;
  assert.equal(response.status, 200, `${path}: ${JSON.stringify(body)}`);
  return body;
}
const entriesOf = async (node: string, query = ''): Promise<Entry[]> =>
  (await get(`${node}/journal${query}`))['entries'] as Entry[];
const lettersOf = async (node: string): Promise<Entry[]> =>
  (await get(`${node}/dead-letters`))['deadLetters'] as Entry[];
const act = async (method: 'POST' | 'DELETE', path: string): Promise<number> =>
  (await fetch(`${nodes.url}/${path}`, { method })).status;
const again = (node: string, { key }: Entry): Promise<number> => act('POST', `${node}/journal/${key}/again`);

async function upload(port: number, ...numbers: number[]): Promise<void> {
  await until(async () => {
    try {
      await (await StoreClient.open(port)).release();
      return true;
    } catch {
      return false;
    }
  }, 'dicom-in listens');
  const client = await StoreClient.open(port);
  for (const number of numbers) {
    const { uid, dataSet } = sampleInstance(number);
    await client.store(uid, dataSet);
  }
  await client.release();
}

const IN = 'dicom-in/in';
const OUT = 'dicom-out/out';
const facts = (entry: Entry | undefined, ...names: string[]): unknown[] => names.map((name) => entry?.[name]);

describe('dead letters of an outbox', () => {
  it('are listed with what is known of them, and told of as dicom-in does', async () => {
    const archive = await scp({ store: () => ({ status: 0x0122, elements: { 0x0902: 'no CT here' } }) });
    await nodes.load(flows(peer(archive.port), ...out({ mode: 'store-and-forward' })));
    const failed = nodes.inputs('failed');
    nodes.node('out').receive({ filename: SAMPLE, topic: 'a topic', dicom: { callingAET: 'CT01' } });
    await until(() => failed.length === 2, 'the failure, and the event');
    const [letter = assert.fail()] = await lettersOf(OUT);
    const { id, at, deliveries, receivedAt, ...rest } = letter;
    assert.ok(Date.parse(String(at)) >= Date.parse(String(receivedAt)));
    assert.equal(typeof deliveries, 'number');
    assert.deepEqual(rest, {
      why: 'it could not be sent: SOP class not supported (0122): no CT here',
      crashes: 0,
      size: rest['size'],
      sopClassUID: '1.2.840.10008.5.1.4.1.1.2',
      sopClassName: 'CT Image Storage',
      sopInstanceUID: SAMPLE_UID,
      callingAET: 'CT01',
      patientID: rest['patientID'],
      studyInstanceUID: rest['studyInstanceUID'],
      modality: 'CT',
      peer: 'PACS <b>1</b>',
      status: '0122',
      attempts: 1,
    });
    const [outcome, event] = failed as [Message, Message];
    assert.equal((outcome['error'] as { code: string }).code, 'DICOM_OUT_REFUSED');
    const { event: name, queueId, text, sopInstanceUID } = event['payload'] as Record<string, unknown>;
    assert.deepEqual(
      [event['topic'], name, queueId, text, sopInstanceUID],
      ['dead-letter', 'dead-letter', `out:${String(id)}`, rest['why'], SAMPLE_UID],
    );
  });

  it('are requeued, and then sent, also over a deploy', async () => {
    const port = await freePort();
    const all = flows(peer(port), ...out({ mode: 'store-and-forward' }));
    const refusing = await MisbehavingScp.listen({ store: () => 0x0122 }, port);
    await nodes.load(all);
    nodes.node('out').receive({ filename: SAMPLE });
    await until(async () => (await lettersOf(OUT)).length === 1, 'a dead letter');
    await refusing.stop();
    const [letter = assert.fail()] = await lettersOf(OUT);
    assert.equal(await act('POST', `${OUT}/dead-letters/${String(letter['id'])}/requeue`), 204);
    assert.equal(await act('POST', `${OUT}/dead-letters/${String(letter['id'])}/requeue`), 404);
    assert.deepEqual(await lettersOf(OUT), []);
    await nodes.deploy(all, 'full');
    const told = nodes.inputs('failed');
    const archive = await MisbehavingScp.listen({}, port);
    stops.push(() => archive.stop());
    await until(() => told.length === 1, 'it is sent');
    assert.equal(archive.objects.length, 1);
    const { sent } = told[0]?.['dicom'] as { sent: { status: string } };
    assert.equal(sent.status, '0000');
  });

  it('are deleted, and there are none where there is no outbox', async () => {
    const archive = await scp({ store: () => 0x0122 });
    await nodes.load(flows(peer(archive.port), ...out({ mode: 'store-and-forward' })));
    nodes.node('out').receive({ filename: SAMPLE });
    await until(async () => (await lettersOf(OUT)).length === 1, 'a dead letter');
    const [letter = assert.fail()] = await lettersOf(OUT);
    assert.equal(await act('DELETE', `${OUT}/dead-letters/${String(letter['id'])}`), 204);
    assert.deepEqual(await get(`${OUT}/dead-letters`), { deadLetters: [], total: 0 });
    await nodes.deploy(flows(peer(archive.port), ...out()), 'full');
    assert.equal((await fetch(`${nodes.url}/${OUT}/dead-letters`)).status, 404);
  });
});

describe('the journal of a dicom-out', () => {
  it('has what was sent, sent with a warning, refused, and not reached; and no patient', async () => {
    const archive = await scp({ store: (_, count) => [0, 0xb006, 0x0122][count] ?? 'abort' });
    await nodes.load(flows(peer(archive.port), ...out({ giveUpAfterMinutes: '0' })));
    const [sent, failed] = [nodes.inputs('sent'), nodes.inputs('failed')];
    for (let count = 1; count <= 3; count += 1) {
      nodes.node('out').receive({ filename: SAMPLE });
      await until(() => sent.length + failed.length === count, `${count}`);
    }
    const entries = await entriesOf(OUT);
    assert.deepEqual(
      entries.map((entry) => facts(entry, 'outcome', 'status', 'attempts', 'text')),
      [
        ['failed', '0122', 1, 'SOP class not supported (0122)'],
        ['warning', 'B006', 1, 'warning: elements discarded (B006)'],
        ['sent', '0000', 1, 'success (0000)'],
      ],
    );
    const { key, at, bytes, milliseconds, ...rest } = entries[2] ?? assert.fail();
    assert.ok(Date.now() - Date.parse(String(at)) < 60_000 && key !== '');
    assert.ok(Number(bytes) > 0 && Number(milliseconds) >= 0);
    assert.deepEqual(rest, {
      direction: 'out',
      outcome: 'sent',
      sopClassUID: '1.2.840.10008.5.1.4.1.1.2',
      sopClassName: 'CT Image Storage',
      sopInstanceUID: SAMPLE_UID,
      transferSyntaxUID: '1.2.840.10008.1.2.1',
      peer: 'PACS <b>1</b>',
      status: '0000',
      text: 'success (0000)',
      attempts: 1,
    });
    assert.deepEqual((await entriesOf(OUT, '?text=b006')).length, 1);
    assert.deepEqual((await entriesOf(OUT, '?outcome=failed')).length, 1);
    for (const query of ['?outcome=received&x', '?outcome=nonsense', '?limit=0', '?text=a&text=b']) {
      const { status } = await fetch(`${nodes.url}/${OUT}/journal${query}`);
      assert.equal(status, query.startsWith('?outcome=received') ? 200 : 400, query);
    }
  });

  it('has what never reached the sender', async () => {
    await nodes.load(flows(peer(await freePort()), ...out({ maxWaiting: '1' })));
    const failed = nodes.inputs('failed');
    const missing = { SOPInstanceUID: '1.2.3', queueId: 'gone:1' };
    nodes.node('out').receive({ payload: { series: [{ instances: [missing] }] } });
    await until(() => failed.length === 1, 'the instance');
    nodes.node('out').receive({ filename: SAMPLE });
    nodes.node('out').receive({ filename: SAMPLE, dicom: { sopInstanceUID: SAMPLE_UID } });
    nodes.node('out').receive({ payload: 'nothing' });
    await until(() => failed.length === 3, 'the others');
    await until(async () => (await entriesOf(OUT)).length === 3, 'all are in it');
    const entries = await entriesOf(OUT);
    const about = entries.map((entry) => facts(entry, 'outcome', 'sopInstanceUID', 'queueId', 'attempts'));
    assert.deepEqual(
      new Set(about.map((each) => JSON.stringify(each))),
      new Set([
        JSON.stringify(['failed', SAMPLE_UID, undefined, undefined]),
        JSON.stringify(['failed', undefined, undefined, undefined]),
        JSON.stringify(['failed', '1.2.3', 'gone:1', undefined]),
      ]),
    );
    assert.ok(entries.every(({ text }) => typeof text === 'string' && text.length > 0));
    assert.equal(entries.at(-1)?.['peer'], 'PACS <b>1</b>');
  });

  it('has once what the outbox has no room for, and then what became of it', async () => {
    let isUp = false;
    const archive = await scp({ store: () => (isUp ? 0 : 0xa700) });
    const port = await freePort();
    const receiver = dicomIn('in', port, [['out']], { acknowledge: true });
    const settings = { mode: 'store-and-forward', maxQueued: '1' };
    await nodes.load(flows(receiver, peer(archive.port), ...out(settings)));
    const failed = nodes.inputs('failed');
    await upload(port, 1);
    await until(() => archive.objects.length > 0, 'the first one is in the outbox');
    await upload(port, 2);
    await until(async () => (await entriesOf(OUT)).length > 0, 'the second one');
    const [entry] = await entriesOf(OUT);
    assert.deepEqual(facts(entry, 'outcome', 'sopInstanceUID'), ['failed', sampleInstance(2).uid]);
    assert.match(String(entry?.['queueId']), /^in:/);
    isUp = true;
    await until(() => failed.length === 2, 'both are sent');
    const outcomes = (await entriesOf(OUT)).map(({ outcome }) => outcome);
    assert.deepEqual(outcomes, ['sent', 'sent', 'failed']);
  });

  it('has the patient where that is wanted', async () => {
    const archive = await scp();
    await nodes.load(flows(peer(archive.port), ...out({ journalPatient: true })));
    const sent = nodes.inputs('sent');
    nodes.node('out').receive({ filename: SAMPLE });
    await until(() => sent.length === 1, 'it is sent');
    const [entry] = await entriesOf(OUT);
    assert.equal(typeof entry?.['patientID'], 'string');
    assert.match(String(entry?.['patientName']), /\^/);
  });

  it('sends a dead letter of the outbox again, once', async () => {
    let isUp = false;
    const archive = await scp({ store: () => (isUp ? 0 : 0x0122) });
    await nodes.load(flows(peer(archive.port), ...out({ mode: 'store-and-forward' })));
    nodes.node('out').receive({ filename: SAMPLE });
    await until(async () => (await entriesOf(OUT))[0]?.again === true, 'a dead letter');
    const [entry = assert.fail()] = await entriesOf(OUT);
    isUp = true;
    assert.equal(await again(OUT, entry), 204);
    assert.equal(await again(OUT, entry), 404);
    await until(async () => (await entriesOf(OUT)).length === 2, 'it is sent');
    assert.deepEqual(
      (await entriesOf(OUT)).map((each) => facts(each, 'outcome', 'again', 'sopInstanceUID')),
      [
        ['sent', undefined, SAMPLE_UID],
        ['failed', undefined, SAMPLE_UID],
      ],
    );
    assert.equal(await act('POST', `${OUT}/journal/${'../'.repeat(3)}x/again`), 404);
  });

  it('has a dead letter of the queue through which it came delivered again', async () => {
    let isUp = false;
    const archive = await scp({ store: () => (isUp ? 0 : 0x0122) });
    const port = await freePort();
    const receiver = dicomIn('in', port, [['out']], { acknowledge: true });
    await nodes.load(flows(receiver, peer(archive.port), ...out()));
    const [sent, failed] = [nodes.inputs('sent'), nodes.inputs('failed')];
    await upload(port, 1);
    await until(() => failed.length === 1, 'it failed');
    await until(async () => (await entriesOf(OUT))[0]?.again === true, 'a dead letter');
    isUp = true;
    const [entry = assert.fail()] = await entriesOf(OUT);
    assert.equal(await again(OUT, entry), 204);
    await until(() => sent.length === 1, 'it is sent');
    assert.equal(await again(OUT, entry), 404);
  });

  it('says that a real SCP does not let us in', { skip: needs('dcmtk') }, async () => {
    const scps = new Scps();
    stops.push(() => scps.stop());
    const port = await scps.start('storescp', (own) => ['--refuse', '--ignore', String(own)]);
    // The shortest time that there is; the dicom-in behind it has less.
    const inPort = await freePort();
    const proxied = { respond: 'processed', responseTimeoutSeconds: '4', keepDeliveredSeconds: 60 };
    await nodes.load(flows(dicomIn('in', inPort, [['out']], proxied), peer(port), ...out()));
    await upload(inPort, 1);
    const [entry] = await entriesOf(OUT);
    assert.deepEqual(facts(entry, 'outcome', 'status', 'attempts', 'sopInstanceUID'), [
      'failed',
      undefined,
      0,
      sampleInstance(1).uid,
    ]);
    assert.match(String(entry?.['text']), /^given up: association rejected/);
  });
});

describe('the journal of a dicom-in', () => {
  it('has what was received and refused, by whom; and no patient', async () => {
    const port = await freePort();
    await nodes.load(
      flows(dicomIn('in', port, [['got']], { maxObjectSizeMB: 1 }), flowNode('got', 'helper', { wires: [] })),
    );
    await upload(port, 1);
    const client = await StoreClient.open(port);
    const { uid } = sampleInstance(2);
    assert.equal(await client.store(uid, Buffer.from('no data set')), 0xc000);
    await client.release();
    const entries = await entriesOf(IN);
    const [refused, received] = entries;
    assert.equal(entries.length, 2);
    assert.deepEqual(facts(refused, 'direction', 'outcome', 'status', 'sopInstanceUID'), [
      'in',
      'refused',
      'C000',
      uid,
    ]);
    assert.deepEqual(
      facts(received, 'outcome', 'status', 'sopInstanceUID', 'calledAET', 'patientID', 'patientName'),
      ['received', '0000', sampleInstance(1).uid, received?.['calledAET'], undefined, undefined],
    );
    assert.ok(String(received?.['callingAET']).length > 0 && Number(received?.['bytes']) > 100);
  });

  it('has the patient where that is wanted, in a file that nobody else can read', async () => {
    const port = await freePort();
    await nodes.load(flows(dicomIn('in', port, [[]], { journalPatient: true, queue: 'memory' })));
    await upload(port, 1);
    const [entry] = await entriesOf(IN);
    assert.match(String(entry?.['patientName']), /\^/);
    const folder = join(nodes.directory, 'dicom', 'in', 'journal');
    const [file = assert.fail()] = readdirSync(folder);
    assert.match(readFileSync(join(folder, file), 'utf8'), /^\{"journal":1\}\n\{.*\^.*\}\n$/);
  });

  for (const queue of ['memory', 'disk-synced'])
    it(`delivers again what is kept, and a dead letter, as long as it is there: ${queue}`, async () => {
      const port = await freePort();
      const kept = { queue, keepDeliveredSeconds: 60 };
      const got = flowNode('got', 'helper', { wires: [] });
      await nodes.load(flows(dicomIn('in', port, [['got']], kept), got));
      let messages = nodes.inputs('got');
      await upload(port, 1);
      await until(async () => (await entriesOf(IN))[0]?.again === true, 'it is kept');
      const [entry = assert.fail()] = await entriesOf(IN);
      assert.equal(await again(IN, entry), 204);
      await until(() => messages.length === 2, 'it comes again');
      assert.equal((messages[1]?.['dicom'] as { redelivered: number }).redelivered, 1);
      // It is kept once more.
      await until(async () => (await entriesOf(IN))[0]?.again === true, 'it is kept again');

      const strict = { queue, acknowledge: true, acknowledgeTimeoutSeconds: 1, maxDeliveries: 1 };
      await nodes.deploy(flows(dicomIn('in', port, [['got']], strict), got), 'full');
      assert.equal((await entriesOf(IN))[0]?.again, undefined, 'what was kept is gone');
      messages = nodes.inputs('got');
      await upload(port, 2);
      await until(async () => (await entriesOf(IN))[0]?.outcome === 'dead-letter', 'a dead letter');
      const [letter = assert.fail(), received = assert.fail()] = await entriesOf(IN);
      assert.deepEqual([letter.again, received.again, letter['attempts']], [true, true, 1]);
      assert.equal(await again(IN, letter), 204);
      await until(() => messages.length === 2, 'it comes again');
      assert.equal((await entriesOf(IN, '?limit=2'))[1]?.again, undefined);
      assert.equal(await again(IN, received), 404);
    });

  it('goes with its node, and stays with one that is only disabled', async () => {
    const port = await freePort();
    const node = dicomIn('in', port, [[]]);
    await nodes.load(flows(node));
    await upload(port, 1);
    await until(async () => (await entriesOf(IN)).length === 1, 'an entry');
    const folder = join(nodes.directory, 'dicom', 'in');
    await nodes.deploy(flows({ ...node, d: true }), 'nodes');
    await until(() => !existsSync(join(folder, 'dead-letter')), 'the empty queue goes');
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.deepEqual(readdirSync(folder), ['journal']);
    await nodes.deploy(flows(node), 'nodes');
    await until(async () => (await entriesOf(IN).catch(() => [])).length === 1, 'it is there again');
    await nodes.deploy(flows(), 'nodes');
    await until(() => !existsSync(folder), 'all of it is gone');
  });
});
