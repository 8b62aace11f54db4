import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { REAL_CLOCK, type StudyFiring } from '../../src/study';
import { needs } from '../support/machine/needs';
import { crashQueue, openQueue } from '../support/queues/postgres-queue';
import { until } from '../support/machine/until';
import { firingsOf, onlyFiringOf, SharedBench, type Instance } from './shared-support';
import { listed } from './support';

const IDLE = 60_000;
/** `npm run soak` runs more. */
const ROUNDS = Number(process.env['SOAK_ROUNDS'] ?? 2);
const DONE = { status: 0 };

describe('studies of several instances', { skip: needs('postgres') }, () => {
  let bench: SharedBench;
  before(async () => {
    bench = await SharedBench.start();
  });
  afterEach(() => bench.closeAll());
  after(() => bench.end());

  it('keep changes, each its own, equal ones once at each instance, and not too many', async () => {
    const [a, b, c] = await bench.three();
    const changes = (value: string): object => ({
      version: 1,
      of: { sopInstanceUID: '1', size: 100 },
      operations: [{ op: 'set', path: 'PatientID', value }],
    });
    const add = ({ studies }: Instance, uid: string, value: string): Promise<void> =>
      studies.add(bench.object('1', uid, { changes: changes(value) as never }));
    await add(a, '1.1', 'one');
    await add(a, '1.2', 'one');
    await add(b, '1.3', 'one');
    await add(b, '1.4', 'two');
    await add(c, '1.5', 'x'.repeat(4_100_000));
    await assert.rejects(add(c, '1.6', 'y'.repeat(4_100_000)), { name: 'ChangesTooLarge' });
    await add(c, '1.7', 'x'.repeat(4_100_000));
    await bench.pass(IDLE);
    const { listing } = onlyFiringOf([a, b, c]);
    const values = listing.payload.series.flatMap(({ instances }) =>
      instances.map(({ SOPInstanceUID, changes: its }) => [
        SOPInstanceUID,
        String((its?.operations[0] as { value?: unknown } | undefined)?.value).slice(0, 3),
      ]),
    );
    assert.deepEqual(Object.fromEntries(values), {
      '1.1': 'one',
      '1.2': 'one',
      '1.3': 'one',
      '1.4': 'two',
      '1.5': 'xxx',
      '1.7': 'xxx',
    });
    await add(c, '1.8', 'x'.repeat(4_100_000));
  });

  it('go on when the database is back', async () => {
    const [a, b] = await bench.open(2);
    if (a === undefined || b === undefined) return assert.fail();
    await bench.add(a, '1', '1.1');
    await bench.postgres.crash();
    await assert.rejects(bench.add(b, '1', '1.2'), { name: 'DatabaseFailed' });
    await bench.postgres.again();
    await bench.add(b, '1', '1.3');
    // Sessions may have ended meanwhile.
    await until(async () => {
      await bench.pass(IDLE);
      return firingsOf([a, b]).length > 0;
    }, 'the message');
    assert.deepEqual(
      firingsOf([a, b]).map((firing) => listed(firing).sort()),
      [['1.1', '1.3']],
    );
    const errors = [a, b].flatMap((each) => each.errors);
    assert.equal(
      errors.every(({ name }) => name === 'DatabaseFailed'),
      true,
    );
  });

  it("are nobody else's while their instance lives, and are dropped by one whose session has ended", async () => {
    const [a, b, c] = await bench.three();
    await bench.add(a, '1', '1.1');
    await bench.pass(IDLE);
    const sender = [a, b, c].find(({ firings }) => firings.length > 0) ?? assert.fail();
    const others = [a, b, c].filter((each) => each !== sender);
    const [group = assert.fail()] = sender.studies['groups'];
    const { session } = sender.studies['state']['link'] ?? assert.fail();
    // It is paused for longer than its session lives.
    session.stop();
    bench.endSession(session.number);
    for (const { studies } of others) await studies.tick();
    for (const { studies } of others) await studies['work'].settled();
    assert.equal(onlyFiringOf(others).redelivered, 1);
    // It goes on where it was.
    session.lease.extendTo(-Infinity);
    Object.assign(session, { isStopped: false });
    for (const firing of group.firings.values()) sender.studies['work'].emit(group, firing);
    await sender.studies['work'].settled();
    assert.equal(sender.firings.length, 1);
    session.beatSoon();
    await until(() => sender.studies['groups'].length === 0, 'it to know that');
  });

  it('keep objects that an instance that is gone had parked for them', async () => {
    const [{ studies } = assert.fail()] = await bench.open(1);
    const owner = `${studies['options'].nodeId}/shared-0123456789abcdef-1`;
    const gone = await openQueue(bench.postgres, join(bench['directory'], 'gone'), { leaseSeconds: 2 });
    const ids: string[] = [];
    for (const each of [owner, 'other']) {
      const id = await gone.begin(Buffer.from('object')).complete();
      ids.push(id);
      assert.equal(await gone.park(id, each), true);
    }
    await crashQueue(gone);
    bench.postgres.run(
      `UPDATE dicom.session SET until = clock_timestamp() - interval '1 hour' WHERE queue = 'main'`,
    );
    // The queue of the instance.
    const queue = await openQueue(bench.postgres, join(bench['directory'], '0'), { leaseSeconds: 2 });
    assert.deepEqual(await queue.owners(), []);
    studies['sweepAt'] = 0;
    await studies.tick();
    assert.deepEqual(await queue.owners(), [owner]);
    await queue['db'].sweeper.sweep();
    assert.deepEqual(await queue.parked(), [{ id: ids[0], owners: [owner] }]);
    await queue.close();
  });

  it(`are one firing of exactly what came, whatever instance is killed when (${ROUNDS} rounds)`, async (test) => {
    const idleMs = 1_000;
    let [kills, again] = [0, 0];
    for (let round = 0; round < ROUNDS; round += 1) {
      const instances: (Instance | undefined)[] = await bench.open(3, { idleMs }, REAL_CLOCK);
      const dead: Instance[] = [];
      const expected = new Map<string, string[]>();
      let isSending = true;
      const send = async (study: string): Promise<void> => {
        const uids = Array.from({ length: 25 }, (_, at) => `${study}.${at}`);
        expected.set(study, uids);
        for (const uid of uids) {
          const object = bench.object(study, uid);
          bench.queues.waiting.add(study);
          for (let isRedelivered = false, isTaken = false; !isTaken; isRedelivered = true) {
            const instance = instances[Math.floor(Math.random() * 3)];
            try {
              await instance?.studies.add({ ...object, isRedelivered });
              isTaken = instance !== undefined;
            } catch (error) {
              // Its instance was killed: the queue delivers it again.
              assert.equal((error as Error).name, 'DatabaseFailed');
            }
          }
          bench.queues.waiting.delete(study);
          await wait(Math.random() * 40);
        }
      };
      const disturb = async (): Promise<void> => {
        while (isSending) {
          await wait(200 + Math.random() * 400);
          const at = Math.floor(Math.random() * 3);
          const killed = instances[at];
          if (killed === undefined) continue;
          kills += 1;
          instances[at] = undefined;
          dead.push(killed);
          await bench.kill(killed);
          instances[at] = await bench.openOne(`${at}`, { idleMs }, REAL_CLOCK);
        }
      };
      const firings = (): StudyFiring[] => firingsOf([...dead, ...instances.flatMap((each) => each ?? [])]);
      const disturbing = disturb();
      await Promise.all(['1', '2', '3'].map((study) => send(`${round}.${study}`)));
      await until(() => new Set(firings().map(({ id }) => id)).size >= 3, 'all messages');
      isSending = false;
      await disturbing;
      for (const { id } of firings()) await instances[0]?.studies.acknowledge(id, DONE);
      await until(() => bench.queues.parked.size === 0, 'all objects to be let go');
      const byId = new Map<string, string[]>();
      for (const firing of firings()) {
        const uids = listed(firing).sort();
        const before = byId.get(firing.id);
        if (before !== undefined) {
          again += 1;
          assert.deepEqual(uids, before);
        }
        byId.set(firing.id, uids);
      }
      assert.deepEqual(
        [...byId.values()].map((uids) => uids.join()).sort(),
        [...expected.values()].map((uids) => uids.sort().join()).sort(),
      );
      // Whoever does not say that it may have been sent before was the first.
      for (const id of byId.keys())
        assert.ok(firings().filter((each) => each.id === id && each.redelivered === 0).length <= 1);
      await bench.closeAll();
    }
    test.diagnostic(`${kills} kills, ${again} messages sent again`);
  });
});
