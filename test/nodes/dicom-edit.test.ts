import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, describe, it } from 'node:test';
import { deployedNodes } from '../../nodes/runtime/deployed-nodes';
import { QueueOwner } from '../../nodes/runtime/queues/queue-owner';
import { DICOM_EDIT, type EditRule } from '../../src/settings';
import { TAB, dicomIn, flowNode } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { NodesUnderTest, type Message } from '../support/node-red/node-helper';
import type { FlowNode } from '../support/node-red/node-red';
import { dataSetOf } from '../support/objects/part10';
import { RawPeer } from '../support/connections/raw-peer';
import { SAMPLE, SAMPLE_UID, StoreClient, sampleInstance } from '../support/peers/store-client';
import { until } from '../support/machine/until';

const nodes = new NodesUnderTest();
const folder = mkdtempSync(join(tmpdir(), 'dicom-edit-'));
afterEach(() => nodes.unload());
after(() => rmSync(folder, { recursive: true, force: true }));

const bytes = readFileSync(SAMPLE);
const { length: size } = dataSetOf(bytes);

type Rule = Partial<EditRule> & Pick<EditRule, 'op'>;
const set = (path: string, value: string, valueType: EditRule['valueType'] = 'str'): Rule => ({
  op: 'set',
  path,
  value,
  valueType,
});
const edit = (id: string, rules: unknown, settings: object = {}): FlowNode =>
  flowNode(id, 'dicom-edit', { ...DICOM_EDIT.defaults, rules, wires: [[`${id}-out`]], ...settings });
const helper = (id: string): FlowNode => flowNode(id, 'helper', { wires: [] });
const BASE: FlowNode[] = [
  {
    id: TAB,
    type: 'tab',
    label: TAB,
    disabled: false,
    info: '',
    env: [{ name: 'SITE', value: 'Nord', type: 'str' }],
  },
  flowNode('catch', 'catch', { scope: null, uncaught: false, wires: [['caught']] }),
  helper('caught'),
];

interface Dicom {
  sopInstanceUID: string;
  size: number;
  transferSyntaxUID?: string;
  changes?: { of: object; operations: { op: string; path: string; value?: unknown }[] };
  object?: Buffer;
  file?: string;
  queueId?: string;
  acknowledgeId?: string;
  warnings?: { code: string }[];
}
const dicomOf = (message: Message | undefined): Dicom => message?.['dicom'] as Dicom;
const fieldsOf = (message: Message | undefined): Record<string, unknown> =>
  (message?.['payload'] as { CommonFields: Record<string, unknown> }).CommonFields;
const operationsOf = (message: Message | undefined): unknown[] =>
  dicomOf(message).changes?.operations.map(({ path, value }) => [path, value]) ?? [];
const codeOf = (message: Message | undefined): unknown => (message?.['error'] as { code?: unknown }).code;

/** What comes of messages: those that are passed on, and those that are caught. */
async function outcomes(
  node: FlowNode,
  messages: Message[],
  wanted = messages.length,
): Promise<{ out: Message[]; caught: Message[] }> {
  await nodes.load([...BASE, node, helper(`${node.id}-out`)]);
  const [out, caught] = [nodes.inputs(`${node.id}-out`), nodes.inputs('caught')];
  for (const message of messages) nodes.node(node.id).receive(message);
  await until(() => out.length + caught.length >= wanted, 'all messages');
  return { out, caught };
}

const fileMessage = (more: object = {}): Message => ({
  filename: SAMPLE,
  payload: { CommonFields: { PatientID: '12345' } },
  topic: 'a topic',
  ...more,
});

