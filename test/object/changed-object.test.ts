import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import {
  bufferSource,
  type ChangeOperation,
  DicomError,
  encodeFileMeta,
  parseDataSet,
  readFileMeta,
  recode,
  valuesOfKeyword,
} from '../../src/dicom';
import {
  ObjectChanged,
  openBytes,
  openFile,
  openHandle,
  type OutgoingObject,
  withChanges,
} from '../../src/object';
import { MemoryQueue } from '../../src/queue';
import { decompress, isDecompressible } from '../../src/transcode';
import { text } from '../dicom/deidentify/support';
import { element, item } from '../dicom/support/encode';
import { BIG_ENDIAN, DEFLATED, EXPLICIT, IMPLICIT } from '../dicom/support/convert-elements';
import { corpusObjects } from '../dicom/support/corpus-objects';
import { allOf, recodedFile } from '../dicom/write/support';
import { SAMPLE, SAMPLE_UID } from '../support/peers/store-client';

const folder = mkdtempSync(join(tmpdir(), 'dicom-changed-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const NAME: ChangeOperation = { op: 'set', path: 'PatientName', value: 'New^Name' };
const NEW_UID: ChangeOperation = { op: 'set', path: 'SOPInstanceUID', value: '1.2.3.4' };

const changesOf = ({ sopInstanceUID, size }: OutgoingObject, ...operations: ChangeOperation[]): object => ({
  version: 1,
  of: { sopInstanceUID, size },
  operations,
});

const bytesOf = async (object: OutgoingObject): Promise<Buffer> => allOf(object.dataSet());

function valueOf(dataSet: Buffer, transferSyntaxUID: string, keyword: string): unknown {
  const [value] = valuesOfKeyword(parseDataSet(bufferSource(dataSet), { transferSyntaxUID }), keyword);
  return value;
}

async function fromQueue(file: Buffer): Promise<OutgoingObject> {
  const queue = new MemoryQueue({ maxObjects: 1, onLeftover: assert.fail });
  await queue.open();
  const { dataSetOffset } = readFileMeta(bufferSource(file));
  const writer = queue.begin(file.subarray(0, dataSetOffset));
  writer.append(file.subarray(dataSetOffset));
  const id = await writer.complete();
  return openHandle(await queue.openObject(String(id)));
}

/** A directory of a medium: a record tells where another one begins in the file (PS3.3 F.3.2.2). */
function directory(): Buffer {
  const records = [text(0x00041400, 'UL', Buffer.alloc(4)), text(0x00100010, 'PN', 'Old^Name')];
  const head = encodeFileMeta({
    sopClassUID: '1.2.840.10008.1.3.10',
    sopInstanceUID: '1.2.3',
    transferSyntaxUID: EXPLICIT,
    implementationClassUID: '1.2.4',
    implementationVersionName: 'TEST',
  });
  return Buffer.concat([head, element(0x00041220, 'SQ', item(...records))]);
}

describe('an object with changes', () => {
  it('that is a directory of a medium is not changed where that would move its records', async () => {
    const file = directory();
    const setName = async (value: string): Promise<Buffer> => {
      const object = await openBytes(file);
      const path = 'DirectoryRecordSequence[0].PatientName';
      const changed = await withChanges(object, changesOf(object, { op: 'set', path, value }));
      return bytesOf(changed);
    };
    await assert.rejects(setName('Another^Name'), { code: 'cannot-change', message: /DICOMDIR/ });
    assert.ok((await setName('New^Name')).includes('New^Name'));
  });

  it('is the same from a file, from a queue and from memory', async () => {
    const file = readFileSync(SAMPLE);
    const results: Buffer[] = [];
    for (const open of [() => openFile(SAMPLE), () => openBytes(file), () => fromQueue(file)]) {
      const object = await open();
      const changed = await withChanges(object, changesOf(object, NAME, NEW_UID));
      assert.equal(changed.sopInstanceUID, '1.2.3.4');
      assert.equal(changed.sopClassUID, object.sopClassUID);
      const dataSet = await bytesOf(changed);
      assert.equal(dataSet.length, changed.size);
      const whole = await changed.wholeFile();
      const all = whole.source.read(0, whole.source.size);
      const meta = readFileMeta(bufferSource(all));
      assert.equal(meta.sopInstanceUID, '1.2.3.4');
      assert.equal(meta.dataSetOffset, whole.offset);
      assert.ok(all.subarray(whole.offset).equals(dataSet));
      assert.equal(valueOf(dataSet, EXPLICIT, 'PatientName') !== undefined, true);
      results.push(dataSet);
      await changed.close();
    }
    const [first, ...others] = results;
    for (const other of others) assert.ok(first?.equals(other));
  });

  it('is the object itself where nothing changes, with every byte of its file', async () => {
    const file = readFileSync(SAMPLE);
    for (const operations of [[], [{ op: 'set', path: 'SOPInstanceUID', value: SAMPLE_UID } as const]]) {
      const object = await openBytes(file);
      const same = await withChanges(object, changesOf(object, ...operations));
      const { source } = await same.wholeFile();
      assert.ok(source.read(0, source.size).equals(file));
    }
  });

  it('keeps what its meta information has beside that', async () => {
    const bytes = readFileSync(SAMPLE);
    const { dataSetOffset, ...meta } = readFileMeta(bufferSource(bytes));
    const head = encodeFileMeta({
      ...meta,
      sourceAET: 'SCANNER',
      privateInformation: { creatorUID: '1.2.3', bytes: Buffer.from('kept') },
    });
    head.write('preamble', 0);
    const object = await openBytes(Buffer.concat([head, bytes.subarray(dataSetOffset)]));
    const changed = await withChanges(object, changesOf(object, NEW_UID));
    const { source, offset } = await changed.wholeFile();
    const after = readFileMeta(source);
    assert.deepEqual(
      [
        after.sourceAET,
        after.privateInformation?.bytes.toString(),
        after.sopInstanceUID,
        after.transferSyntaxUID,
      ],
      ['SCANNER', 'kept', '1.2.3.4', meta.transferSyntaxUID],
    );
    assert.equal(source.read(0, 8).toString(), 'preamble');
    assert.equal(source.read(140, 4).readUInt32LE(), offset - 144);
  });

  it('that is another one than the changes are for, by UID or by size, is none', async () => {
    for (const of of [
      { sopInstanceUID: '1.2.9', size: 1 },
      { sopInstanceUID: SAMPLE_UID, size: 1 },
    ]) {
      await assert.rejects(
        withChanges(await openFile(SAMPLE), { version: 1, of, operations: [NAME] }),
        (error) => error instanceof DicomError && error.code === 'not-the-object',
      );
    }
  });

  it('that is big endian or deflated becomes explicit VR little endian, and says so', async () => {
    const file = readFileSync(SAMPLE);
    for (const syntax of [BIG_ENDIAN, DEFLATED]) {
      const object = await openBytes(await recodedFile(file, syntax));
      const changed = await withChanges(object, changesOf(object, NAME));
      assert.equal(changed.transferSyntaxUID, EXPLICIT);
      assert.deepEqual(
        changed.warnings?.map(({ code }) => code),
        ['recoded'],
      );
      const plain = await openBytes(file);
      const wanted = await bytesOf(await withChanges(plain, changesOf(plain, NAME)));
      assert.ok((await bytesOf(changed)).equals(wanted));
      assert.equal(readFileMeta((await changed.wholeFile()).source).transferSyntaxUID, EXPLICIT);
      const same = await withChanges(object, changesOf(object));
      assert.equal(same, object);
      await changed.close();
    }
  });

  it('is recoded and decompressed as any other', async () => {
    const object = await openFile(SAMPLE);
    const changed = await withChanges(object, changesOf(object, NAME));
    const { source, offset } = await changed.wholeFile();
    const implicit = await allOf(recode(source, { from: EXPLICIT, to: IMPLICIT, offset }).blocks());
    assert.deepEqual(valueOf(implicit, IMPLICIT, 'PatientName'), { Alphabetic: 'New^Name' });
    await changed.close();
    const rle = corpusObjects('good').find(({ path }) => {
      const { transferSyntaxUID } = readFileMeta(bufferSource(readFileSync(path)));
      return transferSyntaxUID === '1.2.840.10008.1.2.5' && isDecompressible(transferSyntaxUID);
    });
    const decoder = { decode: () => Promise.reject(new Error('RLE needs none')) };
    const decompressed = async (compressed: OutgoingObject): Promise<Buffer> => {
      const { source: file, offset: from } = await compressed.wholeFile();
      const { transferSyntaxUID } = compressed;
      return allOf(
        decompress(file, {
          from: transferSyntaxUID,
          to: EXPLICIT,
          offset: from,
          lossy: false,
          decoder,
        }).blocks(),
      );
    };
    const before = await openFile(rle?.path ?? '');
    const native = await decompressed(before);
    const afterwards = await decompressed(await withChanges(before, changesOf(before, NAME)));
    assert.deepEqual(valueOf(afterwards, EXPLICIT, 'PatientName'), { Alphabetic: 'New^Name' });
    assert.ok(afterwards.subarray(-1_000).equals(native.subarray(-1_000)));
    await before.close();
  });

  it('never comes whole where its file is written to meanwhile', async () => {
    const path = join(folder, 'written');
    // A small file is read at once. Zeros behind the last element are harmless.
    writeFileSync(path, Buffer.concat([readFileSync(SAMPLE), Buffer.alloc(300_000)]));
    const object = await openFile(path);
    const changed = await withChanges(object, changesOf(object, NAME));
    appendFileSync(path, 'more');
    await assert.rejects(bytesOf(changed), ObjectChanged);
    await changed.close();
  });
});
