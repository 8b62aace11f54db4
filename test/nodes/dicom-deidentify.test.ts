import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { failureOfCode } from '../../nodes/dicom-deidentify/runtime/deidentify-error';
import { deployedNodes } from '../../nodes/runtime/deployed-nodes';
import { QueueOwner } from '../../nodes/runtime/queues/queue-owner';
import { bufferSource, convert, readFileMeta, type KeywordTags } from '../../src/dicom';
import { EditHost, WorkerBroken } from '../../src/edit';
import { DICOM_DEIDENTIFY, DICOM_RESPONSE, DICOM_WATCH } from '../../src/settings';
import { dicomIn, flowNode, TAB } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { NodesUnderTest, type Message } from '../support/node-red/node-helper';
import type { FlowNode } from '../support/node-red/node-red';
import { SAMPLE, SAMPLE_UID, sampleInstance, StoreClient } from '../support/peers/store-client';
import { until } from '../support/machine/until';
import { fileOf, image, text } from '../dicom/deidentify/support';

/** Of all samples. */
const SAMPLE_STUDY = '2.25.101203456789012345678901234567891';

const nodes = new NodesUnderTest();
afterEach(() => nodes.unload());

const SECRET = 'a secret of this test, long enough';
const helper = (id: string): FlowNode => flowNode(id, 'helper', { wires: [] });
const BASE: FlowNode[] = [
  { id: TAB, type: 'tab', label: TAB, disabled: false, info: '' },
  flowNode('catch', 'catch', { scope: null, uncaught: false, wires: [['caught']] }),
  ...['caught', 'new', 'back'].map(helper),
];
const deidentify = (settings: object = {}): FlowNode =>
  flowNode('deidentify', 'dicom-deidentify', {
    ...DICOM_DEIDENTIFY.defaults,
    version: 1,
    wires: [['new'], ['back']],
    ...settings,
  });

async function loaded(settings: object = {}, others: FlowNode[] = [], secret = SECRET): Promise<void> {
  await nodes.load([...BASE, deidentify(settings), ...others], { deidentify: { secret } });
}

const inject = (message: Message): void => nodes.node('deidentify').receive(message);

async function outcome(of: 'new' | 'back' | 'caught', begin: () => unknown): Promise<Message> {
  const messages = nodes.inputs(of);
  begin();
  await until(() => messages.length > 0, of);
  return messages[0] ?? {};
}

const dicomOf = (message: Message): Record<string, unknown> => message['dicom'] as Record<string, unknown>;

function tagsOf(file: Buffer): KeywordTags {
  const { transferSyntaxUID, dataSetOffset: offset } = readFileMeta(bufferSource(file));
  const sections = { includeCommonFieldsNode: false, includeReportNode: false, includeTagsNode: true };
  const { message } = convert(bufferSource(file), {
    transferSyntaxUID,
    offset,
    ...sections,
    tagsFormat: 'keyword',
  });
  return message.Tags as KeywordTags;
}

/** Nothing of the sample's patient. */
function assertNobody(message: Message, bytes: Buffer): void {
  for (const said of ['12345', SAMPLE_UID, 'Sample', 'SAMPLE']) {
    assert.equal(bytes.indexOf(said), -1, said);
    if (said !== 'Sample') assert.ok(!JSON.stringify({ ...message, filename: '' }).includes(said), said);
  }
}

