import assert from 'node:assert/strict';
import { closeSync, ftruncateSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { bufferSource, readFileMeta } from '../../src/dicom';
import { openFile, type OutgoingObject, withChanges } from '../../src/object';
import { element } from '../dicom/support/encode';
import { heldMemory } from '../support/machine/garbage';
import { SAMPLE } from '../support/peers/store-client';

const folder = mkdtempSync(join(tmpdir(), 'dicom-changed-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const GIGABYTE = 1_000_000_000;
const MOST_MORE = 16_000_000;
/** Memory is measured with each of so many blocks. */
const MEASURED = 20;

/** A file with pixel data of 1 GB, which takes no room on the disk. */
function large(): string {
  const path = join(folder, 'large');
  const small = readFileSync(SAMPLE);
  const head = small.subarray(0, readFileMeta(bufferSource(small)).dataSetOffset);
  const patient = element(0x00100020, 'LO', 'P1');
  const start = Buffer.concat([head, patient, element(0x7fe00010, 'OW', '', { length: GIGABYTE })]);
  const file = openSync(path, 'w');
  writeSync(file, start);
  ftruncateSync(file, start.length + GIGABYTE);
  closeSync(file);
  return path;
}

/** Reads all of it; tells bytes, the most memory that is in use meanwhile, and CPU time. */
async function read(
  object: OutgoingObject,
): Promise<{ bytes: number; memory: number; milliseconds: number }> {
  const before = process.cpuUsage();
  let [bytes, memory, blocks] = [0, 0, 0];
  for await (const block of object.dataSet()) {
    bytes += block.length;
    blocks += 1;
    if (blocks % MEASURED === 0) memory = Math.max(memory, heldMemory());
  }
  const { user, system } = process.cpuUsage(before);
  return { bytes, memory, milliseconds: (user + system) / 1_000 };
}

describe('an object of 1 GB with changes', () => {
  it('takes the time and the memory of one without', async () => {
    const object = await openFile(large());
    const plain = await read(object);
    const changed = await withChanges(object, {
      version: 1,
      of: { sopInstanceUID: object.sopInstanceUID, size: object.size },
      operations: [{ op: 'set', path: 'PatientName', value: 'A^B' }],
    });
    const after = await read(changed);
    await changed.close();
    assert.equal(after.bytes, plain.bytes + element(0x00100010, 'PN', 'A^B ').length);
    const more = after.memory - plain.memory;
    console.log(
      `plain ${plain.milliseconds} ms, changed ${after.milliseconds} ms of CPU, ${more} bytes more`,
    );
    assert.ok(more < MOST_MORE, `${more} bytes more`);
    assert.ok(after.milliseconds < 2 * plain.milliseconds + 500, `${after.milliseconds} ms`);
  });
});
