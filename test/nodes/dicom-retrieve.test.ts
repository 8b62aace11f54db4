import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { DICOM_IN, DICOM_PEER, DICOM_RETRIEVE } from '../../src/settings';
import { madeStudy } from '../support/objects/made-study';
import { TAB, flowNode } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { MisbehavingScp, type StoredObject } from '../support/peers/misbehaving-scp';
import { needs } from '../support/machine/needs';
import { NodesUnderTest, type Message } from '../support/node-red/node-helper';
import type { FlowNode } from '../support/node-red/node-red';
import { CT } from '../support/connections/pdus';
import { CANCEL, commandOf, counts, FIND, GET, object, response } from '../support/peers/retrieve-answers';
import { Scps } from '../support/peers/scps';
import { run } from '../support/machine/run';
import { until } from '../support/machine/until';

const nodes = new NodesUnderTest();
let isLoaded = false;
afterEach(async () => {
  if (isLoaded) await nodes.unload();
  isLoaded = false;
});

const helper = (id: string): FlowNode => flowNode(id, 'helper', { wires: [] });
const peer = (port: number, calledAET = 'ARCHIVE'): FlowNode => ({
  id: 'archive',
  type: 'dicom-peer',
  ...DICOM_PEER.defaults,
  name: 'PACS',
  host: '127.0.0.1',
  port: String(port),
  callingAET: 'ASKER',
  calledAET,
  maxAssociations: '2',
});
const dicomIn = (id: string, port: number, settings: object = {}): FlowNode =>
  flowNode(id, 'dicom-in', {
    ...DICOM_IN.defaults,
    port: String(port),
    bindAddress: '127.0.0.1',
    ourAET: 'NODERED',
    wires: [['received']],
    ...settings,
  });

const retrieveNode = (settings: object): FlowNode =>
  flowNode('retrieve', 'dicom-retrieve', {
    ...DICOM_RETRIEVE.defaults,
    peer: 'archive',
    wires: [['results'], ['objects']],
    ...settings,
  });

interface Retrieval {
  flows: FlowNode[];
  results: Message[];
  objects: Message[];
  caught: Message[];
  received: Message[];
  retrieve: (message?: Message) => void;
  end: () => Promise<Message>;
}

async function loaded(port: number, settings: object, others: FlowNode[] = []): Promise<Retrieval> {
  isLoaded = true;
  const flows: FlowNode[] = [
    { id: TAB, type: 'tab', label: TAB, disabled: false, info: '' },
    flowNode('catch', 'catch', { scope: null, uncaught: false, wires: [['caught']] }),
    ...['caught', 'results', 'objects', 'received'].map(helper),
    peer(port),
    retrieveNode(settings),
    ...others,
  ];
  await nodes.load(flows);
  const [results, objects] = [nodes.inputs('results'), nodes.inputs('objects')];
  const [caught, received] = [nodes.inputs('caught'), nodes.inputs('received')];
  const isEnd = (message: Message): boolean => factsOf(message)['progress'] === undefined;
  return {
    flows,
    results,
    objects,
    caught,
    received,
    retrieve: (message = {}) => nodes.node('retrieve').receive(message),
    end: async () => {
      await until(() => results.some(isEnd) || caught.length > 0, 'the end');
      return caught[0] ?? results.find(isEnd) ?? assert.fail();
    },
  };
}

const factsOf = (message: Message): Record<string, unknown> =>
  (message['dicom'] as { retrieve?: Record<string, unknown> } | undefined)?.retrieve ?? {};
const payloadOf = (message: Message): Record<string, unknown> => {
  assert.equal(message['error'], undefined, JSON.stringify(message['error']));
  return message['payload'] as Record<string, unknown>;
};
const codeOf = (message: Message): unknown => (message['error'] as { code?: unknown } | undefined)?.code;
const uidOf = (message: Message): string => (message['dicom'] as { sopInstanceUID: string }).sopInstanceUID;

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

const NOTHING_FAILED = { failed: 0, warning: 0, remaining: 0, failedSOPInstanceUIDs: [], status: '0000' };

