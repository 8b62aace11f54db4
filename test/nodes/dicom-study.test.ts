import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { deployedNodes } from '../../nodes/runtime/deployed-nodes';
import { QueueOwner } from '../../nodes/runtime/queues/queue-owner';
import { DICOM_DEIDENTIFY, DICOM_EDIT, DICOM_RESPONSE, DICOM_STUDY } from '../../src/settings';
import { dicomIn, flowNode, TAB } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { NodesUnderTest, type Message } from '../support/node-red/node-helper';
import type { FlowNode } from '../support/node-red/node-red';
import { SAMPLE, sampleInstance, StoreClient } from '../support/peers/store-client';
import { until } from '../support/machine/until';

/** Of all samples. */
const STUDY = '2.25.101203456789012345678901234567891';

const nodes = new NodesUnderTest();
afterEach(() => nodes.unload());

const helper = (id: string): FlowNode => flowNode(id, 'helper', { wires: [] });
const study = (settings: object = {}): FlowNode =>
  flowNode('study', 'dicom-study', {
    ...DICOM_STUDY.defaults,
    version: 1,
    idleSeconds: '1',
    wires: [['out']],
    ...settings,
  });
const response = flowNode('response', 'dicom-response', { ...DICOM_RESPONSE.defaults, wires: [] });

function flows(settings: object = {}, others: FlowNode[] = []): FlowNode[] {
  return [
    { id: TAB, type: 'tab', label: TAB, disabled: false, info: '' },
    flowNode('catch', 'catch', { scope: null, uncaught: false, wires: [['caught']] }),
    ...['caught', 'out', 'back'].map(helper),
    study(settings),
    response,
    ...others,
  ];
}

const queue = (port: number, settings: object = {}): FlowNode =>
  dicomIn('receiver', port, [['study']], {
    acknowledge: true,
    maxInFlight: 1,
    includeTagsNode: false,
    ...settings,
  });

interface Firing extends Message {
  topic: string;
  payload: {
    StudyInstanceUID: string;
    PatientID: string;
    series: { Modality: string; instances: Record<string, unknown>[] }[];
  };
  study: Record<string, unknown>;
  dicom: { acknowledgeId: string; deidentified?: Record<string, number> };
}

const firing = async (messages: Message[], number = 1): Promise<Firing> => {
  await until(() => messages.length >= number, 'a firing');
  return messages[number - 1] as Firing;
};
const instances = ({ payload }: Firing): Record<string, unknown>[] =>
  payload.series.flatMap(({ instances: all }) => all);
const uids = (message: Firing): unknown[] => instances(message).map((each) => each['SOPInstanceUID']);
const numbered = (...numbers: number[]): string[] => numbers.map((number) => sampleInstance(number).uid);

const receiver = (): NonNullable<QueueOwner['receiver']> =>
  deployedNodes.get('receiver', QueueOwner)?.receiver ?? assert.fail();
const letters = async (): Promise<unknown[]> => (await receiver().ask('deadLetters', {})).deadLetters;
const owners = (): Promise<string[]> => receiver().ask('owners');

async function store(port: number, ...numbers: number[]): Promise<void> {
  let client: StoreClient | undefined;
  await until(async () => {
    client = await StoreClient.open(port).catch(() => undefined);
    return client !== undefined;
  }, 'the receiver listens');
  for (const number of numbers) {
    const { uid, dataSet } = sampleInstance(number);
    assert.equal(await client?.store(uid, dataSet), 0);
  }
  await client?.release();
}

async function codeOf(begin: () => unknown): Promise<string> {
  const caught = nodes.inputs('caught');
  begin();
  await until(() => caught.length > 0, 'an error');
  return (caught[0]?.['error'] as { code: string }).code;
}

const inject = (message: Message): void => nodes.node('study').receive(message);

