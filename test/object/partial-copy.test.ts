import assert from 'node:assert/strict';
import { it } from 'node:test';
import { bufferSource, parseDataSet, readFileMeta, valuesOfKeyword } from '../../src/dicom';
import { openHandle, whileFetching } from '../../src/object';
import { MemoryQueue, type ObjectHandle } from '../../src/queue';
import { fileOf, image, text } from '../dicom/deidentify/support';
import { element } from '../dicom/support/encode';

const PIXELS = element(0x7fe11001, 'OB', Buffer.alloc(20_000_000, 7));
const BEHIND = element(0x7fe11002, 'LO', 'behind it');
const LARGE = Buffer.concat([
  fileOf(image(text(0x00100020, 'LO', 'P-7'))),
  element(0x7fe10010, 'LO', 'ACME'),
  PIXELS,
  BEHIND,
]);

/** @param blocks what happens to those who read all of it */
async function handleOf(
  file: Buffer,
  fetched: number[],
  blocks?: ObjectHandle['blocks'],
): Promise<ObjectHandle> {
  const queue = new MemoryQueue({ maxObjects: 1, onLeftover: assert.fail });
  await queue.open();
  const { dataSetOffset } = readFileMeta(bufferSource(file));
  const writer = queue.begin(file.subarray(0, dataSetOffset));
  writer.append(file.subarray(dataSetOffset));
  const handle = await queue.openObject(String(await writer.complete()));
  const readUncompared: ObjectHandle['readUncompared'] = (offset, length) => {
    fetched.push(length);
    return handle.readUncompared(offset, length);
  };
  return { ...handle, readUncompared, ...(blocks && { blocks }) };
}

it('a large object of a queue is read in the parts that somebody looks at, and not as a whole', async () => {
  const fetched: number[] = [];
  const handle = await handleOf(LARGE, fetched, () => assert.fail('all of it is read'));
  const object = await openHandle(handle, true);
  const id = await whileFetching(async () => {
    const { source, offset } = await object.wholeFile();
    const parsed = parseDataSet(source, { transferSyntaxUID: object.transferSyntaxUID, offset });
    assert.equal(parsed.root.elements.length > 5, true);
    assert.ok(source.read(source.size - BEHIND.length, BEHIND.length).equals(BEHIND));
    return valuesOfKeyword(parsed, 'PatientID');
  });
  assert.deepEqual(id, ['P-7']);
  assert.ok(fetched.length < 8 && fetched.reduce((sum, each) => sum + each, 0) < 500_000, String(fetched));
  const { compare } = await object.wholeFile();
  await assert.rejects(compare(), /all of it is read/);
  await object.close();
});

it('a large object of which many parts are looked at is copied', async () => {
  const fetched: number[] = [];
  const object = await openHandle(await handleOf(LARGE, fetched), true);
  const bytes = await whileFetching(async () => {
    const { source } = await object.wholeFile();
    return Array.from({ length: 2_000 }, (_, index) => source.read(index * 10_000, 10));
  });
  bytes.forEach((each, index) => assert.ok(each.equals(LARGE.subarray(index * 10_000, index * 10_000 + 10))));
  assert.ok(fetched.length < 20, String(fetched.length));
  await object.close();
});

it('long parts come in pieces, one after the other; who reads them to and fro gets a copy', async () => {
  const fetched: number[] = [];
  const copied: number[] = [];
  const handle = await handleOf(LARGE, fetched, async function* () {
    copied.push(fetched.length);
    yield* plain.blocks();
  });
  const plain = await handleOf(LARGE, []);
  const object = await openHandle(handle, true);
  const length = 5_000_000;
  for (const offset of [0, length, 2 * length]) {
    const part = await whileFetching(async () => (await object.wholeFile()).source.read(offset, length));
    assert.ok(part.equals(LARGE.subarray(offset, offset + length)));
  }
  assert.deepEqual(copied, []);
  assert.ok(Math.max(...fetched) < 3_000_000);
  const both = await whileFetching(async () => {
    const { source } = await object.wholeFile();
    return [source.read(0, length), source.read(length, length)];
  });
  assert.ok(Buffer.concat(both).equals(LARGE.subarray(0, 2 * length)));
  assert.equal(copied.length, 1);
  await object.close();
  plain.close();
});
