import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { DICOM_IN } from '../../src/settings';
import { DimseClient, MPPS, STUDY_ROOT, WORKLIST } from '../support/peers/find-client';
import { dicomIn, flowNode, TAB } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { NodesUnderTest, type Message } from '../support/node-red/node-helper';
import { RawPeer } from '../support/connections/raw-peer';
import { sampleInstance, StoreClient } from '../support/peers/store-client';
import { until } from '../support/machine/until';

const nodes = new NodesUnderTest();
afterEach(() => nodes.unload());

const WIRES = [['objects'], ['events'], ['queries'], ['steps']];
const HELPERS = ['objects', 'events', 'queries', 'steps', 'caught', 'completed'];

interface Flow extends Record<string, Message[]> {
  caught: Message[];
  completed: Message[];
  queries: Message[];
  steps: Message[];
}

async function loaded(settings: Record<string, unknown>): Promise<{ port: number; flow: Flow }> {
  const port = await freePort();
  await nodes.load([
    { id: TAB, type: 'tab', label: TAB, disabled: false, info: '' },
    dicomIn('in', port, WIRES, { acceptedCallingAETs: 'FINDER, TEST_SCU', queue: 'memory', ...settings }),
    flowNode('answer', 'dicom-response', { status: '0000', customStatus: '', errorComment: '', wires: [] }),
    flowNode('catch', 'catch', { scope: null, uncaught: false, wires: [['caught']] }),
    flowNode('complete', 'complete', { scope: ['answer'], wires: [['completed']] }),
    ...HELPERS.map((id) => flowNode(id, 'helper', { wires: [] })),
  ]);
  const flow = Object.fromEntries(HELPERS.map((id) => [id, nodes.inputs(id)])) as Flow;
  await until(
    () =>
      RawPeer.connect(port).then(
        (peer) => {
          peer.destroy();
          return true;
        },
        () => false,
      ),
    'the port to listen',
  );
  return { port, flow };
}

const give = (message: Message): void => nodes.node('answer').receive(message);
const codesOf = (messages: Message[]): unknown[] =>
  messages.map(({ error }) => (error as { code?: unknown }).code);

/** Asks, and gives what the flow answers. */
async function asked(
  client: DimseClient,
  { queries }: Flow,
  answers: (query: Message) => Message[],
  keys: unknown = { QueryRetrieveLevel: 'STUDY', PatientID: '1', StudyInstanceUID: null },
): Promise<{ status: number; uids: unknown[] }> {
  const before = queries.length;
  client.find(keys);
  await until(() => queries.length > before, 'the query');
  for (const message of answers(queries[before] ?? {})) give(message);
  const { matches, last } = await client.all();
  return { status: last.status, uids: matches.map(({ StudyInstanceUID }) => StudyInstanceUID) };
}

const uid = (number: number): { StudyInstanceUID: string } => ({ StudyInstanceUID: `1.2.${number}` });
const UIDS = ['1.2.1', '1.2.2', '1.2.3'];