describe('dicom-study: objects of a queue', () => {
  it('are parked, so that all of a study pass a queue that waits for each, until the study is acknowledged', async () => {
    const port = await freePort();
    await nodes.load(flows({}, [queue(port)]));
    const messages = nodes.inputs('out');
    await store(port, 3, 1, 2);
    const message = await firing(messages);
    assert.deepEqual(uids(message).sort(), numbered(1, 2, 3).sort());
    const [first = {}] = instances(message);
    assert.deepEqual(Object.keys(first).sort(), [
      'InstanceNumber',
      'SOPClassUID',
      'SOPInstanceUID',
      'acknowledgeId',
      'queueId',
      'size',
      'transferSyntaxUID',
    ]);
    const { StudyInstanceUID, PatientID } = message.payload;
    assert.deepEqual([message.topic, StudyInstanceUID, PatientID], [STUDY, STUDY, '12345']);
    const {
      reason,
      firing: number,
      objects,
      added,
      late,
      first: from,
      last,
      callingAETs,
      bytes,
    } = message.study;
    assert.deepEqual([reason, number, objects, added, late], ['idle', 1, 3, 3, false]);
    assert.ok(String(from) <= String(last) && Number(bytes) > 1_000 && Array.isArray(callingAETs));
    assert.equal((await owners()).length, 1);
    const caught = nodes.inputs('caught');
    nodes.node('response').receive(message);
    await until(async () => (await owners()).length === 0, 'all have left the queue');
    assert.deepEqual([await letters(), caught], [[], []]);
    assert.equal(
      await codeOf(() => nodes.node('response').receive(message)),
      'DICOM_RESPONSE_ALREADY_ANSWERED',
    );
    await store(port, 3, 4);
    const late1 = await firing(messages, 2);
    assert.deepEqual(
      [late1.study['firing'], late1.study['objects'], late1.study['added'], late1.study['resent']],
      [2, 4, 2, 1],
    );
    assert.deepEqual([late1.study['late'], uids(late1)], [true, numbered(3, 4)]);
  });

  it('are complete also where a node shares a queue whose database is away', async () => {
    const [port, database] = [await freePort(), await freePort()];
    const others = [
      { id: 'shared', type: 'dicom-queue', host: '127.0.0.1', port: String(database) },
      dicomIn('elsewhere', await freePort(), [[]], {
        sharedQueue: 'shared',
        role: 'deliver',
        acknowledge: true,
      }),
    ];
    await nodes.load(flows({}, [queue(port), ...others]));
    const messages = nodes.inputs('out');
    await store(port, 1, 2);
    assert.deepEqual(uids(await firing(messages)).sort(), numbered(1, 2).sort());
  });

  it('become dead letters where the study is acknowledged with a failure', async () => {
    const port = await freePort();
    await nodes.load(flows({ idleSeconds: 0, associationEndSeconds: 1 }, [queue(port)]));
    const messages = nodes.inputs('out');
    await store(port, 1, 2);
    const message = await firing(messages);
    assert.equal(message.study['reason'], 'association-end');
    nodes.node('response').receive({ ...message, statusCode: 'A700' });
    await until(async () => (await letters()).length === 2, 'dead letters');
    assert.deepEqual(await owners(), []);
  });

  for (const order of ['before', 'after'] as const)
    it(`become dead letters where one study node fails ${order} another one succeeds`, async () => {
      const port = await freePort();
      const other = study({ id: 'other', wires: [['back']] });
      await nodes.load(flows({}, [{ ...queue(port), wires: [['study', 'other']] }, other]));
      const [messages, others] = [nodes.inputs('out'), nodes.inputs('back')];
      await store(port, 1);
      const [failed, succeeded] = [await firing(messages), await firing(others)];
      const answers = [
        { ...failed, statusCode: 'A700' },
        { ...succeeded, statusCode: '0000' },
      ];
      for (const [at, answer] of (order === 'before' ? answers : answers.toReversed()).entries()) {
        nodes.node('response').receive(answer);
        await until(async () => (await owners()).length === 1 - at, 'it to be let go');
      }
      await until(async () => (await letters()).length === 1, 'a dead letter');
    });

  it('do not end an association that is open', async () => {
    const port = await freePort();
    await nodes.load(flows({ idleSeconds: 0, associationEndSeconds: 1 }, [queue(port)]));
    const messages = nodes.inputs('out');
    await store(port, 1);
    await firing(messages);
    const client = await StoreClient.open(port);
    const { uid, dataSet } = sampleInstance(2);
    await client.store(uid, dataSet);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    assert.equal(messages.length, 1);
    await client.release();
    assert.deepEqual(uids(await firing(messages, 2)), [uid]);
  });

  it('leave it when the message is sent, where that is chosen, also where nobody acknowledges', async () => {
    const port = await freePort();
    await nodes.load(
      flows({ acknowledge: 'fired', expected: '2' }, [
        queue(port, { acknowledge: false, keepDeliveredSeconds: 60 }),
      ]),
    );
    const messages = nodes.inputs('out');
    await store(port, 1, 2);
    assert.equal((await firing(messages)).study['reason'], 'expected');
    await until(async () => (await owners()).length === 0, 'they are gone');
    assert.deepEqual(await letters(), []);
  });

  it('are there after a deploy, and what was not acknowledged is sent again', async () => {
    const port = await freePort();
    const all = flows({ idleSeconds: 60, associationEndSeconds: 0, expected: '2' }, [queue(port)]);
    await nodes.load(all);
    const messages = nodes.inputs('out');
    await store(port, 1);
    await until(async () => (await owners()).length === 1, 'it is parked');
    await nodes.deploy(all, 'full');
    const after = nodes.inputs('out');
    await store(port, 2);
    assert.deepEqual(uids(await firing(after)), numbered(1, 2));
    await nodes.deploy(all, 'full');
    const again = nodes.inputs('out');
    const message = await firing(again);
    assert.deepEqual(
      [uids(message), message.study['firing'], message.dicom],
      [numbered(1, 2), 1, { acknowledgeId: message.dicom.acknowledgeId, redelivered: 1 }],
    );
    nodes.node('response').receive(message);
    await until(async () => (await owners()).length === 0, 'all have left the queue');
    assert.equal(messages.length, 0);
  });

  it('come again where the node is removed, and its state goes', async () => {
    const port = await freePort();
    await nodes.load(flows({ idleSeconds: 60 }, [queue(port)]));
    await store(port, 1);
    await until(async () => (await owners()).length === 1, 'it is parked');
    const folder = join(nodes.directory, 'dicom', 'study', 'studies');
    assert.equal(readdirSync(folder).length, 1);
    const others = flows({}, [{ ...queue(port), wires: [['out']] }]).filter(({ id }) => id !== 'study');
    await nodes.deploy(others, 'full');
    const messages = nodes.inputs('out');
    await until(() => messages.length === 1, 'it comes again');
    await until(() => !existsSync(folder), 'the state is gone');
  });

  it('keep pending changes, each its own', async () => {
    const port = await freePort();
    const edit = flowNode('edit', 'dicom-edit', {
      ...DICOM_EDIT.defaults,
      version: 1,
      rules: [{ op: 'set', path: 'AccessionNumber', value: 'A-1', valueType: 'str' }],
      wires: [['study']],
    });
    await nodes.load(flows({}, [{ ...queue(port), wires: [['edit']] }, edit]));
    const messages = nodes.inputs('out');
    await store(port, 1, 2);
    const message = await firing(messages);
    assert.equal((message.payload as unknown as Record<string, unknown>)['AccessionNumber'], 'A-1');
    assert.deepEqual(
      instances(message).map(({ SOPInstanceUID, changes }) => [SOPInstanceUID, changes]),
      instances(message).map(({ SOPInstanceUID, size }) => [
        SOPInstanceUID,
        {
          version: 1,
          of: { sopInstanceUID: SOPInstanceUID, size },
          operations: [{ op: 'set', path: 'AccessionNumber', value: 'A-1' }],
        },
      ]),
    );
  });
});

