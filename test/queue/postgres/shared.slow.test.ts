import assert from 'node:assert/strict';
import { cpSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import {
  acknowledgeIdOf,
  DatabaseUnusable,
  QueueRefusal,
  type PostgresQueue,
  type PostgresQueueOptions,
  type QueuedObject,
} from '../../../src/queue';
import { needs } from '../../support/machine/needs';
import type { Link } from '../../../src/queue/postgres/link/link';
import type { ObjectInserts } from '../../../src/queue/postgres/rows/object-inserts';
import { numberIn } from '../../../src/queue/postgres/rows/object-numbers';
import { crashLongAgo, crashQueue, databaseOf } from '../../support/queues/postgres-queue';
import { QueuesUnderTest } from './queues-under-test';
import { textOf } from '../../support/queues/queue-folder';
import { until } from '../../support/machine/until';

const texts = (objects: readonly QueuedObject[]): string[] => objects.map((object) => object.read(textOf));
const wait = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Of an instance that is to believe itself that its session is over. */
const DIES_SOON = { leaseSeconds: 2 };
/** Says that it lives every two seconds. */
const BEATS_OFTEN = { leaseSeconds: 8 };

async function store(
  queue: PostgresQueue,
  text: string,
  association = '',
  isAwaited = false,
): Promise<string> {
  const writer = queue.begin(Buffer.from(text));
  return writer.complete({ studyInstanceUID: '1.2.3', association, isAwaited });
}

describe('a queue in PostgreSQL, of several instances', { skip: needs('postgres') }, () => {
  const queues = new QueuesUnderTest('dicom-shared-');
  const { root } = queues;
  let made = 0;

  /** Instances of a queue of their own, each with a folder of its own. */
  const cluster = (): {
    open: (name: string, options?: Partial<PostgresQueueOptions>) => Promise<PostgresQueue>;
  } => {
    const queue = `q${(made += 1)}`;
    return {
      open: async (name, options = {}) => {
        const instance = await queues.open([queue, name], {
          queue,
          // Nobody is to lose its session because a busy machine keeps it waiting.
          leaseSeconds: 60,
          onLeftover: (error) => assert.fail(error),
          ...options,
        });
        return instance;
      },
    };
  };

  /** Reads its settings again; resolves once new connections have this one. */
  const reloaded = async (setting: string, value: string): Promise<void> => {
    queues.postgres.run('SELECT pg_reload_conf()');
    await until(() => queues.postgres.run(`SHOW ${setting}`) === value, `${setting} to be ${value}`);
  };

  it('gives an object that one has received to another', async () => {
    const { open } = cluster();
    const [receives, delivers] = [await open('a'), await open('b')];
    const claimed = delivers.claim(5);
    const id = await store(receives, 'one');
    const [object] = await claimed;
    assert.deepEqual([object?.id, object?.redelivered, object?.read(textOf)], [id, 0, 'one']);
    assert.equal(await delivers.remove(id), true);
    await until(() => receives.size === 0, 'the other to count it no more');
  });

  it('delivers all objects of an association from one instance, in order, and others beside them', async () => {
    const { open } = cluster();
    const [a, b] = [await open('a'), await open('b')];
    for (const text of ['one', 'two', 'three', 'four']) await store(a, text, 'x');
    assert.deepEqual(texts(await a.claim(2)), ['one', 'two']);
    const claimed = b.claim(5);
    await store(a, 'other', 'y');
    assert.deepEqual(texts(await claimed), ['other']);
    assert.deepEqual(texts(await a.claim(5)), ['three', 'four']);
  });

  it('delivers again, in order, what a dead instance had, and counts its end once it has had them before', async () => {
    const { open } = cluster();
    const [a, b] = [await open('a'), await open('b')];
    for (const text of ['one', 'two', 'three']) await store(a, text, 'x');
    await a.claim(2);
    await crashLongAgo(a, queues.postgres);
    const objects = [...(await b.claim(2)), ...(await b.claim(2))];
    assert.deepEqual(texts(objects), ['one', 'two', 'three']);
    assert.deepEqual(
      objects.map(({ redelivered, crashes }) => [redelivered, crashes]),
      [
        [1, 1],
        [1, 1],
        [0, 0],
      ],
    );
  });

  it('gives back at its end what it had, at once, and its end is no crash', async () => {
    const { open } = cluster();
    const [a, b] = [await open('a'), await open('b')];
    for (const text of ['one', 'two']) await store(a, text, 'x');
    const [, two] = await a.claim(2);
    a.release(two?.id ?? '');
    await a.close();
    const objects = await b.claim(2);
    assert.deepEqual(
      objects.map(({ redelivered, crashes }) => [redelivered, crashes]),
      [
        [1, 0],
        [0, 0],
      ],
    );
  });

  it('takes an acknowledgement of an instance that was away for too long, and does not deliver it again', async () => {
    const { open } = cluster();
    const [a, b] = [await open('a', DIES_SOON), await open('b')];
    const ids = [await store(a, 'one', 'x'), await store(a, 'two', 'x')];
    await a.claim(2);
    hang(a);
    const again = await b.claim(2);
    assert.deepEqual(texts(again), ['one', 'two']);
    assert.equal(await a.reclaim(ids[1] ?? ''), undefined, 'it is in flight elsewhere');
    assert.equal(await a.remove(ids[0] ?? ''), true);
    assert.equal(await b.remove(ids[0] ?? ''), false, 'already answered');
    assert.equal(await b.reclaim(ids[0] ?? ''), undefined);
    assert.equal((await b.reclaim(ids[1] ?? ''))?.redelivered, 2);
    assert.equal(await b.remove(ids[1] ?? ''), true);
  });

  it('drops what it has when its session is over, and goes on with a new one', async () => {
    const { open } = cluster();
    const a = await open('a');
    await store(a, 'one', 'x');
    const [one] = await a.claim(1);
    queues.postgres.run(`UPDATE dicom.session SET until = clock_timestamp() - interval '1 second'`);
    const [again] = await a.claim(1);
    assert.deepEqual([again?.id, again?.redelivered], [one?.id, 1]);
    assert.equal(await a.extend(one?.id ?? ''), true);
  });

  it('delivers what a dead instance had, however much there is of its own', async () => {
    const { open } = cluster();
    const [a, b] = [await open('a'), await open('b')];
    const left = await store(a, 'left behind', 'x');
    await a.claim(1);
    for (let number = 0; number < 5; number += 1) await store(b, 'own', 'y');
    let isFound = false;
    const deliver = async (): Promise<void> => {
      const [object] = await b.claim(1);
      if (object === undefined) return;
      isFound ||= object.id === left;
      // There is always more of it than is claimed.
      if (object.id !== left) await store(b, 'own', 'y');
      await b.remove(object.id);
    };
    await deliver();
    await crashLongAgo(a, queues.postgres);
    await until(async () => {
      await deliver();
      return isFound;
    }, 'what it left behind');
  });

  it('counts no end of its own where only its sessions ended, however many', async () => {
    const { open } = cluster();
    const a = await open('a');
    for (const text of ['one', 'two']) await store(a, text, 'x');
    await a.claim(2);
    for (let session = 1; session <= 3; session += 1) {
      await endSession(a);
      const again: QueuedObject[] = [];
      // Were they suspects, the second one would wait until the first one is settled.
      while (again.length < 2) again.push(...(await a.claim(2 - again.length)));
      assert.deepEqual(
        again.map(({ redelivered, crashes }) => [redelivered, crashes]),
        [
          [session, 0],
          [session, 0],
        ],
      );
    }
  });

  it('takes back that another one has counted its end, which was only that of its session', async () => {
    const { open } = cluster();
    const [a, b] = [await open('a', DIES_SOON), await open('b')];
    const id = await store(a, 'one', 'x');
    await a.claim(1);
    hang(a);
    const [object] = await b.claim(1);
    assert.equal(object?.crashes, 1);
    goOn(a);
    const claimed = a.claim(1);
    await until(
      async () => (await inside(b).link.rows.find(numberIn(id)))?.crashes === 0,
      'it to be taken back',
    );
    await store(b, 'two', 'y');
    assert.equal((await claimed).length, 1);
  });

  it('does not take for its own what a statement has claimed during which its session ended', async () => {
    const { open } = cluster();
    const a = await open('a');
    for (const text of ['one', 'two', 'three']) await store(a, text, 'x');
    const { leased } = inside(a).link;
    const claim = leased.claim.bind(leased);
    let late = 2;
    leased.claim = async (...args) => {
      const claimed = await claim(...args);
      if (claimed.length > 0 && late > 0) {
        late -= 1;
        await endSession(a);
      }
      return claimed;
    };
    const objects: QueuedObject[] = [];
    while (objects.length < 3) objects.push(...(await a.claim(3)));
    assert.equal(late, 0);
    assert.deepEqual(texts(objects), ['one', 'two', 'three']);
    for (const { id, crashes } of objects) {
      assert.equal(crashes, 0);
      assert.equal(await a.remove(id), true);
    }
    await store(a, 'four', 'x');
    assert.deepEqual(texts(await a.claim(3)), ['four'], 'nothing else, and nothing in its way');
  });

  it('keeps for a while what the nodes of an instance have parked, and then delivers it again', async () => {
    const { open } = cluster();
    const [a, b] = [await open('a', DIES_SOON), await open('b', { parkedSeconds: 3 })];
    const id = await store(a, 'one', 'x');
    await a.claim(1);
    await a.park(id, 'out');
    assert.deepEqual(await b.owners(), [], 'another instance has nothing to do with it');
    await b.disown('out');
    await crashQueue(a);
    const again = await open('a', DIES_SOON);
    assert.deepEqual(await again.parked(), [{ id, owners: ['out'] }]);
    await crashQueue(again);
    const sweep = async (): Promise<void> => sweeperOf(b).sweep();
    await sweep();
    await until(() => b.size === 1, 'it to be counted');
    const claimed = b.claim(1);
    await wait(5_500);
    await sweep();
    const [object] = await claimed;
    assert.deepEqual([object?.id, object?.redelivered, object?.crashes], [id, 1, 0]);
  });

  it('passes the answer of a flow to the instance at which the sender waits', async () => {
    const { open } = cluster();
    const answers: unknown[] = [];
    const a = await open('a', { onAnswer: (id, answer) => answers.push([id, answer]) });
    const b = await open('b');
    const id = await store(a, 'one', 'x', true);
    await b.claim(1);
    assert.equal(await b.answerElsewhere(id, { status: 0xc000, comment: 'no – ü' }), true);
    assert.equal(await b.answerElsewhere(id, { status: 0 }), false);
    await until(() => answers.length > 0, 'the answer');
    assert.deepEqual(answers, [[id, { status: 0xc000, comment: 'no – ü' }]]);
    const late = await store(a, 'late', 'x', true);
    await b.claim(1);
    await a.refuseAnswer(late);
    assert.equal(
      await b.answerElsewhere(late, { status: 0 }),
      false,
      'it has been answered without the flow',
    );
    const lost = await store(a, 'two', 'x', true);
    await b.claim(1);
    await crashLongAgo(a, queues.postgres);
    assert.equal(await b.answerElsewhere(lost, { status: 0 }), false, 'nobody waits any more');
  });

  it('tells what is to be watched: the age of the oldest object, and whose associations they are', async () => {
    const { open } = cluster();
    const [a, b] = [await open('a'), await open('b')];
    const nothing = { oldestSeconds: 0, leases: 0, deadLetters: 0 };
    assert.deepEqual(await a.state(), nothing);
    const ids = [await store(a, 'one', 'x'), await store(a, 'two', 'y'), await store(a, 'three', 'y')];
    queues.postgres.run(`UPDATE dicom.object SET at = at - interval '1 hour' WHERE id = '${ids[1]}'`);
    assert.deepEqual(texts(await a.claim(1)), ['one']);
    const [ours, theirs] = [await a.state(), await b.state()];
    assert.equal(Math.round((ours?.oldestSeconds ?? 0) / 60), 60);
    assert.deepEqual([ours?.leases, theirs?.leases], [1, 0]);
    for (const id of ids) await a.setAside(id, 'why');
    assert.deepEqual(await b.state(), { ...nothing, deadLetters: 3 });
  });

  it('finds an object by its acknowledge id at any instance', async () => {
    const { open } = cluster();
    const [a, b] = [await open('a'), await open('b')];
    const id = await store(a, 'one');
    assert.equal(await b.idOf(acknowledgeIdOf(id)), id);
  });

  it('refuses while the database is away, loses nothing, and goes on by itself', async () => {
    const { open } = cluster();
    const told: string[] = [];
    const a = await open('a', {
      leaseSeconds: 30,
      onAway: () => told.push('away'),
      onBack: () => told.push('back'),
      onLeftover: () => undefined,
    });
    const ids = [await store(a, 'one', 'x'), await store(a, 'two', 'x')];
    await a.claim(1);
    await queues.postgres.crash();
    await assert.rejects(store(a, 'lost', 'x'), (error) => error instanceof QueueRefusal);
    await until(() => told.includes('away'), 'it to be told of');
    assert.throws(() => a.begin(Buffer.from('refused')), QueueRefusal);
    await assert.rejects(a.remove(ids[0] ?? ''));
    await queues.postgres.again();
    await until(() => told.includes('back'), 'it to be told of');
    assert.equal(await a.remove(ids[0] ?? ''), true);
    assert.deepEqual(texts(await a.claim(1)), ['two'], 'in the same session');
    await store(a, 'three', 'x');
    assert.deepEqual(texts(await a.claim(1)), ['three']);
  });

  it('takes out what was refused because the answer to its commit was lost', async () => {
    const { open } = cluster();
    const a = await open('a', { onLeftover: () => undefined });
    const { rows, puts } = inside(a).link;
    const { inserts } = puts as unknown as { inserts: ObjectInserts };
    const insert = inserts.insert.bind(inserts);
    inserts.insert = async (objects) => {
      await insert(objects);
      throw Object.assign(new Error('Connection terminated'), { code: 'ECONNRESET' });
    };
    await assert.rejects(store(a, 'unknown', 'x'), { code: 'DATABASE_AWAY' });
    inserts.insert = insert;
    const count = (): Promise<number> => rows.count();
    await until(async () => (await count()) === 0, 'it to be taken out');
  });

  it('does not call damaged what has been removed between its claim and its reading', async () => {
    const { open } = cluster();
    const a = await open('a', { delivers: false });
    const b = await open('b');
    const { copies } = inside(b).link;
    const fetch = copies.fetch.bind(copies);
    copies.fetch = (objects) => {
      copies.fetch = fetch;
      const numbers = objects.map(({ seq }) => seq).join();
      queues.postgres.run(`DELETE FROM dicom.object WHERE seq IN (${numbers})`);
      queues.postgres.run(`DELETE FROM dicom.chunk WHERE object IN (${numbers})`);
      return fetch(objects);
    };
    await store(a, 'one');
    const claimed = b.claim(1);
    await until(() => copies.fetch === fetch, 'it to be claimed');
    await store(a, 'two');
    assert.deepEqual(texts(await claimed), ['two']);
    await Promise.all([a.close(), b.close()]);
  });

  it('does not take out another object that has the number of what was refused', async () => {
    const { open } = cluster();
    const a = await open('a', { onLeftover: () => undefined });
    const { rows, puts } = inside(a).link;
    const { inserts } = puts as unknown as { inserts: ObjectInserts };
    const insert = inserts.insert.bind(inserts);
    // A server that has taken over from another knows nothing of the last numbers, nor of the last objects.
    let sequence = -1;
    inserts.insert = ([object]) => {
      sequence = object?.row.seq ?? -1;
      return Promise.reject(Object.assign(new Error('Connection terminated'), { code: 'ECONNRESET' }));
    };
    await assert.rejects(store(a, 'unknown', 'x'), { code: 'DATABASE_AWAY' });
    inserts.insert = insert;
    queues.postgres.run(
      `INSERT INTO dicom.object (seq, queue, stream, id, study, size) VALUES (${sequence}, 'q${made}', 1, 'other', '', 1)`,
    );
    await puts.removeDoubtful();
    assert.equal(await rows.count(), 1);
    await a.close();
  });

  it('is not in a database that may forget, nor in tables of a later version', async () => {
    const { open } = cluster();
    queues.postgres.run('ALTER SYSTEM SET full_page_writes = off');
    await reloaded('full_page_writes', 'off');
    const isUnsafe = (error: unknown): boolean =>
      error instanceof DatabaseUnusable && error.code === 'QUEUE_UNSAFE';
    await assert.rejects(open('a'), isUnsafe);
    queues.postgres.run('ALTER SYSTEM RESET full_page_writes');
    await reloaded('full_page_writes', 'on');
    await (await open('a')).close();
    queues.postgres.run('ALTER TABLE dicom.chunk SET UNLOGGED');
    await assert.rejects(open('a'), isUnsafe);
    queues.postgres.run('ALTER TABLE dicom.chunk SET LOGGED');
    queues.postgres.run(
      'CREATE SCHEMA later; CREATE TABLE later.version (version int); INSERT INTO later.version VALUES (99)',
    );
    await assert.rejects(
      open('b', { schema: 'later' }),
      (error) => error instanceof DatabaseUnusable && error.code === 'QUEUE_NEWER',
    );
    await assert.rejects(
      open('c', { database: { ...databaseOf(queues.postgres), port: 1 } }),
      (error) => error instanceof DatabaseUnusable && error.code === 'QUEUE_AWAY',
    );
  });

  it('takes nothing more once its database may forget, turned so while it runs, or started so', async () => {
    const { open } = cluster();
    const told: string[] = [];
    const a = await open('a', {
      ...BEATS_OFTEN,
      onAway: ({ code }) => told.push(code),
      onBack: ({ code }) => told.push(`${code} over`),
      onLeftover: () => undefined,
    });
    const id = await store(a, 'one');
    queues.postgres.run('ALTER SYSTEM SET fsync = off');
    queues.postgres.run('SELECT pg_reload_conf()');
    await until(() => told.includes('QUEUE_UNSAFE'), 'it to be told of');
    const refusal = { code: 'DATABASE_AWAY', message: /may lose what it has committed/ };
    assert.throws(() => a.begin(Buffer.from('refused')), refusal);
    queues.postgres.run('ALTER SYSTEM SET fsync = on');
    queues.postgres.run('SELECT pg_reload_conf()');
    await until(() => told.includes('QUEUE_UNSAFE over'), 'it to be told of');
    await store(a, 'two');

    queues.postgres.run('ALTER SYSTEM SET full_page_writes = off');
    await queues.postgres.crash();
    await queues.postgres.again();
    // Perhaps nobody has noticed yet.
    await assert.rejects(store(a, 'lost'), QueueRefusal);
    await until(() => told.at(-1) === 'QUEUE_UNSAFE', 'it to be told of');
    queues.postgres.run('ALTER SYSTEM RESET ALL');
    queues.postgres.run('SELECT pg_reload_conf()');
    await until(() => told.at(-1) === 'QUEUE_UNSAFE over', 'it to be told of');
    await store(a, 'three');
    assert.deepEqual(texts(await a.claim(5)).sort(), ['one', 'three', 'two']);
    assert.equal(await a.remove(id), true);
  });

  it('says of a table that somebody has changed that it is the database', async () => {
    const { open } = cluster();
    const a = await open('a');
    queues.postgres.run('ALTER TABLE dicom.object RENAME COLUMN parking TO other');
    try {
      await assert.rejects(
        a.disown('somebody'),
        (error) => error instanceof DatabaseUnusable && error.code === 'QUEUE_AWAY',
      );
    } finally {
      queues.postgres.run('ALTER TABLE dicom.object RENAME COLUMN other TO parking');
      await a.close();
    }
  });

  it('goes on under another name where somebody else uses a copy of its directory', async () => {
    const { open } = cluster();
    const told: string[] = [];
    const a = await open('a', { ...BEATS_OFTEN, onLeftover: ({ message }) => told.push(message) });
    cpSync(join(root, `q${made}`, 'a', 'shared'), join(root, `q${made}`, 'b', 'shared'), {
      recursive: true,
      filter: (path) => !path.includes('lock'),
    });
    const b = await open('b', BEATS_OFTEN);
    await until(() => told.length > 0, 'one of them to notice');
    const sessions = `SELECT count(*) FROM dicom.session WHERE queue = 'q${made}' AND until > clock_timestamp()`;
    await until(() => queues.postgres.run(sessions) === '2', 'both to have a session');
    const claimed = [await store(a, 'one', 'x'), await store(b, 'two', 'y')];
    const objects = [...(await a.claim(1)), ...(await b.claim(1))];
    assert.deepEqual(objects.map(({ id }) => id).sort(), claimed.sort());
    const beats = (): number[] => [a, b].map((queue) => inside(queue).link.session.number);
    const before = beats();
    // Some beats.
    await wait(5_000);
    assert.deepEqual([beats(), told.length], [before, 1]);
    await Promise.all([a.close(), b.close()]);
  });

  it('makes its tables once, however many begin at the same time', async () => {
    const { open } = cluster();
    const queues = await Promise.all(['a', 'b', 'c', 'd'].map((name) => open(name, { schema: 'at_once' })));
    await store(queues[0] ?? assert.fail(), 'one');
    assert.deepEqual(texts((await queues[3]?.claim(1)) ?? []), ['one']);
  });

  it('does not take a disk of this machine for a database that is away, and counts nothing for it', async () => {
    const { open } = cluster();
    const told: string[] = [];
    const a = await open('a');
    const b = await open('b', { onAway: () => told.push('away'), onLeftover: () => told.push('disk') });
    await store(a, 'x'.repeat(1_500_000));
    const spool = join(root, `q${made}`, 'b', 'shared');
    renameSync(spool, `${spool}-gone`);
    const claimed = b.claim(1);
    await until(() => told.length > 0, 'it to be told of');
    renameSync(`${spool}-gone`, spool);
    const [object] = await claimed;
    assert.deepEqual([object?.redelivered, told], [0, ['disk']]);
  });

  it('keeps a large object whole', async () => {
    const { open } = cluster();
    const [a, b] = [await open('a'), await open('b')];
    const text = 'x'.repeat(3_500_000);
    const id = await store(a, text);
    const [object] = await b.claim(1);
    assert.equal(
      object?.read((content) => (content.kind === 'file' ? content.size : 0)),
      text.length,
    );
    const handle = await a.openObject(id);
    assert.equal((await handle.read(3_499_999, 1)).toString(), 'x');
    handle.close();
    queues.postgres.run('DELETE FROM dicom.chunk WHERE part = 2');
    await assert.rejects(a.openObject(id), { name: 'ObjectDamaged' });
  });

  it('reads what another version put in rows of 1 MiB', async () => {
    const { open } = cluster();
    const [a, b] = [await open('a'), await open('b')];
    const ids = [
      await store(a, 'y'.repeat(900_000), 'x'),
      await store(a, `${'x'.repeat(7_000_000)}end`, 'x'),
    ];
    const before = await Promise.all(ids.map((id) => wholeOf(b, id)));
    queues.postgres.run(`CREATE TABLE whole AS
      SELECT object, part / 128 AS part, string_agg(bytes, '' ORDER BY part) AS bytes FROM dicom.chunk GROUP BY 1, 2`);
    queues.postgres.run(`DELETE FROM dicom.chunk`);
    queues.postgres.run(`INSERT INTO dicom.chunk SELECT * FROM whole`);
    assert.equal(queues.postgres.run('SELECT max(length(bytes)) > 1000000 FROM dicom.chunk'), 't');
    assert.deepEqual(await Promise.all(ids.map((id) => wholeOf(b, id))), before);
    assert.deepEqual([before[0]?.length, before[1]?.slice(-3)], [900_000, 'end']);
  });
});

async function wholeOf(queue: PostgresQueue, id: string): Promise<string> {
  const handle = await queue.openObject(id);
  const blocks: Buffer[] = [];
  for await (const block of handle.blocks()) blocks.push(block);
  handle.close();
  return Buffer.concat(blocks).toString();
}

function inside(queue: PostgresQueue): { link: Link } {
  return queue as unknown as { link: Link };
}

function sweeperOf(queue: PostgresQueue): Link['sweeper'] {
  return inside(queue).link.sweeper;
}

/** As a database that was away for too long has it. Resolves when the instance has another session. */
async function endSession(queue: PostgresQueue): Promise<void> {
  const { session, database } = inside(queue).link;
  const { number } = session;
  await database.change(
    `UPDATE dicom.session SET until = clock_timestamp() - interval '1 second' WHERE number = $1`,
    [number],
  );
  session.beatSoon();
  await until(() => session.number > number, 'another session');
}

/** As a process that was stopped: it does not say that it lives. */
function hang(queue: PostgresQueue): void {
  inside(queue).link.session.stop();
}

/** As one that goes on. */
function goOn(queue: PostgresQueue): void {
  const session = inside(queue).link.session as unknown as { isStopped: boolean; beatSoon(): void };
  session.isStopped = false;
  session.beatSoon();
}