describe('dicom-retrieve and archives', { skip: needs('dcmtk', 'orthanc') }, () => {
  const scps = new Scps();
  const folder = mkdtempSync(join(tmpdir(), 'retrieve-'));
  const ports = { dcmqrscp: 0, Orthanc: 0, ours: 0 };
  before(async () => {
    ports.ours = await freePort();
    const files = [...madeStudy(folder, '1.2.3', 6), ...madeStudy(folder, '1.2.4', 2)];
    ports.dcmqrscp = (await scps.dcmqrscp({ NODERED: ports.ours })).port;
    const orthanc = await scps.orthanc({
      DicomAet: 'ARCHIVE',
      DicomAlwaysAllowFind: true,
      DicomAlwaysAllowGet: true,
      DicomAlwaysAllowMove: true,
      DicomModalities: { ours: ['NODERED', '127.0.0.1', ports.ours] },
    });
    ports.Orthanc = orthanc.port;
    for (const port of [ports.dcmqrscp, ports.Orthanc]) {
      const sent = await run('storescu', ['-aec', 'ARCHIVE', '127.0.0.1', String(port), ...files]);
      assert.equal(sent.code, 0, sent.output);
    }
  });
  after(async () => {
    await scps.stop();
    rmSync(folder, { recursive: true });
  });

  for (const name of ['dcmqrscp', 'Orthanc'] as const) {
    it(`${name}: C-GET of two studies, as dicom-query has found them`, async () => {
      const { objects, retrieve, end } = await loaded(ports[name], { method: 'get' });
      const found = ['1.2.3', '1.2.4'].map((StudyInstanceUID) => ({
        QueryRetrieveLevel: 'STUDY',
        StudyInstanceUID,
        ModalitiesInStudy: 'CT',
      }));
      retrieve({ payload: found, topic: 'kept' });
      const message = await end();
      assert.deepEqual(payloadOf(message), { completed: 8, ...NOTHING_FAILED });
      assert.deepEqual(factsOf(message), { peer: 'PACS', method: 'get', cancelled: false });
      assert.equal(message['topic'], 'kept');
      await until(() => objects.length === 8, 'the objects');
      assert.equal(new Set(objects.map(uidOf)).size, 8);
    });

    it(`${name}: C-GET of a series, and of objects of it`, async () => {
      const { objects, retrieve, end, results } = await loaded(ports[name], { method: 'get' });
      retrieve({ retrieve: { StudyInstanceUID: '1.2.4', SeriesInstanceUID: '1.2.4.1' } });
      assert.equal(payloadOf(await end())['completed'], 2);
      results.length = 0;
      const SOPInstanceUID = ['1.2.3.1.2', '1.2.3.1.5'];
      retrieve({ payload: { StudyInstanceUID: '1.2.3', SeriesInstanceUID: '1.2.3.1', SOPInstanceUID } });
      assert.equal(payloadOf(await end())['completed'], 2);
      await until(() => objects.length === 4, 'the objects');
      assert.deepEqual(objects.slice(2).map(uidOf).sort(), SOPInstanceUID);
    });

    it(`${name}: C-MOVE to the only dicom-in, and all that moved has come in`, async () => {
      const settings = { method: 'move', waitForObjects: true };
      const { received, retrieve, end } = await loaded(ports[name], settings, [dicomIn('in', ports.ours)]);
      await until(() => listens(ports.ours), 'dicom-in to listen');
      retrieve({ payload: '1.2.3' });
      const { arrived, ...result } = payloadOf(await end());
      assert.deepEqual(result, { completed: 6, ...NOTHING_FAILED });
      assert.deepEqual(arrived, { objects: 6, by: 'moveOriginator', complete: true });
      assert.equal(received.length, 6);
    });
  }

  it('knows objects by their study where the archive names no move originator, as long as they come in time', async () => {
    const scp = await MisbehavingScp.listen({
      store: (asked) => (commandOf(asked) === FIND ? 0 : response(asked, 0, counts(0, 2, 0, 0))),
    });
    const moved = async (waitSeconds: string, sent: readonly string[]): Promise<unknown> => {
      const settings = { method: 'move', waitForObjects: true, waitSeconds };
      const { retrieve, end } = await loaded(scp.port, settings, [dicomIn('in', ports.ours)]);
      await until(() => listens(ports.ours), 'dicom-in to listen');
      retrieve({ payload: '1.2.3' });
      if (sent.length > 0) {
        const { code, output } = await run('storescu', [
          '-aec',
          'NODERED',
          '127.0.0.1',
          `${ports.ours}`,
          ...sent,
        ]);
        assert.equal(code, 0, output);
      }
      const { arrived } = payloadOf(await end());
      await nodes.unload();
      isLoaded = false;
      return arrived;
    };
    try {
      const files = [1, 2].map((number) => join(folder, `1.2.3.1.${number}.dcm`));
      assert.deepEqual(await moved('30', files), { objects: 2, by: 'study', complete: true });
      assert.deepEqual(await moved('1', []), { objects: 0, by: 'study', complete: false });
    } finally {
      await scp.stop();
    }
  });

  it('says where a peer does not know the move destination', async () => {
    const { retrieve, end } = await loaded(ports.Orthanc, { method: 'move', moveDestination: 'NOBODY' });
    retrieve({ payload: '1.2.3' });
    const message = await end();
    assert.equal(codeOf(message), 'DICOM_RETRIEVE_REFUSED');
    assert.equal(factsOf(message)['completed'], 0);
  });

  it('needs a move destination where there is not exactly one dicom-in', async () => {
    const two = [dicomIn('one', await freePort()), dicomIn('two', await freePort())];
    const { retrieve, end } = await loaded(ports.Orthanc, { method: 'move' }, two);
    retrieve({ payload: '1.2.3' });
    assert.equal(codeOf(await end()), 'DICOM_RETRIEVE_NO_DESTINATION');
  });

  it('tells of progress on request', async () => {
    const { results, retrieve, end } = await loaded(ports.Orthanc, { method: 'get', progress: true });
    retrieve({ payload: '1.2.3' });
    const message = await end();
    assert.equal(message['complete'], true);
    const [first = {}] = results;
    assert.equal(factsOf(first)['progress'], true);
    const { completed, remaining } = payloadOf(first) as { completed: number; remaining: number };
    assert.ok(completed + remaining <= 6);
  });

  it('has nothing to do for an empty array, also of UIDs, and says why a message is wrong', async () => {
    const { results, caught, retrieve, end } = await loaded(ports.Orthanc, { method: 'get' });
    const nothing: unknown[] = [
      [],
      { StudyInstanceUID: [] },
      { StudyInstanceUID: '1.2.3', SeriesInstanceUID: [] },
      { StudyInstanceUID: '1.2.3', SeriesInstanceUID: '1.2.3.1', SOPInstanceUID: [] },
    ];
    for (const payload of nothing) {
      retrieve({ payload });
      assert.deepEqual(payloadOf(await end()), { completed: 0, ...NOTHING_FAILED });
      results.length = 0;
    }
    const wrong: unknown[] = [
      undefined,
      17,
      '',
      'no UID',
      {},
      { SOPInstanceUID: '1.2', StudyInstanceUID: '1' },
      { QueryRetrieveLevel: 'PATIENT', StudyInstanceUID: '1' },
    ];
    for (const payload of wrong) retrieve({ payload });
    await until(() => caught.length === wrong.length, 'the errors');
    assert.deepEqual(new Set(caught.map(codeOf)), new Set(['DICOM_RETRIEVE_UIDS_INVALID']));
  });
});