describe('dicom-edit: a file', () => {
  it('gets pending changes, and its path goes where only nodes of ours look', async () => {
    const rules = [set('PatientID', 'P1'), { op: 'new-uid', path: 'SOPInstanceUID' }];
    const { out } = await outcomes(edit('edit', rules), [fileMessage()]);
    const [message] = out;
    const { changes, file, sopInstanceUID } = dicomOf(message);
    assert.deepEqual(changes?.of, { sopInstanceUID: SAMPLE_UID, size });
    assert.deepEqual(operationsOf(message), [
      ['PatientID', 'P1'],
      ['SOPInstanceUID', sopInstanceUID],
    ]);
    assert.deepEqual([file, 'filename' in (message ?? {})], [SAMPLE, false]);
    assert.deepEqual(Object.keys(message?.['payload'] as object), ['CommonFields']);
    assert.deepEqual(
      [fieldsOf(message)['PatientID'], fieldsOf(message)['SOPInstanceUID']],
      ['P1', sopInstanceUID],
    );
    assert.equal(message?.['topic'], fieldsOf(message)['StudyInstanceUID']);
    // Of what lies there.
    assert.deepEqual(
      [dicomOf(message).size, dicomOf(message).transferSyntaxUID],
      [size, '1.2.840.10008.1.2.1'],
    );
    assert.ok(readFileSync(SAMPLE).equals(bytes));
  });

  it('that nothing changes stays as it is, to the last property', async () => {
    const message = fileMessage({ payload: 'mine', dicom: { sopInstanceUID: SAMPLE_UID, size } });
    const { out } = await outcomes(edit('edit', [set('PatientID', '12345')]), [message]);
    const { _msgid, ...rest } = out[0] ?? {};
    assert.ok(typeof _msgid === 'string');
    assert.deepEqual(rest, {
      filename: SAMPLE,
      payload: 'mine',
      topic: 'a topic',
      dicom: { sopInstanceUID: SAMPLE_UID, size },
    });
  });

  it('becomes a new one, or a Buffer, where the node says so', async () => {
    const directory = join(folder, 'files');
    const rules = [set('PatientID', 'P1')];
    const asFile = await outcomes(edit('edit', rules, { apply: 'file', directory }), [fileMessage()]);
    const { filename } = asFile.out[0] as { filename: string };
    assert.ok(filename.startsWith(directory) && existsSync(filename));
    assert.deepEqual([dicomOf(asFile.out[0]).changes, dicomOf(asFile.out[0]).file], [undefined, undefined]);
    await nodes.unload();
    const asBuffer = await outcomes(edit('edit', rules, { apply: 'buffer' }), [fileMessage()]);
    const { object, size: newSize } = dicomOf(asBuffer.out[0]);
    assert.ok(Buffer.isBuffer(object) && object.equals(readFileSync(filename)));
    assert.equal(newSize, dataSetOf(object).length);
    assert.equal('filename' in (asBuffer.out[0] ?? {}), false);
  });

  it('without a directory goes into that of the node', async () => {
    await nodes.load([
      ...BASE,
      edit('edit', [set('PatientID', 'P1')], { apply: 'file' }),
      helper('edit-out'),
    ]);
    const out = nodes.inputs('edit-out');
    nodes.node('edit').receive(fileMessage());
    await until(() => out.length === 1, 'the message');
    assert.ok(String(out[0]?.['filename']).startsWith(join(nodes.directory, 'dicom', 'edit')));
  });
});

describe('dicom-edit: a Buffer', () => {
  it('is changed at once; a second edit goes on with it', async () => {
    await nodes.load([
      ...BASE,
      edit('one', [set('PatientID', 'P1')], { wires: [['two']] }),
      edit('two', [{ op: 'copy', path: 'AccessionNumber', value: 'PatientID' }]),
      helper('two-out'),
    ]);
    const out = nodes.inputs('two-out');
    nodes.node('one').receive({ dicom: { object: bytes, sopInstanceUID: SAMPLE_UID } });
    await until(() => out.length === 1, 'the message');
    const { object, changes } = dicomOf(out[0]);
    assert.ok(Buffer.isBuffer(object) && !object.equals(bytes) && changes === undefined);
    assert.equal(fieldsOf(out[0])['AccessionNumber'], 'P1');
    assert.equal(dicomOf(out[0]).size, dataSetOf(object).length);
  });
});

