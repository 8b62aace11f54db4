import assert from 'node:assert/strict';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { receiversForFile } from '../support/workers/in-process-receiver';
import { queuedObjects } from '../support/queues/queue-folder';
import { StoreClient, sampleInstance } from '../support/peers/store-client';
import { until } from '../support/machine/until';

const { folder, start, stop } = receiversForFile('not-placed');

async function send(port: number, numbers: readonly number[]): Promise<void> {
  const client = await StoreClient.open(port);
  for (const number of numbers) {
    const { uid, dataSet } = sampleInstance(number);
    assert.equal(await client.store(uid, dataSet), 0);
  }
  await client.release();
}
const numbersUpTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('objects that cannot be put in place', () => {
  it('hold up nobody else, make one error, and come when the cause is gone, in order', async () => {
    const files = folder();
    mkdirSync(files);
    // One object's folder is a file: its neighbours are not to wait for it.
    const blocked = sampleInstance(0).uid;
    writeFileSync(join(files, blocked), 'in the way');
    const directory = folder();
    const receiver = await start(directory, {
      output: 'file',
      directory: files,
      filenameTemplate: '{SOPInstanceUID}/x.dcm',
    });
    await send(receiver.port, [0, 1]);
    await until(() => receiver.delivered.length === 1, 'the one that has a place');
    assert.equal(receiver.faults.length, 1);
    const [fault] = receiver.faults;
    assert.equal(fault?.kind, 'notPlaced');
    assert.equal(fault?.values['objects'], 1);
    assert.equal(fault?.object?.patientID, '12345');
    assert.equal(fault?.object?.sopInstanceUID, blocked);
    assert.ok(!String(fault?.values['reason']).includes(blocked), 'no name below the directory');
    rmSync(join(files, blocked));
    await until(() => receiver.delivered.length === 2, 'the other one');
    assert.ok(existsSync(join(files, blocked, 'x.dcm')));
    await stop(receiver);
  });

  it('leave their places to others, a hundred of them; all come after the first success', async () => {
    const files = folder();
    writeFileSync(files, 'no directory');
    const directory = folder();
    const receiver = await start(directory, {
      output: 'file',
      directory: files,
      filenameTemplate: '{SOPInstanceUID}.dcm',
    });
    await send(receiver.port, numbersUpTo(100));
    await until(() => receiver.faults.length > 0, 'the error');
    rmSync(files);
    await send(receiver.port, [100]);
    await until(() => receiver.delivered.length >= 1, 'the new one at once', 10_000);
    await until(() => receiver.delivered.length === 101, 'all others');
    assert.equal(receiver.faults.length, 1, 'one error for all');
    const waited = receiver.delivered.slice(1).map(({ id }) => id);
    assert.ok(waited.length === 100);
    await until(() => queuedObjects(directory).length === 0, 'an empty queue');
    await stop(receiver);
  });
});
