import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Cluster } from '../support/node-red/cluster';
import type { NodeRed } from '../support/node-red/node-red';
import { needs } from '../support/machine/needs';
import { sampleInstance, StoreClient } from '../support/peers/store-client';
import { until } from '../support/machine/until';

const OBJECTS = 3;
/** The flow of the one that goes on acknowledges what it has while that of the other has it, too. */
const FLOW_SECONDS = 10;

describe('Node-REDs that share a queue, one of which is stopped', { skip: needs('postgres') }, () => {
  let cluster: Cluster;
  before(async () => {
    const settings = { maxInFlight: OBJECTS };
    cluster = await Cluster.start(2, () => settings, {}, {}, undefined, FLOW_SECONDS);
  });
  after(() => cluster.stop());

  const nodeReds = (): NodeRed[] => cluster.members.map(({ nodeRed }) => nodeRed ?? assert.fail());
  const counters = async ({ url }: NodeRed): Promise<Record<string, number>> => {
    const response = await fetch(`${url}/dicom-in/receiver/stats`);
    return ((await response.json()) as { counters: Record<string, number> }).counters;
  };
  const store = async (member: number, numbers: readonly number[]): Promise<string[]> => {
    const client = await StoreClient.open(cluster.members[member]?.port ?? 0);
    const uids: string[] = [];
    for (const number of numbers) {
      const { uid, dataSet } = sampleInstance(number);
      assert.equal(await client.store(uid, dataSet), 0);
      uids.push(uid);
    }
    await client.release();
    return uids;
  };
  const waiting = (): string => cluster.postgres.run('SELECT count(*) FROM dicom.object');
  const seen = (): [string, number][] => cluster.records().map(({ uid, redelivered }) => [uid, redelivered]);

  it('loses nothing and removes nothing twice when it goes on after its lease', async () => {
    const uids = await store(0, [1, 2, 3]);
    await until(() => seen().length === OBJECTS, 'all of them at a flow');
    const [one, two] = nodeReds();
    if (one === undefined || two === undefined) assert.fail();
    // It has all of them: they came on one association.
    const paused = Number((await counters(one))['delivered']) > 0 ? one : two;
    process.kill(paused.pid, 'SIGSTOP');
    try {
      await until(() => seen().length === 2 * OBJECTS, 'them at the other one', 90_000);
    } finally {
      process.kill(paused.pid, 'SIGCONT');
    }
    assert.deepEqual(
      seen().slice(OBJECTS),
      uids.map((uid) => [uid, 1]),
    );
    await until(() => waiting() === '0', 'them to be acknowledged');
    // Both go on, with what comes now.
    const more = [...(await store(0, [4])), ...(await store(1, [5]))];
    await until(() => waiting() === '0', 'the others to be acknowledged');
    const rest = seen().slice(2 * OBJECTS);
    assert.deepEqual(rest.map(([uid]) => uid).sort(), more);
    assert.deepEqual(
      rest.map(([, redelivered]) => redelivered),
      [0, 0],
    );
    for (const nodeRed of nodeReds()) {
      const errors = nodeRed.lines.filter((line) => line.includes('[error]'));
      assert.deepEqual(errors, []);
      assert.equal((await counters(nodeRed))['deadLetters'], 0);
    }
  });
});
