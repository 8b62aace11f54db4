import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { Delivery } from '../../../src/delivery';
import type { FlowMessage } from '../../../src/message';
import { encodeHead } from '../../../src/object';
import type { PostgresQueue, PostgresQueueOptions } from '../../../src/queue';
import { loadClient } from '../../../src/queue/postgres/database/client';
import type { Link } from '../../../src/queue/postgres/link';
import { instanceName } from '../../../src/queue/postgres/session/instance-name';
import { DICOM_IN } from '../../../src/settings';
import { ENVELOPE } from '../../support/objects/envelope';
import { clockOff } from '../../support/machine/fake-clock';
import { needs } from '../../support/machine/needs';
import { Postgres } from '../../support/queues/postgres';
import { databaseOf, openQueue } from '../../support/queues/postgres-queue';
import { LEASE_SECONDS, QueueProcess, queueRecords, type QueueRecord } from './queue-process';
import { padded, sampleInstance } from '../../support/peers/store-client';
import { until } from '../../support/machine/until';

/** So many objects come on an association, so many associations are open at a time, and so long passes between its objects. */
const OBJECTS = 20;
const ASSOCIATIONS = 4;
const BETWEEN_MS = 60;
const HOUR_MS = 3_600_000;

async function put(queue: PostgresQueue, number: number, association: string, bytes = 0): Promise<string> {
  const { uid, dataSet } = sampleInstance(number);
  const writer = queue.begin(encodeHead({ ...ENVELOPE, sopInstanceUID: uid }));
  writer.append(bytes === 0 ? dataSet : padded(dataSet, bytes));
  await writer.complete({ studyInstanceUID: '1.2.3', association });
  return uid;
}