describe('dicom-study: a list', () => {
  it('becomes a list of what dicom-deidentify makes of it, with what it keeps back in their queue', async () => {
    const port = await freePort();
    const deidentify = flowNode('deidentify', 'dicom-deidentify', {
      ...DICOM_DEIDENTIFY.defaults,
      version: 1,
      wires: [['out'], ['back']],
    });
    const receives = queue(port);
    await nodes.load(flows({ wires: [['deidentify']] }, [receives, deidentify]), {
      deidentify: { secret: 'a secret of this test, long enough' },
    });
    const [messages, back] = [nodes.inputs('out'), nodes.inputs('back')];
    await store(port, 1, 2);
    // Without a Patient ID there is no pseudonym.
    const client = await StoreClient.open(port);
    const { uid, dataSet } = sampleInstance(3);
    const nobody = Buffer.from(dataSet);
    nobody.write('      ', nobody.indexOf('12345 '), 'latin1');
    await client.store(uid, nobody);
    await client.release();
    const message = await firing(messages);
    assert.deepEqual(message.dicom.deidentified, { instances: 3, deidentified: 2, keptBack: 1, failed: 0 });
    assert.notEqual(message.topic, STUDY);
    assert.equal(message.payload.StudyInstanceUID, message.topic);
    assert.equal(JSON.stringify(message).includes('12345'), false);
    for (const { filename, acknowledgeId, queueId, SOPInstanceUID } of instances(message)) {
      assert.ok(readFileSync(String(filename)).includes(String(SOPInstanceUID)));
      assert.deepEqual([typeof acknowledgeId, queueId], ['string', undefined]);
    }
    assert.deepEqual(
      back.map(({ dicom }) => (dicom as { sopInstanceUID: string }).sopInstanceUID),
      [uid],
    );
    nodes.node('response').receive(message);
    await until(async () => (await owners()).length === 0, 'all have left the queue');
    assert.equal((await letters()).length, 1);
  });
});

