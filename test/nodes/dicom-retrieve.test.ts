import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { DICOM_IN, DICOM_PEER, DICOM_RETRIEVE } from '../../src/settings';
import { madeStudy } from '../support/made-study';
import { TAB, flowNode } from '../support/flows';
import { freePort } from '../support/free-port';
import { needs } from '../support/needs';
import { NodesUnderTest, type Message } from '../support/node-helper';
import type { FlowNode } from '../support/node-red';
import { Scps } from '../support/scps';
import { run } from '../support/senders';
import { until } from '../support/until';

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

interface Retrieval {
  results: Message[];
  objects: Message[];
  caught: Message[];
  received: Message[];
  retrieve: (message?: Message) => void;
  end: () => Promise<Message>;
}

async function loaded(port: number, settings: object, others: FlowNode[] = []): Promise<Retrieval> {
  isLoaded = true;
  await nodes.load([
    { id: TAB, type: 'tab', label: TAB, disabled: false, info: '' },
    flowNode('catch', 'catch', { scope: null, uncaught: false, wires: [['caught']] }),
    ...['caught', 'results', 'objects', 'received'].map(helper),
    peer(port),
    flowNode('retrieve', 'dicom-retrieve', {
      ...DICOM_RETRIEVE.defaults,
      peer: 'archive',
      wires: [['results'], ['objects']],
      ...settings,
    }),
    ...others,
  ]);
  const [results, objects] = [nodes.inputs('results'), nodes.inputs('objects')];
  const [caught, received] = [nodes.inputs('caught'), nodes.inputs('received')];
  const isEnd = (message: Message): boolean => factsOf(message)['progress'] === undefined;
  return {
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

describe('dicom-retrieve and archives', { skip: needs('dcmtk', 'orthanc'), timeout: 120_000 }, () => {
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

  it('has nothing to do for an empty array, and says why a message is wrong', async () => {
    const { results, caught, retrieve, end } = await loaded(ports.Orthanc, { method: 'get' });
    retrieve({ payload: [] });
    assert.deepEqual(payloadOf(await end()), { completed: 0, ...NOTHING_FAILED });
    results.length = 0;
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