describe('a query comes out of the third output, and dicom-response answers it', () => {
  it('with an array, or with a message for each match', async () => {
    const { port, flow } = await loaded({ answerQueries: ['study'] });
    const client = await DimseClient.open(port, STUDY_ROOT);
    const all = [uid(1), uid(2), uid(3)];
    const parts = (message: Message, index: number, more: object = {}, last: object = {}): Message => ({
      dicom: message['dicom'],
      payload: all[index],
      parts: { id: 'x', index, ...more },
      ...last,
    });
    for (const answers of [
      (message: Message) => [{ ...message, payload: all }],
      // As the nodes split and dicom-query make them.
      (message: Message) => [0, 1, 2].map((index) => parts(message, index, { count: 3 })),
      (message: Message) => [
        parts(message, 0),
        parts(message, 1),
        parts(message, 2, { count: 3 }, { complete: true }),
      ],
      (message: Message) => [
        parts(message, 0),
        { ...message, payload: [uid(2), uid(3)], parts: { index: 1 } },
        { ...message, payload: null, parts: { index: 2 }, complete: true },
      ],
    ]) {
      assert.deepEqual(await asked(client, flow, answers), { status: 0, uids: UIDS });
    }
    const many = Array.from({ length: 1_000 }, (_, number) => uid(number));
    const found = await asked(client, flow, (message) => [{ ...message, payload: many }]);
    assert.deepEqual([found.status, found.uids.length], [0, 1_000]);
    assert.deepEqual(await asked(client, flow, (message) => [{ ...message, payload: [] }]), {
      status: 0,
      uids: [],
    });
    // What dicom-query makes of no match at all.
    assert.deepEqual(await asked(client, flow, (message) => [{ ...message, payload: [], complete: true }]), {
      status: 0,
      uids: [],
    });
    client.close();
    await until(() => flow.completed.length === 13, 'Complete');
    assert.deepEqual(flow.caught, []);
    const [{ payload, topic, dicom } = assert.fail()] = flow.queries;
    assert.deepEqual(payload, { PatientID: '1', StudyInstanceUID: null });
    assert.equal(topic, 'study');
    assert.match(String((dicom as Message)['queryId']), /^in:[0-9a-f-]{36}$/);
  });

  it('with an error for Catch, and the right status for the peer, where it cannot be sent', async () => {
    const { port, flow } = await loaded({ answerQueries: ['study'] });
    const client = await DimseClient.open(port, STUDY_ROOT);
    const circle: Message = {};
    circle['circle'] = circle;
    for (const [change, status, code] of [
      [{}, 0xc000, 'WRONG_SHAPE'],
      [{ payload: 'text' }, 0xc000, 'WRONG_SHAPE'],
      [{ payload: undefined }, 0xc000, 'WRONG_SHAPE'],
      [{ payload: ['text'] }, 0xc000, 'WRONG_MATCH'],
      [{ payload: [circle] }, 0xc000, 'WRONG_MATCH'],
      [{ payload: [{ StudyInstanceUID: 'x y' }] }, 0xc000, 'WRONG_MATCH'],
      [{ payload: [{ StudyDate: new Date(), StudyInstanceUID: undefined }] }, 0, undefined],
      [{ payload: Array.from({ length: 10_001 }, () => ({})) }, 0xa700, 'TOO_MANY'],
      [{ statusCode: 'A700', payload: 'whatever' }, 0xa700, undefined],
      [{ statusCode: 'C123', errorComment: 'no database' }, 0xc123, undefined],
      [{ statusCode: '0110' }, 0xc000, 'WRONG_STATUS'],
      [{ statusCode: 'B000' }, 0xc000, 'WRONG_STATUS'],
    ] as const) {
      const before = flow.caught.length;
      const answer = await asked(client, flow, (message) => [{ ...message, ...change }]);
      assert.equal(answer.status, status, JSON.stringify([status, code]));
      if (code === undefined) continue;
      await until(() => flow.caught.length > before, code);
      assert.deepEqual(codesOf(flow.caught.slice(before)), [`DICOM_RESPONSE_${code}`]);
    }
    // A query is answered once, and one that is cancelled is no mistake.
    const before = flow.caught.length;
    await asked(client, flow, (message) => [
      { ...message, payload: [] },
      { ...message, payload: [] },
    ]);
    await until(() => flow.caught.length > before, 'the error');
    assert.equal(codesOf(flow.caught).at(-1), 'DICOM_RESPONSE_ALREADY_ANSWERED');
    const [asking, complete] = [flow.queries.length, flow.completed.length];
    client.find({ QueryRetrieveLevel: 'STUDY' });
    await until(() => flow.queries.length > asking, 'the query');
    client.cancel();
    assert.equal((await client.all()).last.status, 0xfe00);
    give({ ...flow.queries.at(-1), payload: [uid(1)] });
    await until(() => flow.completed.length > complete, 'Complete');
    give({ payload: [], dicom: { queryId: 'in:nobody' } });
    give({ payload: [], dicom: { queryId: 'gone:nobody' } });
    await until(() => flow.caught.length === before + 3, 'the errors');
    assert.deepEqual(codesOf(flow.caught).slice(-2), ['DICOM_RESPONSE_UNKNOWN', 'DICOM_RESPONSE_UNKNOWN']);
    client.close();
  });

  it('and the node warns where its answers would go to anyone', async () => {
    const { port, flow } = await loaded({
      answerQueries: ['worklist'],
      acceptedCallingAETs: '*',
      emitEvents: true,
    });
    const client = await DimseClient.open(port, WORKLIST);
    client.find({ PatientID: '1' });
    assert.equal((await client.peer.next())?.type, 7);
    client.close();
    assert.deepEqual(flow.queries, []);
    const { problems } = DICOM_IN.parse({ answerQueries: ['worklist'], acceptedCallingAETs: '*' });
    assert.deepEqual(
      problems.map(({ field, code, severity }) => [field, code, severity]),
      [['answerQueries', 'callersNeeded', 'warning']],
    );
  });
});