describe('dicom-deidentify: a file', () => {
  it('becomes another one, in a message of its own', async () => {
    await loaded({ keepProperties: 'study' });
    const before = readFileSync(SAMPLE);
    const message = await outcome('new', () =>
      inject({
        filename: SAMPLE,
        study: 'A-7',
        secretNote: 'SAMPLE 12345',
        topic: SAMPLE_UID,
        payload: { CommonFields: {}, Tags: {} },
      }),
    );
    assert.deepEqual(Object.keys(message).sort(), [
      '_msgid',
      'dicom',
      'filename',
      'payload',
      'study',
      'topic',
    ]);
    const path = String(message['filename']);
    assert.ok(path.startsWith(join(nodes.directory, 'dicom', 'deidentify', 'deidentified')), path);
    const bytes = readFileSync(path);
    assertNobody(message, bytes);
    const { CommonFields, Tags } = message['payload'] as {
      CommonFields: Record<string, unknown>;
      Tags: object;
    };
    const { PatientID, SOPInstanceUID } = CommonFields;
    assert.match(String(PatientID), /^[A-Z2-9]{16}$/);
    assert.ok(path.includes(String(PatientID)) && path.endsWith(`${String(SOPInstanceUID)}.dcm`));
    assert.equal(message['topic'], CommonFields['StudyInstanceUID']);
    assert.equal(dicomOf(message)['sopInstanceUID'], SOPInstanceUID);
    assert.equal(typeof Tags, 'object');
    assert.equal(tagsOf(bytes)['PatientIdentityRemoved'], 'YES');
    assert.ok(readFileSync(SAMPLE).equals(before));
  });

  it('that is kept back goes to output 2, marked as identified, and into the directory for that', async () => {
    await loaded();
    const path = join(nodes.directory, 'burned-in.dcm');
    const file = fileOf(image(text(0x00280301, 'CS', 'YES')));
    writeFileSync(path, file);
    const message = await outcome('back', () => inject({ filename: path, other: 1 }));
    const { identified, keptBack } = dicomOf(message) as {
      identified: boolean;
      keptBack: Record<string, string>;
    };
    assert.equal(identified, true);
    assert.equal(keptBack['reason'], 'burned-in');
    assert.equal(message['other'], 1);
    const kept = keptBack['filename'] ?? '';
    assert.ok(kept.startsWith(join(nodes.directory, 'dicom', 'deidentify', 'kept-back')), kept);
    assert.ok(readFileSync(kept).equals(file));
    assert.equal(statSync(join(nodes.directory, 'dicom', 'deidentify', 'kept-back')).mode & 0o077, 0);
    assert.ok(!existsSync(join(nodes.directory, 'dicom', 'deidentify', 'deidentified')));
  });

  it('that cannot be read is kept back; one that is not there is an error', async () => {
    await loaded();
    const path = join(nodes.directory, 'cut-off.dcm');
    writeFileSync(path, readFileSync(SAMPLE).subarray(0, 2_000));
    const message = await outcome('back', () => inject({ filename: path }));
    assert.equal((dicomOf(message)['keptBack'] as { reason: string }).reason, 'unreadable');
    const caught = await outcome('caught', () => inject({ filename: join(nodes.directory, 'none.dcm') }));
    assert.equal((caught['error'] as { code: string }).code, 'DICOM_DEIDENTIFY_NOT_READ');
    // A path may be named after a patient.
    assert.doesNotMatch((caught['error'] as Error).message, /none\.dcm/);
    // What may pass is tried again.
    const isForGood = (code: string): boolean => failureOfCode({ code, text: '' }, false).isForGood;
    for (const code of ['ENOSPC', 'EACCES', 'EIO', 'not-placed', 'read-failed'])
      assert.equal(isForGood(code), false, code);
    for (const code of [
      'name-refused',
      'ENAMETOOLONG',
      'no-file-meta',
      'inflate-too-large',
      'damaged',
      'failed',
      'not-the-object',
    ])
      assert.equal(isForGood(code), true, code);
  });

  it('is changed first where changes are pending', async () => {
    await loaded({ options: ['retain-patient-characteristics'] });
    const { identity, size } = parsedSample();
    const operations = [
      { op: 'set', path: 'PatientID', value: 'OTHER' },
      { op: 'set', path: 'PatientSex', value: 'O' },
    ];
    const changes = { version: 1, of: { sopInstanceUID: identity, size }, operations };
    const changed = await outcome('new', () => inject({ dicom: { file: SAMPLE, changes } }));
    const plain = await outcome('new', () => inject({ filename: SAMPLE }));
    const [one, other] = [changed, plain].map(
      (message) => (message['payload'] as { CommonFields: Record<string, unknown> }).CommonFields,
    );
    assert.equal(one?.['PatientSex'], 'O');
    assert.notEqual(one?.['PatientID'], other?.['PatientID']);
    assert.equal('changes' in dicomOf(changed), false);
  });
});

