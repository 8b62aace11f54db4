import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { plainMessage } from '../../nodes/dicom/runtime/plain-message';
import { bufferSource, parseDataSet, readFileMeta } from '../../src/dicom';
import { DICOM, DICOM_OUT, DICOM_PEER } from '../../src/settings';
import { greyPng, PDF } from '../dicom/build/pictures';
import { countComputing } from '../support/machine/computing';
import { dicomIn, flowNode, TAB } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { needs } from '../support/machine/needs';
import { NodesUnderTest, type Message } from '../support/node-red/node-helper';
import type { FlowNode } from '../support/node-red/node-red';
import { Scps } from '../support/peers/scps';
import { SAMPLE, SAMPLE_UID, sampleInstance, StoreClient } from '../support/peers/store-client';
import { until } from '../support/machine/until';

const nodes = new NodesUnderTest();
const sample = readFileSync(SAMPLE);
let folder: string;
let isLoaded = false;

async function unload(): Promise<void> {
  if (isLoaded) await nodes.unload();
  isLoaded = false;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dicom-node-'));
});
afterEach(async () => {
  await unload();
  rmSync(folder, { recursive: true, force: true });
});

interface Facts {
  object?: Buffer;
  size: number;
  sopClassUID: string;
  sopClassName: string;
  sopInstanceUID: string;
  transferSyntaxUID: string;
  queueId?: string;
  acknowledgeId?: string;
  changes?: unknown;
  document?: { mediaType: string; data: Buffer };
}
type Payload = { CommonFields: Record<string, unknown>; Tags: Record<string, unknown> };

/** Sends messages through one node; those that come out, and those of a Catch node. */
class Run {
  private constructor(
    readonly out: Message[],
    readonly caught: Message[],
  ) {}

  static async of(settings: object, ...messages: object[]): Promise<Run> {
    isLoaded = true;
    await nodes.load([
      { id: TAB, type: 'tab', label: TAB, disabled: false, info: '' },
      flowNode('dicom', 'dicom', { ...DICOM.defaults, ...settings, wires: [['out']] }),
      flowNode('catch', 'catch', { scope: null, uncaught: false, wires: [['caught']] }),
      flowNode('out', 'helper', { wires: [] }),
      flowNode('caught', 'helper', { wires: [] }),
    ]);
    const run = new Run(nodes.inputs('out'), nodes.inputs('caught'));
    for (const message of messages) nodes.node('dicom').receive(message as never);
    await until(() => run.out.length + run.caught.length === messages.length, 'all messages');
    return run;
  }

  get message(): Message & { payload: unknown; dicom: Facts; topic?: string; filename?: string } {
    assert.deepEqual(this.caught.map(errorOf), []);
    return this.out[0] as ReturnType<() => Run['message']>;
  }

  get error(): { code: string; message: string } {
    return errorOf(this.caught[0]);
  }
}

const errorOf = (message: Message | undefined): { code: string; message: string } =>
  message?.['error'] as { code: string; message: string };

function pixelsOf(file: Buffer): Buffer {
  const source = bufferSource(file);
  const { transferSyntaxUID, dataSetOffset: offset } = readFileMeta(source);
  const element = parseDataSet(source, { transferSyntaxUID, offset }).root.find(0x7fe00010);
  assert(element !== undefined);
  return source.read(element.offset, element.length);
}

/** A message as this node makes it of the sample. */
async function parsed(settings: object = {}): Promise<Run['message']> {
  const { message } = await Run.of(settings, { payload: Buffer.from(sample) });
  await unload();
  return message;
}