describe('dicom-edit: pending changes', () => {
  it('are added to, and keep what they are of; they survive JSON', async () => {
    await nodes.load([
      ...BASE,
      edit('one', [set('PatientID', 'P1'), { op: 'new-uid', path: 'SOPInstanceUID' }], { wires: [['json']] }),
      helper('json'),
      edit('two', [
        { op: 'copy', path: 'AccessionNumber', value: 'PatientID' },
        { op: 'remove', path: 'PatientName' },
      ]),
      helper('two-out'),
    ]);
    const [first, out] = [nodes.inputs('json'), nodes.inputs('two-out')];
    nodes.node('one').receive(fileMessage({ dicom: { sopInstanceUID: SAMPLE_UID } }));
    await until(() => first.length === 1, 'the first edit');
    nodes.node('two').receive(JSON.parse(JSON.stringify(first[0])) as Message);
    await until(() => out.length === 1, 'the message');
    const { changes, sopInstanceUID, file } = dicomOf(out[0]);
    assert.deepEqual(changes?.of, { sopInstanceUID: SAMPLE_UID, size });
    assert.deepEqual(operationsOf(out[0]), [
      ['PatientID', 'P1'],
      ['SOPInstanceUID', sopInstanceUID],
      ['AccessionNumber', 'P1'],
      ['PatientName', undefined],
    ]);
    assert.equal(file, SAMPLE);
    assert.equal('PatientName' in fieldsOf(out[0]), false);
  });

  it('that are none, or of another object, fail and leave the message as it was', async () => {
    const rules = [set('PatientID', 'P1')];
    const of = { sopInstanceUID: '1.2.3', size };
    const messages = [
      fileMessage({ dicom: { changes: { version: 1, of, operations: [] } } }),
      fileMessage({ dicom: { changes: { version: 2 } } }),
      fileMessage({ dicom: { sopInstanceUID: '1.2.3' } }),
      fileMessage({ filename: join(folder, 'missing') }),
      { payload: 'no object' },
      { dicom: { queueId: 'nobody:1' } },
    ];
    const { out, caught } = await outcomes(edit('edit', rules), messages);
    assert.deepEqual(out, []);
    assert.deepEqual(caught.map(codeOf), [
      'DICOM_EDIT_NOT_THE_OBJECT',
      'DICOM_EDIT_NOT_CHANGED',
      'DICOM_EDIT_NOT_THE_OBJECT',
      'DICOM_EDIT_NOT_READ',
      'DICOM_EDIT_NO_OBJECT',
      'DICOM_EDIT_OBJECT_GONE',
    ]);
    // A path may be named after a patient.
    assert.doesNotMatch(JSON.stringify(caught.map(({ error }) => (error as Error).message)), /missing/);
    assert.deepEqual(caught[0]?.['dicom'], { changes: { version: 1, of, operations: [] } });
    assert.deepEqual(
      [caught[0]?.['filename'], caught[0]?.['payload']],
      [SAMPLE, { CommonFields: { PatientID: '12345' } }],
    );
  });
});