function parsedSample(): { identity: string; size: number } {
  const bytes = readFileSync(SAMPLE);
  const { dataSetOffset, sopInstanceUID } = readFileMeta(bufferSource(bytes));
  return { identity: sopInstanceUID, size: bytes.length - dataSetOffset };
}

describe('dicom-deidentify: an object in memory', () => {
  it('becomes another one in memory; nothing is written', async () => {
    await loaded();
    const bytes = readFileSync(SAMPLE);
    for (const message of [{ dicom: { object: bytes } }, { payload: bytes }]) {
      const made = await outcome('new', () => inject(message));
      const { object, ...dicom } = dicomOf(made);
      assert.ok(Buffer.isBuffer(object));
      assertNobody({ ...made, dicom }, object);
      assert.equal('filename' in made, false);
    }
    assert.ok(bytes.equals(readFileSync(SAMPLE)));
    assert.ok(!existsSync(join(nodes.directory, 'dicom', 'deidentify')));
  });
});

describe('dicom-deidentify: an object of a queue', () => {
  const queue = (port: number): FlowNode =>
    dicomIn('receiver', port, [['deidentify']], { acknowledge: true, includeTagsNode: false });
  const response = flowNode('response', 'dicom-response', { ...DICOM_RESPONSE.defaults, wires: [] });

  it('is acknowledged by who comes behind, by an id that cannot open it', async () => {
    const port = await freePort();
    await loaded({}, [queue(port), response]);
    const message = await outcome('new', () => void store(port, 1));
    const { acknowledgeId, queueId, filename } = {
      ...dicomOf(message),
      filename: message['filename'],
    } as Record<string, unknown>;
    assert.equal(queueId, undefined);
    assert.match(String(acknowledgeId), /^receiver:.*-a[0-9a-f]{32}$/);
    assertNobody(message, readFileSync(String(filename)));
    nodes.node('response').receive(message);
    const caught = nodes.inputs('caught');
    await until(async () => (await waiting()) === 0, 'it has left the queue');
    assert.deepEqual(await letters(), []);
    assert.deepEqual(caught, []);
  });

  it('becomes a dead letter of its queue where it is kept back', async () => {
    const port = await freePort();
    await loaded({ pseudonym: 'msg.pseudonym' }, [queue(port)]);
    const message = await outcome('back', () => void store(port, 1));
    assert.equal((dicomOf(message)['keptBack'] as { reason: string }).reason, 'pseudonym');
    assert.equal('filename' in (dicomOf(message)['keptBack'] as object), false);
    await until(async () => (await letters()).length === 1, 'a dead letter');
    assert.match(JSON.stringify(await letters()), /pseudonym/);
  });

  it('becomes a dead letter, too, where nobody acknowledges; and leaves the queue where it is passed', async () => {
    const port = await freePort();
    const settings = { acknowledge: false, keepDeliveredSeconds: 60, includeTagsNode: false };
    await loaded({ pseudonym: 'msg.pseudonym' }, [
      dicomIn('receiver', port, [['name']], settings),
      helper('name'),
    ]);
    const made = nodes.inputs('new');
    let count = 0;
    nodes.node('name').on('input', (message) => {
      count += 1;
      inject({ ...message, ...(count === 1 && { pseudonym: 'S-1' }) });
    });
    await store(port, 1, 2);
    await until(async () => (await letters()).length === 1 && made.length === 1, 'one of each');
    await until(async () => (await waiting()) === 0, 'the queue is empty');
  });

  for (const acknowledge of [true, false])
    it(`becomes a dead letter where its pending changes cannot be applied, ${acknowledge ? '' : 'not '}acknowledged`, async () => {
      const port = await freePort();
      const settings = { acknowledge, keepDeliveredSeconds: 60, includeTagsNode: false };
      await loaded({}, [dicomIn('receiver', port, [['name']], settings), helper('name')]);
      let countOfWrong = 0;
      const [caught, others] = [nodes.inputs('caught'), [nodes.inputs('new'), nodes.inputs('back')]];
      nodes.node('name').on('input', (message: Message) => {
        const { sopInstanceUID, size } = dicomOf(message);
        const of = { sopInstanceUID, size };
        const too = { op: 'set', path: 'PatientID', value: 'x'.repeat(65) };
        const set = { op: 'set', path: 'PatientID', value: 'x' };
        const wrong = [
          { version: 1, of, operations: [too] },
          { version: 1, of, operations: [{ ...set, path: 'RequestAttributesSequence[9].AccessionNumber' }] },
          { version: 1, of: { ...of, sopInstanceUID: '1.2.3' }, operations: [set] },
          [],
        ];
        inject({ ...message, dicom: { ...dicomOf(message), changes: wrong[countOfWrong++] } });
      });
      await store(port, 1, 2, 3, 4);
      await until(async () => (await letters()).length === 4, 'all are dead letters');
      const reasons = JSON.stringify(await letters()).match(/answered C000: [\w.:/-]+/g) ?? [];
      assert.deepEqual(reasons.map((reason) => reason.replace(/.*\./, '')).sort(), [
        'notChanged',
        'notChanged',
        'notChanged',
        'notTheObject',
      ]);
      await until(() => caught.length === 4, 'each is told once');
      const codes = caught.map(({ error }) => (error as { code: string }).code).sort();
      const [notChanged, other] = ['DICOM_DEIDENTIFY_NOT_CHANGED', 'DICOM_DEIDENTIFY_NOT_THE_OBJECT'];
      assert.deepEqual(codes, [notChanged, notChanged, notChanged, other]);
      assert.deepEqual(others, [[], []]);
      assert.equal(await waiting(), 0);
    });

  for (const acknowledge of [true, false])
    it(`comes again where the new one cannot be stored now, ${acknowledge ? '' : 'not '}acknowledged`, async () => {
      const port = await freePort();
      const folder = mkdtempSync(join(tmpdir(), 'dicom-blocked-'));
      const blocked = join(folder, 'blocked');
      writeFileSync(blocked, 'a file is where a folder is to be');
      await loaded({ directory: join(blocked, 'new') }, [
        dicomIn('receiver', port, [['deidentify']], { acknowledge, includeTagsNode: false }),
      ]);
      const made = nodes.inputs('new');
      const caught = await outcome('caught', () => void store(port, 1));
      assert.equal((caught['error'] as { code: string }).code, 'DICOM_DEIDENTIFY_NOT_READ');
      rmSync(blocked);
      await until(() => made.length === 1, 'it has come again');
      assertNobody(made[0] ?? {}, readFileSync(String(made[0]?.['filename'])));
      assert.deepEqual(await letters(), []);
      rmSync(folder, { recursive: true });
    });

  for (const [what, isStored, isHeard] of [
    ['is a dead letter where the new one cannot be stored: the list goes on', false, true],
    ['keeps the list back where its queue does not run: it comes again', true, false],
  ] as const)
    it(`of a list ${what}`, async () => {
      const port = await freePort();
      const folder = mkdtempSync(join(tmpdir(), 'dicom-blocked-'));
      const blocked = join(folder, 'blocked');
      writeFileSync(blocked, 'a file is where a folder is to be');
      await loaded({ directory: join(isStored ? folder : blocked, 'new') }, [
        dicomIn('receiver', port, [['name']], { acknowledge: true, includeTagsNode: false }),
        helper('name'),
      ]);
      const [came, made, caught] = [nodes.inputs('name'), nodes.inputs('new'), nodes.inputs('caught')];
      await store(port, 1, 2);
      await until(() => came.length === 2, 'both');
      const [listed, fired] = came.map((message) => String(dicomOf(message)['queueId']));
      const ofListed = { SOPInstanceUID: sampleInstance(1).uid, queueId: listed };
      // What acknowledges the list is an object of a queue, as a firing of dicom-study is.
      const instances = [ofListed, ...(isHeard ? [] : [{ SOPInstanceUID: '1.2', queueId: 'name:1-1-1' }])];
      inject({ payload: { series: [{ instances }] }, dicom: { acknowledgeId: fired } });
      await until(() => caught.length === 1, 'the error');
      if (isHeard) await until(async () => (await letters()).length === 1, 'the dead letter');
      else await until(() => came.length === 3, 'the list has come again');
      assert.deepEqual([made.length, came.length], [0, isHeard ? 2 : 3]);
      rmSync(folder, { recursive: true });
    });

  it('becomes a dead letter where it alone has ended the worker three times; others pass', async (test) => {
    const port = await freePort();
    await loaded({}, [queue(port)]);
    const made = nodes.inputs('new');
    const caught = nodes.inputs('caught');
    // eslint-disable-next-line @typescript-eslint/unbound-method -- it is called with its object
    const ask = EditHost.prototype.ask as (this: EditHost, ...args: unknown[]) => Promise<unknown>;
    let breaks = 0;
    // What ends the worker is shown in test/edit: here, what the node makes of it.
    test.mock.method(EditHost.prototype, 'ask', function (this: EditHost, ...args: unknown[]) {
      if (!JSON.stringify(args[1]).includes(sampleInstance(1).uid)) return ask.apply(this, args);
      breaks += 1;
      return Promise.reject(new WorkerBroken('the worker thread ended'));
    });
    await store(port, 1, 2);
    await until(async () => (await letters()).length === 1 && made.length === 1, 'one of each', 20_000);
    // A Catch node hears of the last one behind the letter.
    await until(() => caught.length === 3, 'the errors');
    assert.equal(breaks, 3);
    assert.match(JSON.stringify(await letters()), /answered C000/);
  });

  it('is refused for now where its sender waits and the new one cannot be stored', async () => {
    const port = await freePort();
    await loaded({ directory: join(SAMPLE, 'new') }, [
      dicomIn('receiver', port, [['deidentify']], { respond: 'processed', includeTagsNode: false }),
    ]);
    await untilListening(port);
    const client = await StoreClient.open(port);
    const { uid, dataSet } = sampleInstance(1);
    assert.equal(await client.store(uid, dataSet), 0xa700);
    await client.release();
  });

  it('keeps the order of its queue', async () => {
    const port = await freePort();
    await loaded({ keepProperties: '', options: ['retain-uids'] }, [queue(port)]);
    const made = nodes.inputs('new');
    await store(port, 1, 2, 3, 4, 5, 6, 7, 8);
    await until(() => made.length === 8, 'all');
    const uids = made.map((message) => dicomOf(message)['sopInstanceUID']);
    assert.deepEqual(
      uids,
      [1, 2, 3, 4, 5, 6, 7, 8].map((number) => sampleInstance(number).uid),
    );
  });
});