describe('the dicom node, from an object to a message', () => {
  const given: [string, () => unknown][] = [
    ['a Buffer', () => Buffer.from(sample)],
    ['what JSON makes of a Buffer', () => JSON.parse(JSON.stringify(sample)) as unknown],
    ['an array of bytes', () => new Uint8Array(sample)],
    ['base64 text', () => sample.toString('base64')],
    [
      'a path',
      () => {
        const path = join(folder, 'sample.dcm');
        writeFileSync(path, sample);
        return path;
      },
    ],
  ];
  for (const [what, value] of given)
    it(`takes ${what}`, async () => {
      const { message } = await Run.of({}, { payload: value(), other: 1 });
      const { CommonFields, Tags } = message.payload as Payload;
      assert.equal(CommonFields['SOPInstanceUID'], SAMPLE_UID);
      assert.equal(message.topic, CommonFields['StudyInstanceUID']);
      assert.equal(message['other'], 1);
      const { object, ...facts } = message.dicom;
      const { dataSetOffset } = readFileMeta(bufferSource(sample));
      assert.deepEqual(facts, {
        sopClassUID: '1.2.840.10008.5.1.4.1.1.2',
        sopClassName: 'CT Image Storage',
        sopInstanceUID: SAMPLE_UID,
        transferSyntaxUID: '1.2.840.10008.1.2.1',
        size: sample.length - dataSetOffset,
      });
      const pixels = Tags['PixelData'] as { Offset: number; BulkDataURI?: string };
      assert.equal(typeof pixels.Offset, 'number');
      if (what === 'a path') {
        assert.equal(message.filename, join(folder, 'sample.dcm'));
        assert.match(pixels.BulkDataURI ?? '', /^file:.*sample\.dcm$/);
      } else {
        assert.deepEqual(object, sample);
      }
    });

  it('takes it from another property, and puts the message there, in the sections that are chosen', async () => {
    const settings = { property: 'req.file', includeTagsNode: false, includeReportNode: false };
    const { message } = await Run.of(settings, { payload: 'kept', req: { file: Buffer.from(sample) } });
    assert.equal(message.payload, 'kept');
    assert.deepEqual(Object.keys((message['req'] as { file: object }).file), ['CommonFields']);
  });

  it('passes on what has no such property', async () => {
    const { message } = await Run.of({ property: 'nothing.here' }, { payload: 'kept' });
    assert.equal(message.payload, 'kept');
  });

  it('takes a data set without a header where that is chosen', async () => {
    const { dataSetOffset } = readFileMeta(bufferSource(sample));
    const dataSet = sample.subarray(dataSetOffset);
    const { message } = await Run.of({ acceptHeadless: true }, { payload: Buffer.from(dataSet) });
    assert.equal((message.payload as Payload).CommonFields['SOPInstanceUID'], SAMPLE_UID);
    assert.equal(
      readFileMeta(bufferSource(message.dicom.object ?? Buffer.alloc(0))).sopInstanceUID,
      SAMPLE_UID,
    );
    await unload();
    const { error } = await Run.of({}, { payload: Buffer.from(dataSet) });
    assert.equal(error.code, 'DICOM_INVALID');
  });

  it('waits for no pipe, and reads no device to its end, where data sets need no header', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const run = await Run.of(
      { acceptHeadless: true },
      ...[pipe, '/dev/zero', folder, '/dev/null'].map((payload) => ({ payload })),
      { payload: Buffer.from(sample) },
    );
    assert.deepEqual(
      run.caught.map((message) => errorOf(message).code),
      new Array(4).fill('DICOM_INVALID'),
    );
    assert.equal(run.out.length, 1);
  });

  for (const payload of [Buffer.from('no object'), 'nor a path', 12, true, ['a', 'list']])
    it(`fails with ${JSON.stringify(payload)}, or passes it on, as chosen`, async () => {
      const run = await Run.of({ action: 'parse' }, { payload, topic: 'kept' });
      assert.equal(run.error.code, 'DICOM_INVALID');
      assert.deepEqual([run.caught[0]?.['payload'], run.caught[0]?.['topic']], [payload, 'kept']);
      await unload();
      const { message } = await Run.of({ action: 'parse', onInvalid: 'pass' }, { payload });
      assert.deepEqual(message.payload, payload);
    });

  it('says what is wrong with a damaged object, and leaves the message as it was', async () => {
    const payload = sample.subarray(0, 1_000);
    const run = await Run.of({ onInvalid: 'pass' }, { payload, dicom: { queueId: 'a:1' } });
    assert.equal(run.error.code, 'DICOM_NOT_READ');
    assert.deepEqual(run.caught[0]?.['payload'], payload);
    assert.deepEqual(run.caught[0]?.['dicom'], { queueId: 'a:1' });
    await unload();
    const missing = await Run.of({}, { payload: join(folder, 'no-such-file.dcm') });
    assert.equal(missing.error.code, 'DICOM_NOT_READ');
    // A path may be named after a patient.
    assert.doesNotMatch(missing.error.message, /no-such-file/);
  });

  it('keeps the order of messages', async () => {
    const many = Array.from({ length: 20 }, (_, number) => ({
      number,
      payload: number % 3 === 0 ? undefined : Buffer.from(sample),
    }));
    const { out } = await Run.of({}, ...many);
    assert.deepEqual(
      out.map((message) => message['number']),
      many.map(({ number }) => number),
    );
  });
});