describe('dicom-edit: values', () => {
  it('come from the message, the context, the environment, an expression or the clock', async () => {
    await nodes.load([
      ...BASE,
      edit('edit', [
        set('PatientID', 'P1'),
        set('InstanceNumber', '7', 'num'),
        set('BurnedInAnnotation', 'true', 'bool'),
        set('RequestAttributesSequence', '[{"ScheduledProcedureStepID":"S1"}]', 'json'),
        set('AccessionNumber', 'order.number', 'msg'),
        set('InstitutionName', 'site', 'flow'),
        set('StationName', 'station', 'global'),
        set('InstitutionalDepartmentName', 'SITE', 'env'),
        set('PatientComments', 'payload.CommonFields.PatientID & "!"', 'jsonata'),
        set('InstanceCreationDate', '', 'date'),
        set('PatientBirthDate', 'born', 'msg'),
        { op: 'replace', path: 'PatientName', from: 'Doe', fromType: 'str', value: 'name', valueType: 'msg' },
        { op: 'shift-date', path: 'StudyDate', value: 'days', valueType: 'msg' },
      ]),
      helper('edit-out'),
    ]);
    const out = nodes.inputs('edit-out');
    const context = nodes.node('edit').context();
    context.flow.set('site', 'Klinikum Köln');
    context.global.set('station', 'CT 1');
    const today = new Date();
    nodes
      .node('edit')
      .receive(fileMessage({ order: { number: 'A1' }, born: new Date(1970, 0, 2), name: 'Roe', days: 1 }));
    await until(() => out.length === 1, 'the message');
    const two = (number: number): string => String(number).padStart(2, '0');
    assert.deepEqual(operationsOf(out[0]), [
      ['PatientID', 'P1'],
      ['InstanceNumber', 7],
      ['BurnedInAnnotation', 'YES'],
      ['RequestAttributesSequence', [{ ScheduledProcedureStepID: 'S1' }]],
      ['AccessionNumber', 'A1'],
      ['InstitutionName', 'Klinikum Köln'],
      ['StationName', 'CT 1'],
      ['InstitutionalDepartmentName', 'Nord'],
      ['PatientComments', '12345!'],
      ['InstanceCreationDate', `${today.getFullYear()}${two(today.getMonth() + 1)}${two(today.getDate())}`],
      ['PatientBirthDate', '19700102'],
      ['PatientName', 'Roe^Jane'],
      ['StudyDate', '20260116'],
    ]);
  });

  it('that are missing, or none, fail and say of which rule', async () => {
    const { out, caught } = await outcomes(
      edit('edit', [set('StudyID', 'x'), set('PatientID', 'id', 'msg')]),
      [
        fileMessage(),
        fileMessage({ id: () => 'a function' }),
        fileMessage({ id: 4711 }),
        fileMessage({ id: { deep: [{}] } }),
        fileMessage({ id: 'x'.repeat(2_000_000) }),
        fileMessage({ id: null }),
      ],
    );
    assert.deepEqual(caught.map(codeOf), [
      'DICOM_EDIT_NO_VALUE',
      'DICOM_EDIT_NO_VALUE',
      'DICOM_EDIT_NOT_CHANGED',
      'DICOM_EDIT_NOT_CHANGED',
      'DICOM_EDIT_NO_VALUE',
    ]);
    assert.deepEqual(operationsOf(out[0]), [
      ['StudyID', 'x'],
      ['PatientID', null],
    ]);
  });

  it('of the environment that are not set fail: nothing is emptied by them', async () => {
    for (const name of ['NOT_SET_AT_ALL', '${NOT_SET_AT_ALL}', 'a ${SITE} and ${NOT_SET_AT_ALL}']) {
      const { caught } = await outcomes(edit('edit', [set('PatientID', name, 'env')]), [fileMessage()], 1);
      assert.equal(codeOf(caught[0]), 'DICOM_EDIT_NO_VALUE', name);
      await nodes.unload();
    }
    const { out } = await outcomes(edit('edit', [set('PatientID', '${SITE}-${SITE}', 'env')]), [
      fileMessage(),
    ]);
    assert.deepEqual(operationsOf(out[0]), [['PatientID', 'Nord-Nord']]);
  });

  it('are evaluated before the object is looked at; conditions look at the object', async () => {
    const when = { path: 'Modality', test: 'equals', value: 'CT' } as const;
    const other = { ...when, value: 'MR' };
    const { out } = await outcomes(
      edit('edit', [
        { ...set('PatientID', 'P1'), when },
        { ...set('PatientName', 'Nobody'), when: other },
        { ...set('StudyID', 'S'), when: { path: 'PatientID', test: 'matches', value: '^P\\d$' } },
      ]),
      [fileMessage()],
    );
    assert.deepEqual(operationsOf(out[0]), [
      ['PatientID', 'P1'],
      ['StudyID', 'S'],
    ]);
  });
});

