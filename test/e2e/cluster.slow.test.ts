import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Cluster } from '../support/node-red/cluster';
import { needs } from '../support/machine/needs';
import { sampleInstance, StoreClient } from '../support/peers/store-client';
import { until } from '../support/machine/until';
import { PACKAGE_DIR } from '../support/package/package-dir';

describe('Node-REDs that share a queue', { skip: needs('postgres') }, () => {
  let cluster: Cluster;
  const root = mkdtempSync(join(tmpdir(), 'dicom-cluster-files-'));
  const sharedDirectory = mkdtempSync(join(root, 'shared-'));
  before(async () => {
    cluster = await Cluster.start(
      2,
      (member) => ({ respond: 'processed', role: member === 0 ? 'receive' : 'deliver' }),
      { status: 'custom', customStatus: 'C123' },
      { sharedDirectory, sharedDirectoryFromMB: 0 },
    );
  });
  after(async () => {
    await cluster.stop();
    rmSync(root, { recursive: true, force: true });
  });

  /** Objects in the shared directory. */
  const files = (): string[] =>
    readdirSync(sharedDirectory, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.dcm'),
    );

  const member = (index: number): Cluster['members'][number] => cluster.members[index] ?? assert.fail();
  const stats = async (index: number): Promise<{ delivering?: true; counters: Record<string, number> }> =>
    (await fetch(`${member(index).nodeRed?.url}/dicom-in/receiver/stats`)).json() as never;

  it('the sender, at one, hears what the flow of another says; that is no dead letter', async () => {
    const client = await StoreClient.open(member(0).port);
    const { uid, dataSet } = sampleInstance(1);
    assert.equal(await client.store(uid, dataSet), 0xc123);
    await client.release();
    assert.deepEqual(
      cluster.records().map((record) => [record.uid, record.redelivered]),
      [[uid, 0]],
    );
    await until(async () => (await stats(1)).counters['queued'] === 0, 'the queue to be empty');
    assert.equal((await stats(1)).counters['deadLetters'], 0);
    assert.equal((await stats(1)).delivering, true);
    assert.equal((await stats(0)).counters['associations'], 1);
    await until(async () => (await stats(0)).counters['queued'] === 0, 'the other to know that');
  });

  it('export at each machine all metrics that are to be watched', async () => {
    const page = readFileSync(join(PACKAGE_DIR, 'docs', 'scaling.md'), 'utf8');
    const section = /## What to watch\n([^]*?)\n## /.exec(page)?.[1] ?? '';
    const names = new Set(section.match(/dicom_in_\w+/g));
    assert.ok(names.size >= 8, String([...names]));
    for (const index of [0, 1]) {
      let text = '';
      // It is looked for every few seconds.
      await until(async () => {
        text = await (await fetch(`${member(index).nodeRed?.url}/dicom-in/metrics`)).text();
        return text.includes('dicom_in_queue_leases{');
      }, 'what is told of the shared queue');
      for (const name of names)
        assert.match(text, new RegExp(`^${name}\\{id="receiver",name="",queue="main"\\} \\d`, 'm'));
      const where = `database postgres at 127.0.0.1:${cluster.postgres.port}, schema dicom`;
      assert.ok(
        member(index).nodeRed?.lines.some((line) =>
          line.includes(`uses the shared queue main in the ${where}`),
        ),
      );
    }
  });

  it('refuse while their database is away, and go on by themselves', async () => {
    const client = await StoreClient.open(member(0).port);
    const { uid, dataSet } = sampleInstance(2);
    await cluster.postgres.crash();
    assert.equal(await client.store(uid, dataSet), 0xa700);
    await member(0).nodeRed?.waitForLine(/database of the shared queue cannot be used/);
    await cluster.postgres.again();
    await until(async () => {
      const status = await client.store(uid, dataSet);
      assert.ok([0xa700, 0xc123].includes(status), String(status));
      return status === 0xc123;
    }, 'an object to be taken');
    await client.release();
    const { nodeRed } = member(0);
    await nodeRed?.waitForLine(/database of the shared queue can be used again/);
    const health = await fetch(`${nodeRed?.url}/dicom-in/receiver/health`);
    assert.equal(health.status, 200);
    await until(() => files().length === 0, 'the files to be removed');
  });

  it('refuse while their shared directory is away, and go on by themselves', async () => {
    const client = await StoreClient.open(member(0).port);
    const { uid, dataSet } = sampleInstance(3);
    const { nodeRed } = member(0);
    renameSync(sharedDirectory, `${sharedDirectory}-away`);
    assert.equal(await client.store(uid, dataSet), 0xa700);
    await nodeRed?.waitForLine(/The shared directory .* of the queue is not there/);
    const health = async (): Promise<number> =>
      (await fetch(`${nodeRed?.url}/dicom-in/receiver/health`)).status;
    assert.equal(await health(), 503);
    renameSync(`${sharedDirectory}-away`, sharedDirectory);
    await until(async () => (await client.store(uid, dataSet)) === 0xc123, 'an object to be taken');
    assert.equal(await health(), 200);
    await client.release();
    await until(() => files().length === 0, 'the files to be removed');
  });
});