describe('the dicom node, from a message to an object', () => {
  for (const tagsFormat of ['keyword', 'dicom-json'])
    it(`builds what it has read itself, changed, with the same pixels (${tagsFormat})`, async () => {
      const message = await parsed({ tagsFormat });
      const { Tags } = message.payload as Payload;
      if (tagsFormat === 'keyword') Tags['PatientID'] = 'CHANGED';
      else Tags['00100020'] = { vr: 'LO', Value: ['CHANGED'] };
      const { message: built } = await Run.of({}, message);
      const file = built.payload as Buffer;
      assert.deepEqual(pixelsOf(file), pixelsOf(sample));
      assert(built.dicom.object === file);
      assert.equal(built.dicom.sopInstanceUID, SAMPLE_UID);
      await unload();
      const { message: again } = await Run.of({}, { payload: file });
      assert.equal((again.payload as Payload).CommonFields['PatientID'], 'CHANGED');
    });

  it('takes values from another object that is named, or says that there is none', async () => {
    const { payload } = await parsed();
    const { message } = await Run.of(
      { baseFrom: 'original' },
      { payload: structuredClone(payload), original: Buffer.from(sample) },
    );
    assert.deepEqual(pixelsOf(message.payload as Buffer), pixelsOf(sample));
    await unload();
    const run = await Run.of({}, { payload });
    assert.equal(run.error.code, 'DICOM_NOT_BUILT');
    assert.deepEqual(run.caught[0]?.['payload'], payload);
  });

  const plain = (): object => ({
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.7',
    SOPInstanceUID: '1.2.3',
    PatientID: 'P/1',
    StudyInstanceUID: '1.2',
  });

  it('gives it as base64 text', async () => {
    const { message } = await Run.of(
      { outputAs: 'base64' },
      { payload: plain(), filename: '/old', dicom: { queueId: 'n:1', changes: undefined } },
    );
    const { sopInstanceUID } = readFileMeta(bufferSource(Buffer.from(message.payload as string, 'base64')));
    assert.equal(sopInstanceUID, '1.2.3');
    assert.equal(message.topic, '1.2');
    assert.deepEqual(
      [message.filename, message.dicom.object, message.dicom.queueId],
      [undefined, undefined, undefined],
    );
    assert.match(message.dicom.acknowledgeId ?? '', /^n:/);
  });

  it('puts it into a file, by its template, and again under another name', async () => {
    const settings = {
      outputAs: 'file',
      directory: folder,
      filenameTemplate: '{PatientID}/{SOPInstanceUID}.dcm',
      collision: 'keep-both',
    };
    const { out } = await Run.of(settings, { payload: plain() }, { payload: plain() });
    const paths = out.map(({ filename }) => filename as string);
    assert.deepEqual(paths, [join(folder, 'P_1', '1.2.3.dcm'), join(folder, 'P_1', '1.2.3_2.dcm')]);
    assert.deepEqual(
      out.map(({ payload }) => payload),
      paths,
    );
    assert.deepEqual(readdirSync(join(folder, 'P_1')).sort(), ['1.2.3.dcm', '1.2.3_2.dcm']);
    assert.equal(readFileMeta(bufferSource(readFileSync(paths[0] ?? ''))).sopInstanceUID, '1.2.3');
  });

  it('says that a file cannot be written', async () => {
    writeFileSync(join(folder, 'in-the-way'), '');
    const settings = { outputAs: 'file', directory: join(folder, 'in-the-way') };
    const { error } = await Run.of(settings, { payload: plain() });
    assert.equal(error.code, 'DICOM_NOT_STORED');
  });

  it('takes pixels from an object of a queue, which is acknowledged and not opened by the new one', async () => {
    isLoaded = true;
    const port = await freePort();
    await nodes.load([
      { id: TAB, type: 'tab', label: TAB, disabled: false, info: '' },
      dicomIn('receiver', port, [['received']], { acknowledge: true, queue: 'memory' }),
      flowNode('received', 'helper', { wires: [] }),
      flowNode('dicom', 'dicom', { ...DICOM.defaults, wires: [['out']] }),
      flowNode('out', 'helper', { wires: [] }),
    ]);
    const [received, out] = [nodes.inputs('received'), nodes.inputs('out')];
    await until(
      () =>
        StoreClient.open(port).then(
          async (opened) => {
            await opened.release();
            return true;
          },
          () => false,
        ),
      'dicom-in listens',
    );
    const client = await StoreClient.open(port);
    const { uid, dataSet } = sampleInstance(1);
    assert.equal(await client.store(uid, dataSet), 0);
    await client.release();
    await until(() => received.length === 1, 'the object');
    const [message = assert.fail()] = received;
    const { Tags } = message['payload'] as Payload;
    assert.equal(typeof (Tags['PixelData'] as { Length?: unknown }).Length, 'number');
    Tags['PatientID'] = 'FROM THE QUEUE';
    nodes.node('dicom').receive(message);
    await until(() => out.length === 1, 'the new object');
    const { payload: file, dicom } = out[0] as unknown as { payload: Buffer; dicom: Facts };
    assert.deepEqual(pixelsOf(file), pixelsOf(sample));
    assert.ok(file.includes('FROM THE QUEUE'));
    assert.equal(dicom.queueId, undefined);
    assert.match(String(dicom.acknowledgeId), /^receiver:/);
  });

  it('applies pending changes', async () => {
    const message = await parsed();
    const { size, sopInstanceUID } = message.dicom;
    const changes = {
      version: 1,
      of: { sopInstanceUID, size },
      operations: [{ op: 'set', path: 'PatientID', value: 'NEW' }],
    };
    const { message: built } = await Run.of({}, { ...message, dicom: { ...message.dicom, changes } });
    assert.equal(built.dicom.changes, undefined);
    assert.deepEqual(pixelsOf(built.payload as Buffer), pixelsOf(sample));
    await unload();
    const { message: again } = await Run.of({}, { payload: built.payload });
    assert.equal((again.payload as Payload).CommonFields['PatientID'], 'NEW');
    await unload();
    const other = { ...changes, of: { sopInstanceUID: '1.2.3', size } };
    const { error } = await Run.of(
      {},
      { payload: 1, dicom: { object: Buffer.from(sample), changes: other } },
    );
    assert.equal(error.code, 'DICOM_NOT_THE_OBJECT');
    await unload();
    const none = await Run.of({}, { payload: 1, dicom: { changes } });
    assert.equal(none.error.code, 'DICOM_OBJECT_GONE');
  });

  it('refuses what is too deep, too much, or no data', () => {
    let deep: object = {};
    for (let level = 0; level < 200_000; level += 1) deep = { ContentSequence: [deep] };
    assert.throws(() => plainMessage(deep), { failure: 'notBuilt' });
    assert.throws(() => plainMessage({ PixelData: new Array(3_000_000).fill(1) }), { failure: 'tooLarge' });
    assert.throws(() => plainMessage({ PatientID: () => 1 }), { failure: 'notBuilt' });
    // These would be read as objects without members: as nothing.
    for (const value of [new Date(), new Map(), new Set(), /a/, new Uint16Array(4)] as object[])
      assert.throws(() => plainMessage({ PatientName: value }), { failure: 'notBuilt' });
    const noBytes = { type: 'Buffer', data: [1, 256] };
    assert.throws(() => plainMessage({ PixelData: noBytes }), { failure: 'notBuilt' });
    const throwing = {
      get PatientID(): string {
        throw new Error('mine');
      },
    };
    assert.throws(() => plainMessage(throwing), { failure: 'notBuilt' });
    const own: Record<string, unknown> = {};
    own['ContentSequence'] = [own, own];
    const computed = countComputing();
    assert.throws(() => plainMessage(own), { failure: /notBuilt|tooLarge/ });
    // Holes are no values; to look at each of them would take minutes.
    for (const length of [3_000_000, 2 ** 32 - 1])
      assert.throws(() => plainMessage({ PixelData: new Array(length) }), { failure: 'tooLarge' });
    assert.throws(() => plainMessage({ PixelData: new Float64Array(10) }), { failure: 'notBuilt' });
    assert.ok(computed() < 5_000);
    const { json } = plainMessage(JSON.parse('{"__proto__":{"PatientID":"P1"}}'));
    assert.equal((json as { PatientID?: unknown }).PatientID, undefined);
  });
});