describe('dicom-study: an object that its queue has let go before it was read', () => {
  it('is read and listed as its file, where there is one, and is an error otherwise', async () => {
    await nodes.load(flows({ groupBy: 'PatientID' }, [queue(await freePort())]));
    const messages = nodes.inputs('out');
    const other = join(nodes.directory, 'other.dcm');
    copyFileSync(SAMPLE, other);
    await owners();
    const dicom = { queueId: 'receiver:1-gone' };
    assert.equal(await codeOf(() => inject({ dicom })), 'DICOM_STUDY_OBJECT_GONE');
    inject({ dicom, filename: other });
    const [only = {}] = instances(await firing(messages));
    assert.deepEqual([only['filename'], 'queueId' in only], [other, false]);
  });
});

describe('dicom-study: messages without a queue', () => {
  for (const groupBy of ['PatientId', 'Series'])
    it(`by ${groupBy}, which is no attribute, are not collected by their study`, async () => {
      await nodes.load(flows({ groupBy }));
      assert.equal(await codeOf(() => inject({ filename: SAMPLE })), 'DICOM_STUDY_SETTINGS_INVALID');
    });

  it('are files, read where the message does not say what they are', async () => {
    await nodes.load(flows({ groupBy: 'PatientID' }));
    const messages = nodes.inputs('out');
    const other = join(nodes.directory, 'other.dcm');
    copyFileSync(SAMPLE, other);
    inject({ filename: other });
    const message = await firing(messages);
    const [only = {}] = instances(message);
    assert.deepEqual([only['filename'], 'queueId' in only], [other, false]);
    assert.equal(message.payload.series[0]?.Modality !== undefined, true);
  });

  it('with an object in memory only, with none, and with wrong words, are errors', async () => {
    await nodes.load(flows());
    const bytes = readFileSync(SAMPLE);
    assert.equal(await codeOf(() => inject({ dicom: { object: bytes } })), 'DICOM_STUDY_BUFFER_ONLY');
    assert.equal(await codeOf(() => inject({ payload: 1 })), 'DICOM_STUDY_NO_OBJECT');
    assert.equal(await codeOf(() => inject({ filename: '/none.dcm' })), 'DICOM_STUDY_NOT_READ');
    assert.equal(
      await codeOf(() => inject({ dicom: { queueId: 'nobody:1' }, payload: sections('1.2') })),
      'DICOM_STUDY_OBJECT_GONE',
    );
    assert.equal(await codeOf(() => inject({ study: { control: 'stop' } })), 'DICOM_STUDY_BAD_CONTROL');
    assert.equal(await codeOf(() => inject({ study: { control: 'fire' } })), 'DICOM_STUDY_BAD_CONTROL');
    const wrong = [
      { expected: -1 },
      { expected: 1e99 },
      { expected: true },
      { expected: [3] },
      { expected: 'x' },
    ];
    const names = [
      { instances: [] },
      { instances: [5] },
      { instances: ['x'.repeat(200)] },
      { instances: 'x' },
    ];
    for (const said of [...wrong, ...names])
      assert.equal(
        await codeOf(() => inject({ study: { StudyInstanceUID: '1.9', ...said } })),
        'DICOM_STUDY_BAD_CONTROL',
        JSON.stringify(said).slice(0, 80),
      );
    const unknown = { study: { control: 'fire', StudyInstanceUID: '1.9' } };
    assert.equal(await codeOf(() => inject(unknown)), 'DICOM_STUDY_NOT_OPEN');
  });

  it('name what is collected by a number, or with spaces, as objects do', async () => {
    await nodes.load(flows({ groupBy: 'SeriesNumber', idleSeconds: 60 }));
    const messages = nodes.inputs('out');
    const other = join(nodes.directory, 'other.dcm');
    copyFileSync(SAMPLE, other);
    const fields = {
      ...{ StudyInstanceUID: '1.2.3', SeriesInstanceUID: '1.2.3.1', SOPInstanceUID: '1.2.3.1.1' },
      SeriesNumber: 7,
    };
    for (const [at, SeriesNumber] of [7, ' 7 '].entries()) {
      inject({ filename: other, payload: { CommonFields: fields } });
      await until(async () => (await open()).studies[0]?.['pending'] === 1, 'it is open');
      inject({ study: { control: 'fire', SeriesNumber } });
      assert.equal((await firing(messages, at + 1)).study['reason'], 'control');
    }
  });

  it('of procedure steps that say nothing of a study are no mistake', async () => {
    await nodes.load(flows({ idleSeconds: 60 }));
    const messages = nodes.inputs('out');
    const caught = nodes.inputs('caught');
    inject({ payload: {}, dicom: { mppsId: 'in:1', state: 'in-progress' } });
    const nothing = { StudyInstanceUID: '1.2.4', expected: 0, instances: [] };
    inject({ payload: {}, dicom: { mppsId: 'in:1', state: 'completed' }, study: nothing });
    const instances = Array.from({ length: 20_001 }, (_, at) => `1.2.${at}`);
    inject({ dicom: { mppsId: 'in:2' }, study: { StudyInstanceUID: '1.2.4', expected: 1, instances } });
    const other = join(nodes.directory, 'other.dcm');
    copyFileSync(SAMPLE, other);
    inject({ filename: other, payload: sections('1.2.4') });
    assert.equal((await firing(messages)).study['reason'], 'expected');
    assert.deepEqual(caught, []);
  });

  it('say that a study is complete, or is not', async () => {
    await nodes.load(flows({ idleSeconds: 60 }));
    const messages = nodes.inputs('out');
    const other = join(nodes.directory, 'other.dcm');
    copyFileSync(SAMPLE, other);
    inject({ filename: other, payload: sections('1.2.3') });
    inject({ payload: { event: 'association-released' } });
    await until(async () => (await open()).total === 1, 'it is open');
    const [shown] = (await open()).studies;
    assert.deepEqual([shown?.['key'], shown?.['pending']], ['1.2.3', 1]);
    inject({ study: { control: 'fire', StudyInstanceUID: '1.2.3' } });
    assert.equal((await firing(messages)).study['reason'], 'control');
    inject({ study: { StudyInstanceUID: '1.2.4', expected: 1 } });
    inject({ filename: other, payload: sections('1.2.4') });
    assert.equal((await firing(messages, 2)).study['reason'], 'expected');
    inject({ filename: other, payload: sections('1.2.5') });
    await until(async () => (await open()).studies.some(({ key }) => key === '1.2.5'), 'it is open');
    const act = async (action: string): Promise<number> =>
      (await fetch(`${nodes.url}/dicom-study/study/studies/1.2.5/${action}`, { method: 'POST' })).status;
    assert.equal(await act('fire'), 204);
    assert.equal((await firing(messages, 3)).topic, '1.2.5');
    assert.equal(await act('again'), 204);
    assert.equal((await firing(messages, 4)).topic, '1.2.5');
    assert.equal(await act('fire'), 404);
    assert.equal(await act('else'), 404);
  });
});

const sections = (uid: string): object => ({
  CommonFields: { StudyInstanceUID: uid, SeriesInstanceUID: `${uid}.1`, SOPInstanceUID: `${uid}.1.1` },
});

async function open(): Promise<{ total: number; studies: Record<string, unknown>[] }> {
  const response = await fetch(`${nodes.url}/dicom-study/study/studies`);
  return (await response.json()) as { total: number; studies: Record<string, unknown>[] };
}