describe('a procedure step comes out of the fourth output', () => {
  const STEP = {
    PerformedProcedureStepStatus: 'IN PROGRESS',
    ScheduledStepAttributesSequence: [{ StudyInstanceUID: '1.2.3' }],
  };

  it('answered at once, or by dicom-response; it is removed with its node', async () => {
    const { port, flow } = await loaded({ answerMpps: 'at-once' });
    const client = await DimseClient.open(port, MPPS);
    client.create('1.2.9', STEP);
    assert.equal((await client.next()).status, 0);
    client.set('1.2.9', { PerformedProcedureStepStatus: 'COMPLETED' });
    assert.equal((await client.next()).status, 0);
    await until(() => flow.steps.length === 2, 'the messages');
    assert.deepEqual(flow.steps[1]?.['study'], { StudyInstanceUID: '1.2.3', expected: 0, instances: [] });
    give(flow.steps[1] ?? {});
    await until(() => flow.caught.length > 0, 'the error');
    assert.deepEqual(codesOf(flow.caught), ['DICOM_RESPONSE_NOT_AWAITED']);
    client.close();
    const kept = join(nodes.directory, 'dicom', 'in', 'mpps');
    assert.equal(existsSync(kept), true);
    await nodes.deploy([{ id: TAB, type: 'tab', label: TAB, disabled: false, info: '' }], 'full');
    await until(() => !existsSync(kept), 'them to be removed');
  });

  it('with the status that the flow gives', async () => {
    const { port, flow } = await loaded({ answerMpps: 'flow' });
    const client = await DimseClient.open(port, MPPS);
    for (const [statusCode, status, codes] of [
      ['0213', 0x0213, []],
      ['A700', 0x0110, ['DICOM_RESPONSE_WRONG_STATUS']],
      ['0000', 0, []],
    ] as const) {
      const { length } = flow.steps;
      client.create('1.2.9', STEP);
      await until(() => flow.steps.length > length, 'the message');
      give({ ...flow.steps[length], statusCode });
      assert.equal((await client.next()).status, status);
      await until(() => flow.caught.length >= codes.length, 'the error');
      assert.deepEqual(codesOf(flow.caught.splice(0)), codes);
    }
    client.close();
  });
});

describe('outputs never move', () => {
  it('objects, events, queries, procedure steps: each has its place, whatever else is on', async () => {
    const { port, flow } = await loaded({ answerQueries: ['study'], answerMpps: 'at-once' });
    const store = await StoreClient.open(port);
    const { uid: instance, dataSet } = sampleInstance(1);
    await store.store(instance, dataSet);
    await store.release();
    const finder = await DimseClient.open(port, STUDY_ROOT);
    await asked(finder, flow, (message) => [{ ...message, payload: [] }]);
    finder.close();
    const modality = await DimseClient.open(port, MPPS);
    modality.create('1.2.9', { PerformedProcedureStepStatus: 'IN PROGRESS' });
    await modality.next();
    modality.close();
    await until(() => [flow['objects'], flow.steps].every((one) => one?.length === 1), 'the messages');
    assert.deepEqual(
      ['objects', 'events', 'queries', 'steps'].map((output) => flow[output]?.length),
      [1, 0, 1, 1],
    );
  });
});