/** @throws with what dciodvfy says, if there is an error among it, or an attribute that such objects do not have */
function check(file: Buffer): void {
  const path = join(folder, 'checked.dcm');
  writeFileSync(path, file);
  const { stderr } = spawnSync('dciodvfy', [path], { encoding: 'utf8' });
  assert.doesNotMatch(stderr, /^Error|not present in standard/m, stderr);
}

const PATIENT = {
  PatientID: 'P1',
  PatientName: 'Müller^Änne',
  PatientBirthDate: '19700131',
  PatientSex: 'F',
};

describe('what the dicom node builds', { skip: needs('dcmtk', 'orthanc') }, () => {
  it('is taken by storescp and Orthanc, and is there as it was built', async () => {
    const scps = new Scps();
    try {
      isLoaded = true;
      const [store, orthanc] = [await scps.storescp('+B'), await scps.orthanc()];
      const peer = (id: string, port: number): FlowNode => ({
        id,
        type: 'dicom-peer',
        ...DICOM_PEER.defaults,
        // The id itself would be taken for a reference.
        name: `PACS ${id}`,
        host: '127.0.0.1',
        port: String(port),
      });
      const build = (recipe: string): FlowNode =>
        flowNode(recipe, 'dicom', { ...DICOM.defaults, recipe, wires: [['to-store', 'to-orthanc']] });
      const to = (id: string): FlowNode =>
        flowNode(`to-${id}`, 'dicom-out', { ...DICOM_OUT.defaults, peer: id, wires: [['sent']] });
      await nodes.load([
        { id: TAB, type: 'tab', label: TAB, disabled: false, info: '' },
        peer('store', store.port),
        peer('orthanc', orthanc.port),
        ...['none', 'encapsulated-pdf', 'secondary-capture'].map(build),
        to('store'),
        to('orthanc'),
        flowNode('sent', 'helper', { wires: [] }),
        flowNode('catch', 'catch', { scope: null, uncaught: false, wires: [['caught']] }),
        flowNode('caught', 'helper', { wires: [] }),
      ]);
      const [sent, caught] = [nodes.inputs('sent'), nodes.inputs('caught')];
      const attributes = {
        ...PATIENT,
        SOPClassUID: '1.2.840.10008.5.1.4.1.1.7',
        Modality: 'OT',
        Rows: 1,
        Columns: 2,
      };
      nodes.node('none').receive({ payload: { ...attributes, PixelData: Buffer.from([1, 2]) } });
      nodes.node('encapsulated-pdf').receive({ payload: PDF, values: PATIENT });
      nodes.node('secondary-capture').receive({ payload: greyPng(5, 3), values: PATIENT });
      await until(() => sent.length + caught.length === 6, 'each at both');
      assert.deepEqual(caught.map(errorOf), []);
      const files = readdirSync(store.folder).map((name) => readFileSync(join(store.folder, name)));
      assert.equal(files.length, 3);
      assert.ok(files.every((file) => file.includes('Müller^Änne')));
      assert.ok(files.some((file) => file.includes(PDF)));
      const instances = (await (await fetch(`${orthanc.http}/instances`)).json()) as string[];
      assert.equal(instances.length, 3);
      for (const instance of instances) {
        const tags = (await (
          await fetch(`${orthanc.http}/instances/${instance}/simplified-tags`)
        ).json()) as object;
        assert.deepEqual({ ...PATIENT, ...tags }, { ...tags, ...PATIENT });
      }
    } finally {
      await scps.stop();
    }
  });
});

