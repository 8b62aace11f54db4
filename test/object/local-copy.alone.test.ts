import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { openHandle } from '../../src/object';
import { bufferSource, readFileMeta } from '../../src/dicom';
import { MemoryQueue } from '../../src/queue';
import { fileOf, image, text } from '../dicom/deidentify/support';
import { element } from '../dicom/support/encode';
import { openFiles } from '../support/machine/open-files';

const folder = mkdtempSync(join(tmpdir(), 'temporary-'));
process.env['TMPDIR'] = folder;
after(() => rmSync(folder, { recursive: true, force: true }));

const LARGE = Buffer.concat([
  fileOf(image(text(0x00100020, 'LO', 'P-7'))),
  element(0x7fe10010, 'LO', 'ACME'),
  element(0x7fe11001, 'OB', Buffer.alloc(17_000_000, 7)),
]);

it('an object that is wanted as a whole by several is copied once, and nothing is left of the copy', async () => {
  const queue = new MemoryQueue({ maxObjects: 1, onLeftover: assert.fail });
  await queue.open();
  const { dataSetOffset } = readFileMeta(bufferSource(LARGE));
  const writer = queue.begin(LARGE.subarray(0, dataSetOffset));
  writer.append(LARGE.subarray(dataSetOffset));
  const object = await openHandle(await queue.openObject(String(await writer.complete())));
  const files = [await object.wholeFile(), ...(await Promise.all([object.wholeFile(), object.wholeFile()]))];
  assert.equal(new Set(files.map(({ source }) => source)).size, 1);
  const [{ source }] = files as [(typeof files)[0]];
  assert.ok(source.read(LARGE.length - 10, 10).equals(LARGE.subarray(-10)));
  assert.ok(openFiles(folder) <= 1);
  // Whatever ends the process now.
  if (process.platform !== 'win32') assert.deepEqual(readdirSync(folder), []);
  await object.close();
  assert.deepEqual([readdirSync(folder), openFiles(folder)], [[], 0]);
});