describe('dicom-edit: settings that are wrong', () => {
  for (const [what, rules] of [
    ['an unknown keyword', [set('PatientIdd', 'x')]],
    ['a value that does not fit', [set('StudyID', 'x'), set('Rows', 'many')]],
    ['an operation that there is not', [{ op: 'explode', path: 'PatientID' }]],
    ['no rules at all', 'all of them'],
    ['an expression that is none', [set('PatientID', '$(', 'jsonata')]],
    ['no path', [set('', 'x')]],
  ] as const)
    it(`${what}: nothing is changed`, async () => {
      const { caught } = await outcomes(edit('edit', rules), [fileMessage()], 1);
      assert.equal(codeOf(caught.at(-1)), 'DICOM_EDIT_SETTINGS_INVALID');
    });

  it('a config of a version that is not known is not read', async () => {
    const { caught } = await outcomes(
      edit('edit', [set('PatientID', 'P1')], { version: 9 }),
      [fileMessage()],
      1,
    );
    assert.equal(codeOf(caught.at(-1)), 'DICOM_EDIT_SETTINGS_INVALID');
  });
});

describe('dicom-edit: many messages', () => {
  it('are passed on in their order, also where some fail or take long', async () => {
    const numbers = Array.from({ length: 60 }, (_, number) => number);
    const { out, caught } = await outcomes(
      edit('edit', [set('PatientID', 'id', 'msg'), { ...set('PatientComments', 'x'.repeat(1_000)) }]),
      numbers.map((number) => fileMessage({ number, id: number % 10 === 3 ? 'x'.repeat(65) : `P${number}` })),
    );
    assert.deepEqual(
      out.map(({ number }) => number),
      numbers.filter((number) => number % 10 !== 3),
    );
    assert.deepEqual(
      caught.map(({ number }) => number),
      numbers.filter((number) => number % 10 === 3),
    );
    assert.ok(out.every((message) => fieldsOf(message)['PatientID'] === `P${String(message['number'])}`));
  });

  it('beyond what may wait fail; those that have not begun when the node closes say so', async () => {
    await nodes.load([...BASE, edit('edit', [set('PatientID', 'P1')]), helper('edit-out')]);
    const [out, caught] = [nodes.inputs('edit-out'), nodes.inputs('caught')];
    for (let count = 0; count < 1_003; count += 1) nodes.node('edit').receive({ filename: SAMPLE });
    await until(() => caught.length >= 3, 'those beyond');
    assert.deepEqual(caught.map(codeOf), Array(3).fill('DICOM_EDIT_BUSY'));
    await until(() => out.length === 1_000, 'the others');
  });
});