describe('a queue in PostgreSQL whose instances are away', { skip: needs('postgres', 'faketime') }, () => {
  const root = mkdtempSync(join(tmpdir(), 'dicom-away-'));
  let postgres: Postgres;
  /** Where objects come in, for processes that deliver them. */
  let main: PostgresQueue;
  const opened: PostgresQueue[] = [];
  const processes: QueueProcess[] = [];
  before(async () => {
    postgres = await Postgres.start();
    main = await open('main', { delivers: false });
  });
  after(async () => {
    for (const each of processes) await each.kill();
    for (const queue of opened) await queue.close();
    await postgres.stop();
    rmSync(root, { recursive: true, force: true });
  });

  const open = async (queue: string, options: Partial<PostgresQueueOptions> = {}): Promise<PostgresQueue> => {
    const instance = await openQueue(postgres, join(root, `here-${queue}`), { queue, ...options });
    opened.push(instance);
    return instance;
  };

  /** Objects come in until this is told to stop; tells then which, by association, in order. */
  let associations = 0;
  const feed = (): (() => Promise<string[][]>) => {
    const sent: string[][] = [];
    let isOver = false;
    const send = async (): Promise<void> => {
      while (!isOver) {
        const uids: string[] = [];
        sent.push(uids);
        const association = (associations += 1);
        while (!isOver && uids.length < OBJECTS) {
          uids.push(await put(main, association * OBJECTS + uids.length, String(association)));
          await wait(BETWEEN_MS);
        }
      }
    };
    const sending = Promise.all(Array.from({ length: ASSOCIATIONS }, send));
    return async () => {
      isOver = true;
      await sending;
      return sent;
    };
  };

  const processOf = async (
    folder: string,
    name: string,
    leaseSeconds = LEASE_SECONDS,
    env: Record<string, string> = {},
  ): Promise<QueueProcess> => {
    const started = await QueueProcess.start(postgres, folder, name, leaseSeconds, env);
    processes.push(started);
    return started;
  };
  const folderOf = (name: string): string => mkdtempSync(join(root, `${name}-`));
  const deliveries = (folder: string): QueueRecord[] =>
    queueRecords(folder).filter(({ what }) => what === 'delivered');
  const areDelivering = (folder: string, names: readonly string[]) => (): boolean =>
    names.every((name) => deliveries(folder).some((record) => record.name === name));

  /** Its flow has an object: somebody else is to get that again. */
  const isAtWork = (folder: string, name: string): boolean => {
    const own = queueRecords(folder).filter((record) => record.name === name);
    const over = new Set(own.filter(({ what }) => what !== 'delivered').map(({ uid }) => uid));
    return own.some(({ what, uid }) => what === 'delivered' && !over.has(uid));
  };
  /** The database has objects as in flight that its session has, however many it has removed and not written that down yet. */
  const hasObjects = (folder: string, name: string): boolean => {
    const instance = instanceName(join(folder, name, 'shared'));
    return (
      postgres.run(`SELECT count(*) > 0 FROM dicom.object o JOIN dicom.lease l ON l.stream = o.stream AND l.number = o.lease
        JOIN dicom.session s ON s.number = l.session WHERE s.instance = '${instance}'`) === 't'
    );
  };
  const pauseAtWork = async (folder: string, name: string, one: QueueProcess): Promise<void> => {
    do {
      one.resume();
      await until(() => isAtWork(folder, name), `${name} to be at work`);
      one.pause();
      // What it writes down, it has written down.
      await wait(20);
    } while (!isAtWork(folder, name) || !hasObjects(folder, name));
  };

  /** All have been delivered, in the order of their association, marked where they came again, and removed once. */
  const assertSound = async (folder: string, sent: readonly (readonly string[])[]): Promise<void> => {
    await until(() => main.size === 0, 'the queue to be empty');
    const records = queueRecords(folder);
    assert.deepEqual(
      records.filter(({ what }) => what === 'fault'),
      [],
    );
    assert.equal(await main.deadLetters.count(), 0);
    for (const uids of sent) {
      const delivered = deliveries(folder).filter(({ uid }) => uids.includes(uid));
      assert.deepEqual([...new Set(delivered.map(({ uid }) => uid))], uids, 'all of them, in order');
      for (const uid of uids) {
        const unmarked = delivered.filter((record) => record.uid === uid && record.redelivered === 0);
        assert.ok(unmarked.length <= 1, `${uid} came again unmarked`);
        const removals = records.filter((record) => record.what === 'removed' && record.uid === uid);
        // One that was killed may not have come to write it down.
        assert.ok(removals.length <= 1, `${uid} was removed ${removals.length} times`);
      }
    }
  };

  it('loses nothing, and removes nothing twice, when one is stopped for longer than its lease and goes on', async () => {
    const folder = folderOf('paused');
    const both = new Map([
      ['a', await processOf(folder, 'a')],
      ['b', await processOf(folder, 'b')],
    ]);
    const stop = feed();
    for (let round = 0; round < 2; round += 1) {
      await until(areDelivering(folder, [...both.keys()]), 'both to deliver');
      await wait(500);
      const before = queueRecords(folder).length;
      const name = deliveries(folder).at(-1)?.name ?? '';
      const paused = both.get(name) ?? assert.fail();
      await pauseAtWork(folder, name, paused);
      const since = (): QueueRecord[] => queueRecords(folder).slice(before);
      await until(() => since().some(({ redelivered }) => redelivered > 0), 'the other to get what it had');
      paused.resume();
      await until(
        () => since().some(({ what }) => what === 'not-there'),
        'both to acknowledge the same object',
      );
    }
    await assertSound(folder, await stop());
    for (const each of both.values()) await each.kill();
  });

  it('takes no notice of clocks that are an hour off', async () => {
    const folder = folderOf('clocks');
    // By such clocks, it would be over at once; by that of the database, not on a busy machine either.
    const leaseSeconds = 4 * LEASE_SECONDS;
    const ahead = await processOf(folder, 'ahead', leaseSeconds, clockOff(1));
    const behind = await processOf(folder, 'behind', leaseSeconds, clockOff(-1));
    const stop = feed();
    await until(areDelivering(folder, ['ahead', 'behind']), 'both to deliver');
    const areBusy = (): boolean =>
      ['ahead', 'behind'].every(
        (by) => deliveries(folder).filter(({ name }) => name === by).length > OBJECTS,
      );
    await until(areBusy, 'both to deliver a lot');
    const undisturbed = queueRecords(folder);
    for (const { name, at } of undisturbed)
      assert.equal(Math.round((at - Date.now()) / HOUR_MS), name === 'ahead' ? 1 : -1);
    assert.deepEqual(
      undisturbed.filter(({ redelivered }) => redelivered > 0),
      [],
      'nobody is taken for dead',
    );
    const comesAgain = (by: string) => () =>
      deliveries(folder).some(({ name, redelivered }) => name === by && redelivered > 0);
    await pauseAtWork(folder, 'ahead', ahead);
    await until(comesAgain('behind'), 'what the one ahead had');
    ahead.resume();
    const before = deliveries(folder).length;
    await until(
      () =>
        deliveries(folder)
          .slice(before)
          .some(({ name }) => name === 'ahead'),
      'the one ahead to go on',
    );
    await pauseAtWork(folder, 'behind', behind);
    await behind.kill();
    await until(comesAgain('ahead'), 'what the one behind had');
    await assertSound(folder, await stop());
    await ahead.kill();
  });

  it('does not give to the flow, nor set aside, what was claimed under a session that is over', async () => {
    const queue = await open('late', {
      // Long enough for a busy machine: with one more session, all of them would come once more.
      leaseSeconds: 60,
      onLeftover: (error) => assert.fail(error),
    });
    // Two fill what the main thread may hold for the flow, so one waits before it and another one behind that.
    const uids: string[] = [];
    for (let number = 1; number <= 4; number += 1) uids.push(await put(queue, number, 'x', 12_000_000));
    const { settings } = DICOM_IN.parse({
      ...{ acknowledge: true, maxInFlight: 8, output: 'buffer', includeTagsNode: false },
    });
    const delivered: [string, number][] = [];
    const ids: string[] = [];
    let isFlowQuick = false;
    const delivery = new Delivery(
      queue,
      settings,
      { ...settings, receiverId: 'late', files: undefined },
      {
        deliver: (id, { json }) => {
          const { sopInstanceUID, redelivered } = (JSON.parse(json) as FlowMessage).dicom;
          delivered.push([sopInstanceUID, redelivered]);
          ids.push(id);
          if (isFlowQuick) setImmediate(() => delivery.delivered(id));
        },
        gaveUp: (_id, reason) => assert.fail(`given up: ${JSON.stringify(reason)}`),
        notPlaced: () => assert.fail('not placed'),
        notRead: () => assert.fail('not read'),
        notRemoved: (error) => assert.fail(error),
      },
    );
    delivery.wake();
    await until(() => delivered.length === 2, 'what has room');
    await wait(300);
    assert.equal(delivered.length, 2);
    const { session } = (queue as unknown as { link: Link }).link;
    const { number } = session;
    postgres.run(
      `UPDATE dicom.session SET until = clock_timestamp() - interval '1 second' WHERE queue = 'late'`,
    );
    await until(() => session.number > number, 'another session');
    isFlowQuick = true;
    for (const id of [...ids]) delivery.delivered(id);
    await until(() => delivered.length >= 6, 'all of them again');
    await wait(300);
    const [one = '', two = '', three = '', four = ''] = uids;
    assert.deepEqual(delivered, [
      [one, 0],
      [two, 0],
      [one, 1],
      [two, 1],
      [three, 1],
      [four, 1],
    ]);
    assert.equal(await queue.deadLetters.count(), 0);
    delivery.stop();
  });

  it('goes on saying that it lives while objects take long to be put and read, however many', async () => {
    let away: string | undefined;
    const receiver = await openQueue(postgres, join(root, 'here-large-too'), {
      queue: 'large',
      delivers: false,
    });
    opened.push(receiver);
    for (let number = 0; number < 8; number += 1)
      await put(receiver, 100 + number, `there-${number}`, number % 2 === 0 ? 1_500_000 : 0);
    const queue = await open('large', { leaseSeconds: 4, onAway: ({ message }) => (away = message) });
    const { Client } = loadClient();
    const { host, port, database, user } = databaseOf(postgres);
    const other = new Client({
      ...{ host, port, database, user },
      ...{ connectionTimeoutMillis: 5_000, query_timeout: 30_000, keepAlive: true, application_name: 'test' },
    });
    await other.connect();
    await other.query({ text: 'BEGIN' });
    await other.query({ text: 'LOCK TABLE dicom.chunk IN ACCESS EXCLUSIVE MODE' });
    const claimed = queue.claim(8);
    const puts = Array.from({ length: 16 }, (_, number) =>
      put(queue, number, String(number), number % 2 === 0 ? 1_500_000 : 300_000),
    );
    const all = Promise.all([claimed, ...puts]);
    all.catch(() => undefined);
    // Longer than whoever wants a connection waits for one.
    await wait(7_000);
    await other.query({ text: 'COMMIT' });
    await other.end();
    await all;
    assert.equal(away, undefined);
    await until(() => queue.size === 24, 'all to be counted');
  });
});
