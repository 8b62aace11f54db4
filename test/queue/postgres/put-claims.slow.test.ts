import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PostgresQueue, PostgresQueueOptions, QueuedObject } from '../../../src/queue';
import type { ClaimedObjects } from '../../../src/queue/postgres/claims/claimed-objects';
import type { HeldStreams } from '../../../src/queue/postgres/claims/held-streams';
import type { Link } from '../../../src/queue/postgres/link/link';
import type { ObjectInserts } from '../../../src/queue/postgres/rows/object-inserts';
import { needs } from '../../support/machine/needs';
import { crashLongAgo } from '../../support/queues/postgres-queue';
import { QueuesUnderTest } from './queues-under-test';
import { textOf } from '../../support/queues/queue-folder';
import { until } from '../../support/machine/until';

const texts = (objects: readonly QueuedObject[]): string[] => objects.map((object) => object.read(textOf));
const store = (queue: PostgresQueue, text: string, association: string): Promise<string> =>
  queue.begin(Buffer.from(text)).complete({ association });
const inside = (queue: PostgresQueue): { link: Link; claimed: ClaimedObjects } =>
  queue as unknown as { link: Link; claimed: ClaimedObjects };
const insertsOf = (queue: PostgresQueue): ObjectInserts =>
  (inside(queue).link.puts as unknown as { inserts: ObjectInserts }).inserts;

/** Whether the next object of an association, of which this one is in flight, may be claimed as it is put. */
function mayClaim(queue: PostgresQueue, object: QueuedObject | undefined): boolean {
  const { claimed } = inside(queue);
  const { rows } = claimed as unknown as { rows: { held: HeldStreams } };
  return rows.held.leaseForNext(claimed.get(object?.id ?? '')?.row.stream ?? NaN) !== undefined;
}

/** What the queue does from time to time, it does from now on when this is called. */
function byHand(queue: PostgresQueue): () => Promise<void> {
  const { rounds } = queue as unknown as { rounds: { stop(): void; round(): Promise<void> } };
  rounds.stop();
  return () => rounds.round();
}

/** Resolves once it has found all that waits. */
async function hasLooked(queue: PostgresQueue): Promise<void> {
  const { claimed } = inside(queue) as unknown as { claimed: { isFetching: boolean } };
  await until(() => !claimed.isFetching, 'it to have looked');
}

/** Something that happens when a test says so. */
class Gate {
  open: () => void = () => undefined;
  readonly passed = new Promise<void>((resolve) => (this.open = resolve));
}