describe('dicom-edit: an object of a queue', () => {
  async function store(port: number, number: number): Promise<void> {
    await until(
      () =>
        RawPeer.connect(port).then(
          (peer) => (peer.destroy(), true),
          () => false,
        ),
      'dicom-in listens',
    );
    const client = await StoreClient.open(port);
    const { uid, dataSet } = sampleInstance(number);
    assert.equal(await client.store(uid, dataSet), 0);
    await client.release();
  }

  async function received(settings: object, editSettings: object): Promise<Message> {
    const port = await freePort();
    await nodes.load([
      ...BASE,
      dicomIn('in', port, [['edit']], { queue: 'memory', acknowledge: true, ...settings }),
      edit('edit', [set('PatientID', 'P1')], editSettings),
      helper('edit-out'),
    ]);
    const out = nodes.inputs('edit-out');
    await store(port, 1);
    await until(() => out.length === 1, 'the message');
    return out[0] ?? assert.fail();
  }

  it('stays there while its changes are pending; the payload is made as its node makes it', async () => {
    const message = await received(
      { includeCommonFieldsNode: false, tagsFormat: 'dicom-json', leaveOutEmpty: true },
      {},
    );
    assert.deepEqual(Object.keys(message['payload'] as object), ['Tags']);
    const { Tags } = message['payload'] as { Tags: Record<string, { Value?: unknown[] }> };
    assert.deepEqual(Tags['00100020']?.Value, ['P1']);
    const { queueId, acknowledgeId, changes, size: before, transferSyntaxUID } = dicomOf(message);
    assert.ok(typeof queueId === 'string' && typeof acknowledgeId === 'string');
    assert.equal((changes?.of as { size: number }).size, before);
    assert.equal(transferSyntaxUID, '1.2.840.10008.1.2.1');
  });

  it('can only be acknowledged where a new one is in the message', async () => {
    const { queueId, acknowledgeId, object } = dicomOf(await received({}, { apply: 'buffer' }));
    assert.deepEqual([queueId, typeof acknowledgeId, Buffer.isBuffer(object)], [undefined, 'string', true]);
  });

  it('that nobody acknowledges, as it could not be changed, is a dead letter that says why, without values', async () => {
    const port = await freePort();
    const settings = { acknowledge: true, acknowledgeTimeoutSeconds: 1, maxDeliveries: 1, queue: 'memory' };
    await nodes.load([
      ...BASE,
      dicomIn('in', port, [['rules', 'value']], settings),
      edit('rules', [set('PatientComments', 'x'.repeat(10_241))]),
      edit('value', [set('PatientComments', '$number(payload.CommonFields.PatientName)', 'jsonata')]),
    ]);
    await store(port, 2);
    const queue = deployedNodes.get('in', QueueOwner)?.receiver ?? assert.fail();
    const letters = async (): Promise<{ why?: string }[]> => (await queue.ask('deadLetters', {})).deadLetters;
    await until(async () => (await letters()).length === 1, 'the dead letter');
    const [{ why = '' } = {}] = await letters();
    assert.match(
      why,
      /^the flow did not acknowledge it \(deliveries: 1\): DICOM_EDIT_(NO_VALUE|NOT_CHANGED): /,
    );
    assert.ok(!why.includes('Sample'), why);
  });

  it('that is a Buffer in the message is changed at once', async () => {
    const { queueId, changes, object } = dicomOf(await received({ output: 'buffer' }, {}));
    assert.deepEqual([queueId, changes, Buffer.isBuffer(object)], [undefined, undefined, true]);
  });
});

describe('dicom-edit: the record of a change', () => {
  it('names node, sender and reason', async () => {
    const { out } = await outcomes(
      edit('edit', [set('PatientID', 'P1')], { coercionRecord: 'CORRECT', name: 'right names' }),
      [fileMessage({ dicom: { callingAET: 'CT01' } })],
    );
    const record = 'OriginalAttributesSequence[0]';
    const [, [path, time] = [], ...others] = operationsOf(out[0]) as [string, unknown][];
    assert.equal(path, `${record}.AttributeModificationDateTime`);
    assert.match(String(time), /^\d{14}\.\d{3}[+-]\d{4}$/);
    assert.deepEqual(others, [
      [`${record}.ModifiedAttributesSequence`, [{ PatientID: '12345' }]],
      [`${record}.ModifyingSystem`, 'node-red-contrib-dicom right names'],
      [`${record}.SourceOfPreviousValues`, 'CT01'],
      [`${record}.ReasonForTheAttributeModification`, 'CORRECT'],
    ]);
  });
});

describe('dicom-edit: what its dialog asks', () => {
  it('are the attributes that there are, and what is wrong with rules', async () => {
    await nodes.load(BASE);
    const attributes = (await (await fetch(`${nodes.url}/dicom-edit/attributes`)).json()) as string[][];
    assert.ok(
      attributes.some(([keyword, tag, vr]) => keyword === 'PatientID' && tag === '00100020' && vr === 'LO'),
    );
    const check = async (rules: unknown): Promise<[number, unknown]> => {
      const response = await fetch(`${nodes.url}/dicom-edit/check`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ rules }),
      });
      return [response.status, await response.json()];
    };
    assert.deepEqual(await check([set('PatientID', 'x'), set('Rows', 'x'), 'no rule']), [
      200,
      {
        problems: [
          null,
          {
            text: 'US is an integer from 0 to 65535',
            key: 'integer',
            values: { vr: 'US', least: '0', most: '65535' },
          },
          null,
        ],
      },
    ]);
    assert.equal((await check('none'))[0], 400);
    assert.equal((await check(Array(1_001).fill({})))[0], 400);
  });
});
