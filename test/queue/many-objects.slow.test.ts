import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { DiskQueue } from '../../src/queue';
import { next, put } from '../support/queues/disk-queue';
import { heldMemory } from '../support/machine/garbage';

const queueIn = (directory: string): DiskQueue =>
  new DiskQueue({
    directory,
    maxObjects: 1_000_000,
    synced: true,
    minFreeBytes: 0,
    onLeftover: (error) => assert.fail(error),
  });

it('a disk queue opens with 100 000 objects at once, without reading them', async (test) => {
  const directory = mkdtempSync(join(tmpdir(), 'dicom-many-'));
  after(() => rmSync(directory, { recursive: true, force: true }));
  const queue = queueIn(directory);
  await queue.open();
  await put(queue, 'real');
  const { id } = (await next(queue)) ?? assert.fail();
  queue.close();
  const [run = ''] = id.split('-');
  for (let number = 2; number <= 100_000; number += 1) {
    const name = `${run}-${String(number + 10).padStart(10, '0')}-0.dcm`;
    closeSync(openSync(join(directory, name), 'w'));
  }
  const before = heldMemory();
  const reopened = queueIn(directory);
  await reopened.open();
  assert.equal(reopened.size, 100_000);
  const held = heldMemory() - before;
  test.diagnostic(`${Math.round(held / 1e6)} MB`);
  assert.ok(held < 100e6, `${held} bytes`);
  assert.equal((await next(reopened))?.id, id);
});