describe('bytes that have been through JSON', () => {
  const throughJson = (bytes: Buffer): unknown => JSON.parse(JSON.stringify(bytes));
  const image = { ...PATIENT, SOPClassUID: '1.2.840.10008.5.1.4.1.1.7', Rows: 1, Columns: 2 };

  it('are pixels of attributes', async () => {
    const payload = { ...image, PixelData: throughJson(Buffer.from([1, 2])) };
    const { message } = await Run.of({ newUids: 'missing' }, { payload });
    assert.deepEqual(pixelsOf(message.payload as Buffer), Buffer.from([1, 2]));
  });

  it('are a PDF or a picture, and an object to which attributes refer', async () => {
    const pdf = await Run.of({ recipe: 'encapsulated-pdf' }, { payload: throughJson(PDF), values: PATIENT });
    assert.ok((pdf.message.payload as Buffer).includes(PDF));
    await unload();
    const { payload } = await parsed();
    const { message } = await Run.of({ baseFrom: 'base' }, { payload, base: throughJson(sample) });
    assert.deepEqual(pixelsOf(message.payload as Buffer), pixelsOf(sample));
  });

  it('are an error where an attribute has no bytes', async () => {
    const payload = {
      ...image,
      PatientName: throughJson(Buffer.from('Doe')),
      PixelData: Buffer.from([1, 2]),
    };
    const { error } = await Run.of({ newUids: 'missing' }, { payload });
    assert.equal(error.code, 'DICOM_NOT_BUILT');
  });
});