const receiver = (): NonNullable<QueueOwner['receiver']> =>
  deployedNodes.get('receiver', QueueOwner)?.receiver ?? assert.fail();
const waiting = (): Promise<number> => receiver().ask('waiting', SAMPLE_STUDY);
const letters = async (): Promise<unknown[]> => (await receiver().ask('deadLetters', {})).deadLetters;

async function untilListening(port: number): Promise<void> {
  await until(async () => {
    const client = await StoreClient.open(port).catch(() => undefined);
    await client?.release();
    return client !== undefined;
  }, 'the receiver listens');
}

async function store(port: number, ...numbers: number[]): Promise<void> {
  await untilListening(port);
  const client = await StoreClient.open(port);
  for (const number of numbers) {
    const { uid, dataSet } = sampleInstance(number);
    assert.equal(await client.store(uid, dataSet), 0);
  }
  await client.release();
}

describe('dicom-deidentify: an object of a watched folder', () => {
  it('is passed, or becomes a dead letter there', async () => {
    const [directory, errorDirectory] = ['in', 'failed'].map((name) =>
      mkdtempSync(join(tmpdir(), `dicom-${name}-`)),
    );
    assert.ok(directory !== undefined && errorDirectory !== undefined);
    try {
      writeFileSync(join(directory, 'passed.dcm'), readFileSync(SAMPLE));
      writeFileSync(join(directory, 'back.dcm'), fileOf(image(text(0x00280301, 'CS', 'YES'))));
      const settings = {
        ...DICOM_WATCH.defaults,
        directory,
        errorDirectory,
        stableSeconds: '1',
        after: 'delete',
        acknowledge: true,
      };
      await loaded({}, [flowNode('watch', 'dicom-watch', { ...settings, wires: [['deidentify']] })]);
      const [made, back] = [nodes.inputs('new'), nodes.inputs('back')];
      await until(() => made.length === 1 && back.length === 1, 'both');
      assertNobody(made[0] ?? {}, readFileSync(String(made[0]?.['filename'])));
      await until(
        () => readdirSync(errorDirectory).some((name) => name.startsWith('back')),
        'the dead letter',
      );
      assert.equal(existsSync(join(nodes.directory, 'dicom', 'deidentify', 'kept-back')), false);
    } finally {
      await nodes.unload();
      for (const each of [directory, errorDirectory]) rmSync(each, { recursive: true, force: true });
      await nodes.load([]);
    }
  });
});

