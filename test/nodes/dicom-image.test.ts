import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { readPng } from '../../src/dicom/build/png';
import { DICOM_EDIT, DICOM_IMAGE, DICOM_STUDY } from '../../src/settings';
import { nativeObject, part10 } from '../image/image-object';
import { element } from '../dicom/support/encode';
import { dicomIn, flowNode, TAB } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { NodesUnderTest, type Message } from '../support/node-red/node-helper';
import { SAMPLE, SAMPLE_UID, sampleInstance, StoreClient } from '../support/peers/store-client';
import { until } from '../support/machine/until';

const nodes = new NodesUnderTest();
const sample = readFileSync(SAMPLE);
let folder: string;
let isLoaded = false;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'image-node-'));
});
afterEach(async () => {
  if (isLoaded) await nodes.unload();
  isLoaded = false;
  rmSync(folder, { recursive: true, force: true });
});

interface Caught {
  error: { code?: string; message: string };
}

/** Sends messages through one node: those that come out, and those of a Catch node. */
async function run(settings: object, ...messages: object[]): Promise<{ out: Message[]; caught: Caught[] }> {
  isLoaded = true;
  await nodes.load([
    { id: TAB, type: 'tab', label: TAB, disabled: false, info: '' },
    flowNode('image', 'dicom-image', { ...DICOM_IMAGE.defaults, ...settings, wires: [['out']] }),
    flowNode('catch', 'catch', { scope: null, uncaught: false, wires: [['caught']] }),
    flowNode('out', 'helper', { wires: [] }),
    flowNode('caught', 'helper', { wires: [] }),
  ]);
  const out = nodes.inputs('out');
  const caught = nodes.inputs('caught') as unknown as Caught[];
  for (const message of messages) nodes.node('image').receive(message as never);
  await until(() => out.length + caught.length >= messages.length, 'all messages');
  return { out, caught };
}

const codes = (caught: Caught[]): unknown[] => caught.map(({ error }) => error.code);

/** Of one row, 0 to 9. */
const ramp = (others: Buffer[] = []): Buffer =>
  nativeObject({ columns: 10, bitsAllocated: 8 }, Buffer.from([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]), others);

