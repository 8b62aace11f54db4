import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Receiver } from '../../src/receiver';
import { startReceiver } from '../support/workers/in-process-receiver';
import { cannotMount, mountMemoryDisk, unmount } from '../support/machine/memory-disk';
import { queuedObjects } from '../support/queues/queue-folder';
import { StoreClient, sampleInstance } from '../support/peers/store-client';
import { until } from '../support/machine/until';

const mountPoint = mkdtempSync(join(tmpdir(), 'dicom-full-'));
/** On another disk, so that what is placed does not fill this one. */
const placed = mkdtempSync(join(tmpdir(), 'dicom-placed-'));
let receiver: Receiver | undefined;
after(() => {
  for (const folder of [mountPoint, placed]) rmSync(folder, { recursive: true, force: true });
});

describe('a disk that is really full', { skip: cannotMount }, () => {
  before(() => mountMemoryDisk(mountPoint, 'size=1m'));
  after(async () => {
    await receiver?.stop(0);
    unmount(mountPoint);
  });
  const modes = ['disk', 'disk-synced'].flatMap((queue) =>
    ['none', 'file'].map((output) => ({ queue, output })),
  );
  for (const { queue, output } of modes)
    it(`${queue}, ${output === 'file' ? 'files' : 'log'}: it is answered with A700, nothing half-kept stays, and it recovers by itself`, async () => {
      const directory = join(mountPoint, `${queue}-${output}`);
      const settings = { minFreeDiskMB: '0', queue, output, directory: placed };
      const started = await startReceiver(directory, settings, { handOver: false });
      ({ receiver } = started);
      const client = await StoreClient.open(started.port);
      const statuses: number[] = [];
      for (let number = 0; number < 200 && statuses.at(-1) !== 0xa700; number += 1) {
        const { uid, dataSet } = sampleInstance(number);
        statuses.push(await client.store(uid, dataSet));
      }
      assert.equal(statuses.at(-1), 0xa700);
      assert.ok(started.events.some(({ event }) => event === 'disk-low'));
      const kept = statuses.filter((status) => status === 0).length;
      assert.ok(kept > 50);
      assert.equal(queuedObjects(directory).length, kept);

      await until(() => {
        started.delivered.splice(0).forEach(({ id }) => started.receiver.delivered(id));
        return queuedObjects(directory).length === 0;
      }, 'room');
      const { uid, dataSet } = sampleInstance(999);
      assert.equal(await client.store(uid, dataSet), 0);
      await client.release();
      await started.receiver.stop(0);
      receiver = undefined;
      rmSync(directory, { recursive: true });
    });

  it('is not let come to that, where some room is to be left', async () => {
    const started = await startReceiver(join(mountPoint, 'other'), { minFreeDiskMB: '2' });
    const client = await StoreClient.open(started.port);
    const { uid, dataSet } = sampleInstance(1);
    assert.equal(await client.store(uid, dataSet), 0xa700);
    await client.release();
    await started.receiver.stop(0);
  });
});