describe('dicom-deidentify: who the patient becomes', () => {
  const nameOf = (message: Message): unknown =>
    (message['payload'] as { CommonFields: Record<string, unknown> }).CommonFields['PatientID'];

  it('is what the message says', async () => {
    await loaded({ pseudonym: 'msg.study.subject' });
    assert.equal(
      nameOf(await outcome('new', () => inject({ filename: SAMPLE, study: { subject: 'S-1' } }))),
      'S-1',
    );
    assert.equal(
      nameOf(await outcome('new', () => inject({ filename: SAMPLE, study: { subject: 17 } }))),
      '17',
    );
    const back = await outcome('back', () => inject({ filename: SAMPLE }));
    assert.equal((dicomOf(back)['keptBack'] as { reason: string }).reason, 'pseudonym');
  });

  it('is looked up in a context by the Patient ID that the object has', async () => {
    await loaded({ pseudonym: 'global.subjects' });
    const context = nodes.node('deidentify').context().global;
    context.set('subjects', { 12345: 'S-9', toString: 'x' });
    const lying = { filename: SAMPLE, payload: { CommonFields: { PatientID: 'toString' } } };
    assert.equal(nameOf(await outcome('new', () => inject(lying))), 'S-9');
    context.set('subjects', { 54321: 'S-9' });
    const back = await outcome('back', () => inject({ filename: SAMPLE }));
    assert.equal((dicomOf(back)['keptBack'] as { reason: string }).reason, 'pseudonym');
  });
});