describe('the dicom-image node', () => {
  it('puts a picture of the object into the message, and leaves the rest as it is', async () => {
    const path = join(folder, 'sample.dcm');
    writeFileSync(path, sample);
    const dicom = { sopInstanceUID: SAMPLE_UID, acknowledgeId: 'a:b' };
    const { out, caught } = await run(
      { longestEdge: 32 },
      { payload: { any: 1 }, filename: path, dicom, other: 2 },
    );
    assert.deepEqual(caught, []);
    const [message = assert.fail()] = out;
    const { columns, rows, samples } = readPng(message['payload'] as Buffer);
    assert.deepEqual([columns, rows, samples], [32, 32, 1]);
    assert.deepEqual(message['picture'], {
      mediaType: 'image/png',
      width: 32,
      height: 32,
      frame: 1,
      frames: 1,
    });
    assert.deepEqual([message['filename'], message['dicom'], message['other']], [path, dicom, 2]);
  });

  it('takes a Buffer in msg.payload or msg.dicom.object, and gives a JPEG, a data URL, or another property', async () => {
    const jpeg = await run(
      { format: 'jpeg', property: 'picture.data' },
      { payload: 'kept', dicom: { object: ramp() } },
    );
    assert.deepEqual(jpeg.caught, []);
    const { payload, picture } = jpeg.out[0] as {
      payload: string;
      picture: { mediaType: string; data: Buffer };
    };
    assert.deepEqual([payload, picture.mediaType], ['kept', 'image/jpeg']);
    assert.deepEqual([...picture.data.subarray(0, 2)], [0xff, 0xd8]);
    await nodes.unload();
    const url = await run({ format: 'data-url' }, { payload: ramp() });
    const text = String(url.out[0]?.['payload']);
    assert.match(text, /^data:image\/png;base64,/);
    assert.deepEqual(
      [...readPng(Buffer.from(text.split(',')[1] ?? '', 'base64')).data],
      [...Array(10).keys()],
    );
  });

  it('does what msg.image says, and says what it does not understand', async () => {
    const image = { window: 'given', windowCenter: 5, windowWidth: 1, longestEdge: 0 };
    const { out, caught } = await run(
      {},
      { payload: ramp(), image },
      { payload: ramp(), image: { frame: 0 } },
      { payload: ramp(), image: { frame: 2 } },
      { payload: ramp(), image: 'big' },
    );
    const { data } = readPng(out[0]?.['payload'] as Buffer);
    assert.deepEqual([...data], [0, 0, 0, 0, 0, 255, 255, 255, 255, 255]);
    assert.deepEqual(codes(caught), [
      'DICOM_IMAGE_NOT_UNDERSTOOD',
      'DICOM_IMAGE_NO_PICTURE',
      'DICOM_IMAGE_NOT_UNDERSTOOD',
    ]);
  });

  it('gives all frames as an array', async () => {
    const movie = nativeObject({ columns: 1, bitsAllocated: 8, frames: 3 }, Buffer.from([1, 2, 3]));
    const { out } = await run({ frame: 'all' }, { payload: movie });
    const pictures = out[0]?.['payload'] as Buffer[];
    assert.deepEqual(
      pictures.map((each) => readPng(each).data[0]),
      [1, 2, 3],
    );
    assert.deepEqual(
      (out[0]?.['picture'] as { frame: number }[]).map(({ frame }) => frame),
      [1, 2, 3],
    );
  });

  it('shows the object with its pending changes', async () => {
    const object = ramp([element(0x00281050, 'DS', '5 '), element(0x00281051, 'DS', '1 ')]);
    const size = object.length - object.indexOf(Buffer.from([8, 0, 0x16, 0, 0x55, 0x49]));
    const changes = {
      version: 1,
      of: { sopInstanceUID: '2.25.1', size },
      operations: [{ op: 'set', path: 'WindowCenter', value: 8 }],
    };
    const wrong = { ...changes, of: { ...changes.of, size: 1 } };
    const { out, caught } = await run(
      {},
      { dicom: { object, changes } },
      { dicom: { object, changes: wrong } },
    );
    const { data } = readPng(out[0]?.['payload'] as Buffer);
    assert.deepEqual([...data], [0, 0, 0, 0, 0, 0, 0, 0, 255, 255]);
    assert.deepEqual(codes(caught), ['DICOM_IMAGE_NOT_THE_OBJECT']);
  });

  it('says why there is no picture', async () => {
    const report = part10(element(0x0040a730, 'SQ', Buffer.alloc(0)));
    const { caught } = await run(
      {},
      { payload: report },
      { payload: { any: 1 } },
      { filename: join(folder, 'none.dcm') },
      { payload: Buffer.from('no DICOM') },
      { dicom: { queueId: 'gone:1' } },
      { dicom: { object: ramp(), sopInstanceUID: '1.2.3' } },
    );
    assert.deepEqual(codes(caught), [
      'DICOM_IMAGE_NO_PICTURE',
      'DICOM_IMAGE_NO_OBJECT',
      'DICOM_IMAGE_NOT_READ',
      'DICOM_IMAGE_NOT_READ',
      'DICOM_IMAGE_OBJECT_GONE',
      'DICOM_IMAGE_NOT_THE_OBJECT',
    ]);
    // A path may be named after a patient.
    assert.doesNotMatch(JSON.stringify(caught.map(({ error }) => (error as Error).message)), /none\.dcm/);
  });

  it('gives a PDF as it is', async () => {
    const pdf = Buffer.from('%PDF-1.4 any');
    const object = part10(
      Buffer.concat([element(0x00420011, 'OB', pdf), element(0x00420012, 'LO', 'application/pdf ')]),
    );
    const { out } = await run({ format: 'jpeg' }, { payload: object });
    assert.deepEqual(out[0]?.['payload'], pdf);
    assert.deepEqual(out[0]?.['picture'], { mediaType: 'application/pdf' });
  });

  it('makes one picture for each series of a study', async () => {
    const file = (name: string, value: number): string => {
      const path = join(folder, name);
      writeFileSync(path, nativeObject({ columns: 1, bitsAllocated: 8 }, Buffer.from([value])));
      return path;
    };
    const instances = [3, 1, 2].map((number) => ({
      SOPInstanceUID: '2.25.1',
      InstanceNumber: number,
      filename: file(`${number}.dcm`, number * 10),
    }));
    const report = join(folder, 'sr.dcm');
    writeFileSync(report, part10(element(0x0040a730, 'SQ', Buffer.alloc(0))));
    const study = {
      StudyInstanceUID: '1.2',
      series: [
        { SeriesInstanceUID: '1.2.1', Modality: 'CT', instances },
        {
          SeriesInstanceUID: '1.2.2',
          Modality: 'SR',
          instances: [{ SOPInstanceUID: '2.25.1', file: report }],
        },
        { SeriesInstanceUID: '1.2.3', Modality: 'MR', instances: [] },
      ],
    };
    const { out, caught } = await run({ frame: 'middle' }, { payload: study, topic: '1.2' });
    assert.deepEqual(caught, []);
    const [ct, sr, mr] = out[0]?.['payload'] as Record<string, unknown>[];
    assert.deepEqual([ct?.['SeriesInstanceUID'], ct?.['Modality']], ['1.2.1', 'CT']);
    assert.deepEqual([...readPng(ct?.['data'] as Buffer).data], [20]);
    assert.deepEqual([sr?.['code'], sr?.['data']], ['DICOM_IMAGE_NO_PICTURE', undefined]);
    assert.equal(typeof sr?.['reason'], 'string');
    assert.equal(typeof mr?.['reason'], 'string');
    assert.equal(out[0]?.['topic'], '1.2');
  });

  it('leaves out of a study what would make its message too large', async () => {
    const path = join(folder, 'large.dcm');
    const pdf = Buffer.concat([Buffer.from('%PDF-1.4'), Buffer.alloc(29_999_992)]);
    writeFileSync(
      path,
      part10(Buffer.concat([element(0x00420011, 'OB', pdf), element(0x00420012, 'LO', 'application/pdf ')])),
    );
    const series = [1, 2, 3, 4, 5].map((number) => ({
      SeriesInstanceUID: `1.2.${number}`,
      instances: [{ SOPInstanceUID: '2.25.1', filename: path }],
    }));
    const { out } = await run({}, { payload: { StudyInstanceUID: '1.2', series } });
    const shown = out[0]?.['payload'] as { data?: Buffer; code?: string }[];
    assert.deepEqual(
      shown.map(({ data, code }) => [data?.length, code]),
      [...Array.from({ length: 4 }, () => [pdf.length, undefined]), [undefined, 'DICOM_IMAGE_NO_PICTURE']],
    );
  });

  it('shows what a receiver took, an edit changes and dicom-study collects: objects of a queue', async () => {
    const port = await freePort();
    isLoaded = true;
    await nodes.load([
      { id: TAB, type: 'tab', label: TAB, disabled: false, info: '' },
      dicomIn('receiver', port, [['edit']], { acknowledge: true, includeTagsNode: false }),
      flowNode('edit', 'dicom-edit', {
        ...DICOM_EDIT.defaults,
        // All that is above 100 becomes white, and else black.
        rules: [
          { op: 'set', path: 'WindowCenter', value: '100', valueType: 'str' },
          { op: 'set', path: 'WindowWidth', value: '1', valueType: 'str' },
        ],
        wires: [['study']],
      }),
      flowNode('study', 'dicom-study', {
        ...DICOM_STUDY.defaults,
        version: 1,
        idleSeconds: '1',
        wires: [['image']],
      }),
      flowNode('image', 'dicom-image', { ...DICOM_IMAGE.defaults, wires: [['out']] }),
      flowNode('out', 'helper', { wires: [] }),
    ]);
    const out = nodes.inputs('out');
    let client: StoreClient | undefined;
    await until(async () => {
      client = await StoreClient.open(port).catch(() => undefined);
      return client !== undefined;
    }, 'the receiver listens');
    for (const number of [2, 1]) {
      const { uid, dataSet } = sampleInstance(number);
      assert.equal(await client?.store(uid, dataSet), 0);
    }
    await client?.release();
    await until(() => out.length > 0, 'a study');
    const [entry = assert.fail(), ...others] = out[0]?.['payload'] as Record<string, unknown>[];
    assert.deepEqual([others.length, entry['Modality'], entry['reason']], [0, 'CT', undefined]);
    const values = new Set(readPng(entry['data'] as Buffer).data);
    assert.deepEqual([...values].sort(), [0, 255]);
    const { acknowledgeId } = out[0]?.['dicom'] as { acknowledgeId?: string };
    assert.equal(typeof acknowledgeId, 'string', 'it is acknowledged by who comes after');
  });

  it('does nothing with wrong settings', async () => {
    const { caught } = await run({ window: 'given', windowCenter: '40' }, { payload: ramp() });
    // Once when the flows start, and for the message.
    await until(() => caught.length === 2, 'both');
    assert.deepEqual(codes(caught), ['DICOM_IMAGE_SETTINGS_INVALID', 'DICOM_IMAGE_SETTINGS_INVALID']);
  });
});