describe('a C-GET that is under way', () => {
  let scp: MisbehavingScp | undefined;
  afterEach(async () => {
    await scp?.stop();
    scp = undefined;
  });

  /** One object of nine, and nothing more until it is cancelled. */
  async function slowArchive(): Promise<MisbehavingScp> {
    const studyOf = ({ dataSet }: StoredObject): string => (dataSet.includes('1.2.4') ? '1.2.4' : '1.2.3');
    scp = await MisbehavingScp.listen({
      store: (asked) => {
        if (commandOf(asked) === GET)
          return Buffer.concat([object(studyOf(asked), 1), response(asked, 0xff00, counts(8, 1, 0, 0))]);
        if (commandOf(asked) !== CANCEL) return 0;
        const { command } = asked;
        const elements = { 0x0100: 0x8010, 0x0120: Number(command.get(0x0120)), ...counts(8, 1, 0, 0) };
        return { status: 0xfe00, elements };
      },
    });
    return scp;
  }
  const wanted = (study: string): Message => ({
    _msgid: study,
    payload: { StudyInstanceUID: study, SOPClassesInStudy: CT },
  });
  const cancels = ({ objects }: MisbehavingScp): number =>
    objects.filter((each) => commandOf(each) === CANCEL).length;

  it('ends with what there is by msg.cancel: the one that is named, or all', async () => {
    const archive = await slowArchive();
    const { results, caught, objects, retrieve, end } = await loaded(archive.port, { method: 'get' });
    retrieve(wanted('1.2.3'));
    retrieve(wanted('1.2.4'));
    await until(() => objects.length === 2, 'the first objects');
    // One that is not there, or not there any more, ends no other one.
    retrieve({ cancel: 'over' });
    retrieve({ cancel: '1.2.4' });
    const first = await end();
    const { completed, remaining, status } = payloadOf(first);
    assert.deepEqual(
      [first['_msgid'], completed, remaining, status, factsOf(first)['cancelled']],
      ['1.2.4', 1, 8, 'FE00', true],
    );
    assert.deepEqual([cancels(archive), results.length], [1, 1]);
    retrieve({ cancel: true });
    await until(() => results.length === 2, 'the other end');
    assert.deepEqual([results[1]?.['_msgid'], cancels(archive), caught.length], ['1.2.3', 2, 0]);
    retrieve({ cancel: true });
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(results.length, 2);
  });

  it('is cancelled by a deploy, of which a Catch node hears; what came is not lost, and the node goes on', async () => {
    const archive = await slowArchive();
    const settings = { method: 'get', acknowledge: true };
    const { flows, results, caught, objects, retrieve } = await loaded(archive.port, settings);
    retrieve(wanted('1.2.3'));
    await until(() => objects.length === 1, 'the first object');
    const changed = flows.map((node) => (node.id === 'retrieve' ? { ...node, name: 'changed' } : node));
    await nodes.deploy(changed, 'nodes');
    await until(() => cancels(archive) === 1, 'the C-CANCEL');
    assert.deepEqual([results.length, caught.map(codeOf)], [0, ['DICOM_RETRIEVE_STOPPED']]);
    // Nobody has acknowledged it.
    await until(() => objects.length === 2, 'the object again');
    assert.deepEqual(new Set(objects.map(uidOf)), new Set(['1.2.3.1.1']));
    retrieve(wanted('1.2.4'));
    await until(() => objects.length === 3, 'an object of the other study');
    assert.equal(uidOf(objects[2] ?? {}), '1.2.4.1.1');
  });
});