describe('the recipes of the dicom node', { skip: needs('dcmtk', 'dicom3tools') }, () => {
  it('make an Encapsulated PDF, from which the PDF comes back', async () => {
    const { message } = await Run.of(
      { recipe: 'encapsulated-pdf' },
      { payload: PDF, values: { ...PATIENT, DocumentTitle: 'Befund' } },
    );
    const file = message.payload as Buffer;
    check(file);
    assert.equal(message.dicom.sopClassName, 'Encapsulated PDF Storage');
    await unload();
    const { message: read } = await Run.of({}, { payload: file });
    assert.deepEqual(read.dicom.document?.data, PDF);
    assert.equal((read.payload as Payload).CommonFields['PatientName'], 'Müller^Änne');
  });

  it('take patient and study from the message of another object', async () => {
    const { payload } = await parsed();
    const { message } = await Run.of({ recipe: 'encapsulated-pdf' }, { payload: PDF, values: payload });
    check(message.payload as Buffer);
    await unload();
    const { message: read } = await Run.of({}, { payload: message.payload });
    const [made, of] = [read.payload, payload].map((each) => (each as Payload).CommonFields);
    for (const name of ['StudyInstanceUID', 'PatientID', 'PatientName', 'AccessionNumber'])
      assert.equal(made?.[name], of?.[name], name);
    assert.notEqual(made?.['SeriesInstanceUID'], of?.['SeriesInstanceUID']);
    assert.equal(made?.['Modality'], 'DOC');
  });

  it('make a Secondary Capture of a PNG', async () => {
    const { message } = await Run.of(
      { recipe: 'secondary-capture' },
      { payload: greyPng(5, 3), values: PATIENT },
    );
    check(message.payload as Buffer);
    assert.equal(pixelsOf(message.payload as Buffer).length, 16);
    assert.equal(message.dicom.sopClassName, 'Secondary Capture Image Storage');
  });

  it('make a Secondary Capture of a JPEG, which is in it as it was', async () => {
    const jpeg = execFileSync('dcmj2pnm', ['+oj', '+Wn', SAMPLE], { maxBuffer: 10_000_000 });
    const { message } = await Run.of({ recipe: 'secondary-capture' }, { payload: jpeg, values: PATIENT });
    const file = message.payload as Buffer;
    check(file);
    assert.equal(message.dicom.transferSyntaxUID, '1.2.840.10008.1.2.4.50');
    assert(file.includes(jpeg));
    // It can be decoded by others.
    const path = join(folder, 'capture.dcm');
    writeFileSync(path, file);
    execFileSync('dcmdjpeg', [path, join(folder, 'decoded.dcm')]);
  });

  it('take base64 text of a JPEG, which begins as a path does', async () => {
    const jpeg = execFileSync('dcmj2pnm', ['+oj', '+Wn', SAMPLE], { maxBuffer: 10_000_000 });
    const payload = jpeg.toString('base64');
    assert.ok(payload.startsWith('/9j/'));
    const { message } = await Run.of(
      { recipe: 'secondary-capture', outputAs: 'base64' },
      { payload, values: PATIENT },
    );
    assert.ok(Buffer.from(String(message.payload), 'base64').includes(jpeg));
    await unload();
    // Where it is no recipe's, it is none of a path either: no system has such long ones.
    const long = Buffer.concat([jpeg, Buffer.alloc(4_096)]).toString('base64');
    const { message: passed } = await Run.of({ onInvalid: 'pass' }, { payload: long });
    assert.equal(passed.payload, long);
  });

  it('say what is wrong with a document or a picture', async () => {
    const { error } = await Run.of(
      { recipe: 'secondary-capture' },
      { payload: greyPng(5, 3).subarray(0, 50) },
    );
    assert.equal(error.code, 'DICOM_NOT_BUILT');
    await unload();
    const other = await Run.of({ recipe: 'secondary-capture' }, { payload: PDF });
    assert.equal(other.error.code, 'DICOM_INVALID');
  });
});

it('whatever a flow puts into a message, the next one has its turn', async () => {
  let deep: unknown = 1;
  for (let depth = 0; depth < 200_000; depth += 1) deep = [deep];
  isLoaded = true;
  await nodes.load([
    { id: TAB, type: 'tab', label: TAB, disabled: false, info: '' },
    flowNode('dicom', 'dicom', { ...DICOM.defaults, wires: [['out']] }),
    flowNode('catch', 'catch', { scope: null, uncaught: false, wires: [['caught']] }),
    flowNode('out', 'helper', { wires: [] }),
    flowNode('caught', 'helper', { wires: [] }),
  ]);
  const out = nodes.inputs('out');
  const frozen = Object.freeze({ _msgid: 'frozen', payload: Buffer.from(sample) });
  for (const message of [{ payload: { PatientID: deep } }, { payload: () => 1 }, frozen])
    nodes.node('dicom').receive(message);
  nodes.node('dicom').receive({ payload: Buffer.from(sample) });
  await until(() => out.length > 0, 'the last one');
});