describe('dicom-deidentify: its settings', () => {
  it('need a secret: nothing is passed on without one', async () => {
    await loaded({}, [], 'too short');
    const passed = [nodes.inputs('new'), nodes.inputs('back')];
    const caught = await outcome('caught', () => inject({ filename: SAMPLE }));
    assert.equal((caught['error'] as { code: string }).code, 'DICOM_DEIDENTIFY_SETTINGS_INVALID');
    assert.deepEqual(passed, [[], []]);
  });

  it('name no object: an error; the options are those of the profile', async () => {
    await loaded();
    const caught = await outcome('caught', () => inject({ payload: 'text' }));
    assert.equal((caught['error'] as { code: string }).code, 'DICOM_DEIDENTIFY_NO_OBJECT');
    assert.deepEqual(DICOM_DEIDENTIFY.fields.options.kind, 'list');
  });

  it('show a fingerprint of the secret, and never the secret', async () => {
    await loaded();
    const get = async (path: string, method = 'GET'): Promise<Record<string, string>> =>
      (await (await fetch(`${nodes.url}/dicom-deidentify/${path}`, { method })).json()) as Record<
        string,
        string
      >;
    const made = await get('secret', 'POST');
    assert.ok(Buffer.byteLength(made['secret'] ?? '') >= 16);
    assert.notEqual(made['secret'], (await get('secret', 'POST'))['secret']);
    const { fingerprint } = await get('deidentify/fingerprint');
    assert.match(fingerprint ?? '', /^[0-9a-f]{12}$/);
    assert.ok(!SECRET.includes(fingerprint ?? SECRET));
  });
});