describe('objects that are claimed as they are put', { skip: needs('postgres') }, () => {
  const queues = new QueuesUnderTest('dicom-put-claims-');
  let made = 0;

  const cluster = (): ((name: string, options?: Partial<PostgresQueueOptions>) => Promise<PostgresQueue>) => {
    const queue = `q${(made += 1)}`;
    return async (name, options = {}) => {
      const instance = await queues.open([queue, name], {
        ...{ queue, leaseSeconds: 60, onLeftover: (error: Error) => assert.fail(error) },
        ...options,
      });
      return instance;
    };
  };

  /** Tells from now on of all objects that are claimed by a statement of their own. */
  const claimedLater = (queue: PostgresQueue): string[] => {
    const { leased } = inside(queue).link;
    const ids: string[] = [];
    const claim = leased.claim.bind(leased);
    leased.claim = async (...args) => {
      const found = await claim(...args);
      ids.push(...found.map(({ id }) => id));
      return found;
    };
    return ids;
  };

  /** Each put is answered when its gate opens; it is in the database before that. Resolves once it is. */
  const holdNextPut = (queue: PostgresQueue): { isPut: Promise<void>; answer: Gate } => {
    const inserts = insertsOf(queue);
    const insert = inserts.insert.bind(inserts);
    const [isPut, answer] = [new Gate(), new Gate()];
    inserts.insert = async (objects) => {
      inserts.insert = insert;
      const isClaimed = await insert(objects);
      isPut.open();
      await answer.passed;
      return isClaimed;
    };
    return { isPut: isPut.passed, answer };
  };

  const stateOf = (id: string): string =>
    queues.postgres.run(`SELECT lease > 0, open, deliveries FROM dicom.object WHERE id = '${id}'`);

  it('need no other statement to be delivered, the first of an association among them', async () => {
    const a = await cluster()('a');
    byHand(a);
    const later = claimedLater(a);
    for (const association of ['x', 'y'])
      for (const text of ['one', 'two', 'three']) {
        const claimed = a.claim(5);
        const id = await store(a, text, association);
        const [object] = await claimed;
        assert.deepEqual([object?.id, object?.redelivered, object?.crashes], [id, 0, 0]);
        assert.equal(stateOf(id), 't|t|0');
      }
    assert.deepEqual(later, []);
    assert.equal((await a.state())?.leases, 2);
  });

  it('are no more than somebody waits for: others wait, and nothing is overtaken', async () => {
    const open = cluster();
    const [a, b] = [await open('a'), await open('b')];
    byHand(a);
    // It looks for nothing in associations that nobody has, and would find the second object there.
    inside(a).link.leased.lease = () => Promise.resolve([]);
    const claimed = a.claim(1);
    const ids = await Promise.all(['x', 'y'].map((association) => store(a, association, association)));
    const here = texts(await claimed).join();
    const there = here === 'x' ? 'y' : 'x';
    assert.deepEqual(ids.map(stateOf).sort(), ['f|f|0', 't|t|0']);
    assert.deepEqual(texts(await b.claim(1)), [there]);
    for (const text of ['two', 'three']) await store(a, text, here);
    assert.deepEqual(texts(await a.claim(1)), ['two']);
    const both = a.claim(5);
    await store(a, 'four', here);
    const last = [...(await both)];
    if (last.length < 2) last.push(...(await a.claim(5)));
    assert.deepEqual(texts(last), ['three', 'four']);
    const later = claimedLater(a);
    const next = a.claim(5);
    await until(() => mayClaim(a, last[0]), 'the association to be up to date');
    await store(a, 'five', here);
    assert.deepEqual(texts(await next), ['five']);
    assert.deepEqual(later, []);
  });

  it('leave room for what waits, however many come', async () => {
    const open = cluster();
    const [a, b] = [await open('a'), await open('b', { delivers: false })];
    byHand(a);
    const claimed = a.claim(1);
    const { isPut, answer } = holdNextPut(a);
    const put = store(a, 'own', 'x');
    await isPut;
    await store(b, 'other', 'y');
    assert.deepEqual(texts(await claimed), ['other']);
    answer.open();
    await put;
    assert.deepEqual(texts(await a.claim(1)), ['own']);
  });

  it('do not overtake what has been claimed and is still being read', async () => {
    const a = await cluster()('a');
    for (const text of ['one', 'two']) await store(a, text, 'x');
    const { link, claimed } = inside(a);
    (claimed as unknown as { reader: { fresh: { clear(): void } } }).reader.fresh.clear();
    const fetch = link.copies.fetch.bind(link.copies);
    const [asked, answer] = [new Gate(), new Gate()];
    link.copies.fetch = async (rows) => {
      asked.open();
      await answer.passed;
      return fetch(rows);
    };
    const objects = a.claim(5);
    await asked.passed;
    await store(a, 'three', 'x');
    answer.open();
    const all = [...(await objects)];
    while (all.length < 3) all.push(...(await a.claim(5)));
    assert.deepEqual(texts(all), ['one', 'two', 'three']);
  });

  it('are taken out where the answer to their commit was lost', async () => {
    const a = await cluster()('a', { onLeftover: () => undefined });
    const round = byHand(a);
    const { rows } = inside(a).link;
    const inserts = insertsOf(a);
    const insert = inserts.insert.bind(inserts);
    const lose = async (association: string): Promise<void> => {
      const before = await rows.count();
      inserts.insert = async (objects) => {
        assert.notEqual(objects[0]?.row.claim, undefined);
        await insert(objects);
        throw Object.assign(new Error('Connection terminated'), { code: 'ECONNRESET' });
      };
      await assert.rejects(store(a, 'unknown', association), { code: 'DATABASE_AWAY' });
      inserts.insert = insert;
      await round();
      assert.equal(await rows.count(), before);
    };
    const claimed = a.claim(5);
    await lose('x');
    await store(a, 'one', 'x');
    const [one, ...others] = await claimed;
    assert.deepEqual([one?.read(textOf), one?.redelivered, others], ['one', 0, []]);
    // In flight, it keeps the association here; then the next one is put in flight.
    const next = a.claim(5);
    await until(async () => {
      await round();
      return mayClaim(a, one);
    }, 'the association to be up to date');
    await lose('x');
    await store(a, 'two', 'x');
    assert.deepEqual(texts(await next), ['two']);
  });

  it('come again, marked, when their instance dies, and are not marked when it ends', async () => {
    const open = cluster();
    const [a, b, c] = [await open('a'), await open('b'), await open('c')];
    const claimed = a.claim(5);
    const id = await store(a, 'one', 'x');
    await claimed;
    await crashLongAgo(a, queues.postgres);
    const [again] = await b.claim(1);
    assert.deepEqual([again?.id, again?.redelivered, again?.crashes], [id, 1, 1]);
    await b.remove(id);
    void b.claim(5);
    const { isPut, answer } = holdNextPut(b);
    const put = store(b, 'two', 'y');
    await isPut;
    await b.close();
    answer.open();
    await put.catch(() => undefined);
    const [two] = await c.claim(1);
    assert.deepEqual([two?.read(textOf), two?.redelivered, two?.crashes], ['two', 0, 0]);
  });

  it('come once where their session ended while they were put, and nothing is counted as a crash', async () => {
    const a = await cluster()('a');
    byHand(a);
    const claimed = a.claim(5);
    const { isPut, answer } = holdNextPut(a);
    const put = store(a, 'one', 'x');
    await isPut;
    const { session, database } = inside(a).link;
    const { number } = session;
    await database.change(
      `UPDATE dicom.session SET until = clock_timestamp() - interval '1 second' WHERE number = $1`,
      [number],
    );
    session.beatSoon();
    await until(() => session.number > number, 'another session');
    answer.open();
    const id = await put;
    const [object, ...others] = await claimed;
    assert.deepEqual([object?.id, object?.redelivered, object?.crashes, others], [id, 1, 0, []]);
    assert.equal(await a.remove(id), true);
  });

  it('wait where the session is over by the database’s clock, whatever this instance believes', async () => {
    const open = cluster();
    const a = await open('a');
    const claimed = a.claim(5);
    const { session, database } = inside(a).link;
    // As a machine that was stopped together with its clock.
    session.stop();
    await database.change(
      `UPDATE dicom.session SET until = clock_timestamp() - interval '1 second' WHERE number = $1`,
      [session.number],
    );
    assert.equal(session.isAlive, true);
    const id = await store(a, 'one', 'x');
    assert.equal(stateOf(id), 'f|f|0');
    const b = await open('b');
    const objects = await b.claim(5);
    assert.deepEqual(
      objects.map((object) => [object.id, object.redelivered, object.crashes]),
      [[id, 0, 0]],
    );
    let isHere = false;
    void claimed.then((objects) => (isHere = objects.length > 0));
    await b.remove(id);
    assert.equal(isHere, false);
  });

  it('stay this instance’s while they are put, whatever it gives up meanwhile', async () => {
    const open = cluster();
    const [a, b] = [await open('a'), await open('b')];
    const round = byHand(a);
    const { leased } = inside(a).link;
    const claimed = a.claim(5);
    const { isPut, answer } = holdNextPut(a);
    const put = store(a, 'one', 'x');
    await isPut;
    // Nobody knows what it has claimed.
    const claim = leased.claim.bind(leased);
    let isAsked = false;
    leased.claim = () => {
      leased.claim = claim;
      isAsked = true;
      return Promise.reject(Object.assign(new Error('Connection terminated'), { code: 'ECONNRESET' }));
    };
    await round();
    await until(() => isAsked, 'a claim that fails');
    const others = b.claim(5);
    for (let times = 0; times < 2; times += 1) await round();
    answer.open();
    const id = await put;
    assert.deepEqual(
      (await claimed).map((object) => [object.id, object.redelivered]),
      [[id, 0]],
    );
    assert.equal(stateOf(id), 't|t|0');
    await store(b, 'other', 'y');
    assert.deepEqual(texts(await others), ['other']);
  });

  it('may be others’ once nothing of the association is in flight here', async () => {
    const open = cluster();
    const [a, b] = [await open('a'), await open('b')];
    const claimed = a.claim(1);
    await a.remove(await store(a, 'one', 'x'));
    await claimed;
    await until(async () => (await a.state())?.leases === 0, 'it to give up the association');
    const others = b.claim(5);
    await store(a, 'two', 'x');
    assert.deepEqual(texts(await others), ['two']);
    const here = a.claim(5);
    await store(a, 'three', 'x');
    await store(a, 'four', 'z');
    assert.deepEqual(texts(await here), ['four'], 'it is the other one’s now');
    assert.deepEqual(texts(await b.claim(5)), ['three']);
  });

  it('are others’ soon where more of them are here than somebody asks for, in order', async () => {
    const open = cluster();
    const [a, b] = [await open('a'), await open('b')];
    const { leased } = inside(a).link;
    const lease = leased.lease.bind(leased);
    const [asked, answer] = [new Gate(), new Gate()];
    leased.lease = async (...args) => {
      leased.lease = lease;
      asked.open();
      await answer.passed;
      return lease(...args);
    };
    const claimed = a.claim(2);
    await asked.passed;
    // While it looks for others’, one comes that it claims as it is put.
    for (const text of ['one of y', 'two of y']) await store(b, text, 'y');
    const own = await store(a, 'own', 'x');
    assert.deepEqual(texts(await claimed), ['own']);
    answer.open();
    await until(async () => (await a.state())?.leases === 2, 'it to have the other association, too');
    await hasLooked(a);
    // Its flow has no room, for however long.
    const others: QueuedObject[] = [];
    const take = async (): Promise<unknown> =>
      others.length < 2 && others.push(...(await b.claim(5))) > 0 && take();
    void take();
    await until(() => others.length === 2, 'the other one to get them', 20_000);
    assert.deepEqual(
      others.map((object) => [object.read(textOf), object.redelivered, object.crashes]),
      [
        ['one of y', 0, 0],
        ['two of y', 0, 0],
      ],
    );
    assert.equal(await a.remove(own), true);
  });
});
