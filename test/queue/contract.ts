import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import {
  acknowledgeIdOf,
  ObjectGone,
  QueueBusy,
  QueueRefusal,
  remoteHandle,
  serveHandle,
  type KeepLimits,
  type ObjectHandle,
  type ObjectQueue,
  type QueuedObject,
} from '../../src/queue';
import { textOf } from '../support/queues/queue-folder';
import { until } from '../support/machine/until';

/** A kind of queue. */
export interface QueueKind {
  name: string;
  /** A queue that has just been opened, in a place of its own. */
  create: (options?: { maxObjects?: number } & Partial<KeepLimits>) => Promise<ObjectQueue>;
  /** The same queue after an end of its process. Undefined: nothing of it outlives that. */
  crash: ((queue: ObjectQueue) => Promise<ObjectQueue>) | undefined;
  /** The study of an object of an earlier run is known, and not read from it. */
  knowsStudies?: boolean;
}

const A = 'out-a';
const B = 'study/7';
const STUDY = '1.2.3';
const LARGE = 'L'.repeat(700_000);

async function store(queue: ObjectQueue, text: string, studyInstanceUID = STUDY): Promise<string> {
  const bytes = Buffer.from(text);
  const writer = queue.begin(bytes.subarray(0, 3));
  writer.append(bytes.subarray(3));
  return writer.complete({ studyInstanceUID });
}

async function storeAll(queue: ObjectQueue, ...texts: string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const text of texts) ids.push(await store(queue, text));
  return ids;
}

const texts = (objects: readonly QueuedObject[]): string[] => objects.map((object) => object.read(textOf));

/** All bytes of an open object, which is closed then. */
async function whole(handle: ObjectHandle): Promise<string> {
  const blocks: Buffer[] = [];
  for await (const block of handle.blocks()) blocks.push(block);
  handle.close();
  return Buffer.concat(blocks).toString();
}

/** What is to be true of each implementation of `ObjectQueue`. */
export function contract({ name, create, crash, knowsStudies = false }: QueueKind): void {
  describe(`${name}: claim`, () => {
    it('gives what waits in order, and no more than is asked for', async () => {
      const queue = await create();
      await storeAll(queue, 'one', 'two', 'three');
      assert.deepEqual(texts(await queue.claim(2)), ['one', 'two']);
      assert.deepEqual(texts(await queue.claim(2)), ['three']);
      assert.equal(queue.size, 3);
      await queue.close();
    });

    it('waits for the next object, one call at a time, and is answered with none by close', async () => {
      const queue = await create();
      const first = queue.claim(5);
      await assert.rejects(queue.claim(1), /one claim/);
      await store(queue, 'late');
      assert.deepEqual(texts(await first), ['late']);
      const last = queue.claim(1);
      await queue.close();
      assert.deepEqual(await last, []);
    });

    it('gives first what was released, and counts nothing for it', async () => {
      const queue = await create();
      await storeAll(queue, 'one', 'two');
      const [one] = await queue.claim(1);
      queue.release(one?.id ?? '');
      const [again] = await queue.claim(1);
      assert.deepEqual([again?.id, again?.redelivered, again?.unacknowledged], [one?.id, 0, 0]);
      await queue.close();
    });

    it('does not give what is postponed before it is released', async () => {
      const queue = await create();
      await storeAll(queue, 'one', 'two');
      const [one] = await queue.claim(1);
      queue.postpone(one?.id ?? '');
      assert.deepEqual(texts(await queue.claim(2)), ['two']);
      const next = queue.claim(2);
      queue.release(one?.id ?? '');
      assert.deepEqual(texts(await next), ['one']);
      await queue.close();
    });

    it('counts an attempt that is begun again', async () => {
      const queue = await create();
      const id = await store(queue, 'again');
      assert.equal(await queue.reclaim(id), undefined, 'it is not in flight');
      await queue.claim(1);
      const again = await queue.reclaim(id);
      assert.deepEqual([again?.redelivered, again?.unacknowledged], [1, 1]);
      await queue.close();
    });
  });

  describe(`${name}: room`, () => {
    it('is taken by what is being written, and given back by what is discarded', async () => {
      const queue = await create({ maxObjects: 2 });
      const full = (): void =>
        assert.throws(
          () => queue.begin(Buffer.from('more')),
          (error: unknown) => error instanceof QueueRefusal && error.code === 'QUEUE_FULL',
        );
      const one = queue.begin(Buffer.from('one'));
      const two = queue.begin(Buffer.from('two'));
      full();
      two.discard();
      two.discard();
      const three = queue.begin(Buffer.from('three'));
      full();
      await Promise.all([one.complete(), three.complete()]);
      full();
      assert.equal(queue.size, 2);
      const [first] = await queue.claim(1);
      await queue.remove(first?.id ?? '');
      await store(queue, 'four');
      full();
      await queue.close();
    });
  });

  describe(`${name}: a dead letter`, () => {
    it('counts what the flow got: each attempt before, and the last where the flow has answered', async () => {
      const queue = await create();
      const [odd = '', answered = '', late = '', again = ''] = await storeAll(queue, 'o', 'a', 'l', 'g');
      await queue.claim(4);
      for (const id of [late, again]) await queue.reclaim(id);
      await queue.setAside(odd, 'cannot be converted');
      await queue.setAside(answered, 'the flow answered C000', { status: 'C000' });
      await queue.setAside(late, 'the flow did not acknowledge it');
      await queue.setAside(again, 'the flow answered C000', { status: 'C000' });
      const letters = await queue.deadLetters.list();
      assert.deepEqual(
        letters.map(({ deliveries }) => deliveries),
        [0, 1, 1, 2],
      );
      await queue.close();
    });
  });

  describe(`${name}: names`, () => {
    it('end in 128 random bits, and the other one does not tell the id', async () => {
      const queue = await create();
      const ids = await storeAll(queue, 'one', 'two');
      const random = ids.map((id) => id.slice(-32));
      for (const text of random) assert.match(text, /^[0-9a-f]{32}$/);
      assert.notEqual(random[0], random[1]);
      assert.ok(!acknowledgeIdOf(ids[0] ?? '').includes(random[0] ?? ''));
      await queue.close();
    });

    it('lead to the object in every state but before it was claimed, and not to a guessed one', async () => {
      const queue = await create({ keepDeliveredMs: 10_000, keepDeliveredBytes: 1_000 });
      const ids = await storeAll(queue, 'flight', 'parked', 'kept', 'removed');
      const [flight = '', parked = '', kept = '', removed = ''] = ids;
      await queue.claim(4);
      await queue.park(parked, A);
      queue.keepDelivered(kept);
      await queue.remove(removed);
      for (const id of [flight, parked, kept]) {
        assert.equal(await queue.idOf(id), id);
        assert.equal(await queue.idOf(acknowledgeIdOf(id)), id);
        assert.equal(
          await queue.idOf(acknowledgeIdOf(id).replace(/.$/, (digit) => (digit === '0' ? '1' : '0'))),
          undefined,
        );
        assert.equal(await queue.idOf(id.slice(0, 24)), undefined);
        await assert.rejects(queue.openObject(acknowledgeIdOf(id)), ObjectGone);
      }
      assert.equal(await queue.idOf(removed), undefined);
      assert.equal(await queue.idOf('../../etc/passwd'), undefined);
      await queue.close();
    });
  });

  describe(`${name}: park`, () => {
    it('takes an object out of flight, counts nothing, and keeps it in the queue', async () => {
      const queue = await create();
      const [one = ''] = await storeAll(queue, 'one', 'two');
      await queue.claim(1);
      assert.equal(await queue.park(one, A), true);
      assert.equal(await queue.extend(one), false);
      assert.equal(await queue.reclaim(one), undefined);
      assert.deepEqual(texts(await queue.claim(5)), ['two']);
      assert.equal(queue.size, 2);
      assert.equal(await queue.park('1763900000000-0000000007-5', A), false);
      await queue.close();
    });

    it('removes it when it is acknowledged and the last owner is done, in either order', async () => {
      const queue = await create();
      const [one = '', two = ''] = await storeAll(queue, 'one', 'two');
      await queue.claim(2);
      for (const owner of [A, B]) await queue.park(one, owner);
      assert.equal(await queue.remove(one), true);
      assert.equal(await whole(await queue.openObject(one)), 'one');
      assert.deepEqual(await queue.unpark(one, A), { state: 'acknowledged' });
      assert.deepEqual(await queue.unpark(one, A), { state: 'unknown' });
      assert.deepEqual(await queue.unpark(one, B), { state: 'removed' });
      await assert.rejects(queue.openObject(one), ObjectGone);
      for (const owner of [A, B]) await queue.park(two, owner);
      assert.deepEqual(await queue.unpark(two, B), { state: 'parked' });
      const unparked = await queue.unpark(two, A);
      assert.equal(unparked.state, 'in-flight');
      assert.equal(await queue.extend(two), true, 'the flow still has to acknowledge it');
      assert.equal(await queue.remove(two), true);
      assert.equal(queue.size, 0);
      await queue.close();
    });

    it('redelivers it when its owner is gone, acknowledged or not, in order', async () => {
      const queue = await create();
      const ids = await storeAll(queue, 'one', 'two', 'three');
      await queue.claim(3);
      for (const id of ids) await queue.park(id, A);
      await queue.park(ids[1] ?? '', B);
      await queue.remove(ids[0] ?? '');
      assert.deepEqual((await queue.owners()).sort(), [A, B].sort());
      assert.deepEqual(await queue.parked(), [
        { id: ids[0], owners: [A] },
        { id: ids[1], owners: [A, B] },
        { id: ids[2], owners: [A] },
      ]);
      await queue.disown(A);
      const back = [...(await queue.claim(1)), ...(await queue.claim(1))];
      assert.deepEqual(texts(back), ['one', 'three']);
      assert.ok(back.every(({ redelivered, unacknowledged }) => redelivered === 1 && unacknowledged === 0));
      assert.equal(
        (await queue.unpark(ids[1] ?? '', B)).state,
        'in-flight',
        'nobody has finished its work for A',
      );
      await queue.close();
    });

    it('makes it a dead letter when an owner gives up, once no other owner holds it', async () => {
      const queue = await create();
      const id = await store(queue, 'refused');
      await queue.claim(1);
      for (const owner of [A, B]) await queue.park(id, owner);
      await queue.remove(id);
      assert.equal(await queue.setAside(id, 'the archive refused it', { status: 'C000' }, A), true);
      assert.equal(await queue.deadLetters.count(), 0);
      assert.equal(await whole(await queue.openObject(id)), 'refused', 'B is still at work');
      assert.deepEqual(await queue.unpark(id, B), { state: 'dead-letter' });
      const [letter] = await queue.deadLetters.list();
      assert.deepEqual([letter?.id, letter?.why, letter?.status], [id, 'the archive refused it', 'C000']);
      assert.equal(letter?.deliveries, 1);
      assert.equal(queue.size, 0);
      await queue.close();
    });

    it('refuses what is no name of an owner, and more owners than there may be', async () => {
      const queue = await create();
      const id = await store(queue, 'one');
      await queue.claim(1);
      for (const owner of ['', 'two words', 'é', 'x'.repeat(129)])
        await assert.rejects(queue.park(id, owner));
      assert.equal(await queue.extend(id), true, 'it is in flight as before');
      for (let number = 0; number < 16; number += 1) await queue.park(id, `node/${number}`);
      await assert.rejects(queue.park(id, 'node/16'), /16 owners/);
      await queue.close();
    });

    if (crash !== undefined)
      it('outlives the process, with the owners and with what was acknowledged', async () => {
        let queue = await create();
        const [waits = '', acknowledged = '', failed = '', large = ''] = await storeAll(
          queue,
          'waits',
          'acknowledged',
          'failed – é',
          LARGE,
        );
        await queue.claim(4);
        for (const id of [waits, acknowledged, failed, large])
          for (const owner of [A, B]) await queue.park(id, owner);
        await queue.remove(acknowledged);
        await queue.unpark(large, B);
        await queue.setAside(failed, 'nein, danke – ü', { patientID: 'Ω' }, A);
        queue = await crash(queue);
        assert.equal(queue.size, 4);
        const nothing = queue.claim(1);
        assert.equal(await queue.idOf(acknowledgeIdOf(waits)), waits);
        assert.equal(await whole(await queue.openObject(large)), LARGE);
        assert.deepEqual(await queue.unpark(failed, B), { state: 'dead-letter' });
        const [letter] = await queue.deadLetters.list();
        assert.deepEqual([letter?.why, letter?.patientID], ['nein, danke – ü', 'Ω']);
        assert.equal(letter?.deliveries, 1, 'that of before the restart');
        await queue.unpark(acknowledged, A);
        assert.deepEqual(await queue.unpark(acknowledged, B), { state: 'removed' });
        await queue.remove(large);
        assert.deepEqual(await queue.unpark(large, A), { state: 'removed' });
        await queue.disown(A);
        await queue.disown(B);
        const back = await nothing;
        assert.deepEqual(texts(back), ['waits']);
        assert.equal(back[0]?.redelivered, 1, 'the flow got it once');
        queue = await crash(queue);
        assert.equal(queue.size, 1, 'what was removed does not come again');
        await queue.close();
      });
  });

  describe(`${name}: open`, () => {
    it('pins the bytes, whatever becomes of the object', async () => {
      const queue = await create();
      const ids = await storeAll(queue, 'small', LARGE, 'aside');
      await queue.claim(3);
      const handles = await Promise.all(ids.map((id) => queue.openObject(id)));
      await queue.remove(ids[0] ?? '');
      await queue.remove(ids[1] ?? '');
      await queue.setAside(ids[2] ?? '', 'why');
      // What would be written over, or used again, is.
      for (let number = 0; number < 40; number += 1)
        await queue.remove(await store(queue, `other ${number}`.repeat(50)));
      assert.deepEqual(await Promise.all(handles.map(whole)), ['small', LARGE, 'aside']);
      await queue.close();
    });

    it('reads a part, and nothing beyond the end or after it is closed', async () => {
      const queue = await create();
      const id = await store(queue, `${LARGE}end`);
      const handle = await queue.openObject(id);
      assert.equal(handle.size, LARGE.length + 3);
      assert.equal((await handle.read(LARGE.length, 3)).toString(), 'end');
      await assert.rejects(handle.read(LARGE.length, 4), RangeError);
      handle.close();
      await assert.rejects(handle.read(0, 1), ObjectGone);
      await queue.close();
    });

    it('is counted and bounded, and there is room again when one is closed', async () => {
      const queue = await create();
      const id = await store(queue, 'one');
      const handles = await Promise.all(Array.from({ length: 64 }, () => queue.openObject(id)));
      await assert.rejects(queue.openObject(id), QueueBusy);
      handles[0]?.close();
      handles[1]?.close();
      assert.equal(await whole(await queue.openObject(id)), 'one');
      await queue.close();
      await assert.rejects(handles[5]?.read(0, 1) ?? Promise.resolve(), ObjectGone, 'dead with its queue');
    });

    it('gives another thread one block for each that it asks for, and is closed with the port', async () => {
      const queue = await create();
      const id = await store(queue, LARGE);
      const { port1, port2 } = new MessageChannel();
      const handle = await queue.openObject(id);
      const remote = remoteHandle(serveHandle(handle, port1), port2);
      assert.equal((await remote.read(5, 2)).toString(), 'LL');
      assert.equal(await whole(remote), LARGE);
      await new Promise((resolve) => port1.once('close', resolve));
      await assert.rejects(handle.read(0, 1), ObjectGone);
      await assert.rejects(remote.read(0, 1), ObjectGone);
      await queue.close();
    });
  });

  describe(`${name}: what the flow got and nobody acknowledges`, () => {
    it('counts no more, and can be opened and parked for a while', async () => {
      const queue = await create({ maxObjects: 2, keepDeliveredMs: 10_000, keepDeliveredBytes: 2e6 });
      const ids = await storeAll(queue, 'small', LARGE);
      await queue.claim(2);
      for (const id of ids) queue.keepDelivered(id);
      assert.equal(queue.size, 0);
      await storeAll(queue, 'next');
      for (const [index, id] of ids.entries()) {
        assert.equal(await whole(await queue.openObject(id)), ['small', LARGE][index]);
        assert.equal(await queue.remove(id), true, 'an acknowledgement is no mistake');
        assert.equal(await queue.park(id, A), true);
      }
      assert.equal(queue.size, 3);
      for (const id of ids) assert.deepEqual(await queue.unpark(id, A), { state: 'removed' });
      await queue.close();
    });

    it('goes, the oldest first, when there is too much of it', async () => {
      const queue = await create({ keepDeliveredMs: 600_000, keepDeliveredBytes: 10 });
      const ids = await storeAll(queue, 'one..', 'two..', 'three', 'far too long');
      for (const { id } of await queue.claim(4)) queue.keepDelivered(id);
      const kept = await Promise.all(ids.map((id) => queue.isKept(id)));
      assert.deepEqual(kept, [false, true, true, false]);
      for (const [index, id] of ids.entries())
        if (kept[index] === true) (await queue.openObject(id)).close();
        else await assert.rejects(queue.openObject(id), ObjectGone);
      await queue.close();
    });

    it('goes when its time is over', async () => {
      const queue = await create({ keepDeliveredMs: 20, keepDeliveredBytes: 2e6 });
      const [id = ''] = await storeAll(queue, 'one');
      await queue.claim(1);
      queue.keepDelivered(id);
      await until(async () => !(await queue.isKept(id)), 'the end of its time');
      await assert.rejects(queue.openObject(id), ObjectGone);
      assert.equal(await queue.park(id, A), false);
      await queue.close();
    });

    if (crash !== undefined)
      it('is gone after a restart, unless somebody has parked it', async () => {
        let queue = await create({ keepDeliveredMs: 10_000, keepDeliveredBytes: 2e6 });
        const [, , parked = '', large = ''] = await storeAll(queue, 'one', LARGE, 'parked', `${LARGE}!`);
        for (const { id } of await queue.claim(4)) queue.keepDelivered(id);
        for (const id of [parked, large]) assert.equal(await queue.park(id, A), true);
        queue = await crash(queue);
        assert.equal(queue.size, 2);
        assert.equal(await whole(await queue.openObject(large)), `${LARGE}!`);
        assert.deepEqual(await queue.unpark(parked, A), { state: 'removed' });
        await queue.close();
      });
  });

  describe(`${name}: describe`, () => {
    it('tells of an object in whatever state it is, and of none that is not there', async () => {
      const queue = await create();
      const [id = ''] = await storeAll(queue, 'told of');
      const told = (): Promise<string | undefined> => queue.describe(id, (object) => object.read(textOf));
      await queue.claim(1);
      assert.equal(await told(), 'told of');
      await queue.park(id, A);
      assert.equal(await told(), 'told of');
      await queue.unpark(id, A);
      await queue.remove(id);
      assert.equal(await told(), undefined);
      await queue.close();
    });
  });

  describe(`${name}: remove and dead letters`, () => {
    it('has removed for good what it says it has', async () => {
      let queue = await create();
      const ids = await storeAll(queue, 'one', LARGE, 'waits');
      await queue.claim(2);
      for (const id of ids) assert.equal(await queue.remove(id), true);
      assert.equal(await queue.remove(ids[0] ?? ''), false);
      assert.equal(queue.size, 0);
      if (crash !== undefined) queue = await crash(queue);
      assert.equal(queue.size, 0);
      await queue.close();
    });

    it('gives dead letters in pages, takes them back and discards them', async () => {
      const queue = await create();
      const ids = await storeAll(queue, 'one', 'two', 'three');
      await queue.claim(3);
      for (const id of ids) await queue.setAside(id, 'why');
      const page = await queue.deadLetters.list({ limit: 2 });
      assert.deepEqual(
        page.map(({ id }) => id),
        ids.slice(0, 2),
      );
      const rest = await queue.deadLetters.list({ after: page[1]?.id ?? '', limit: 2 });
      assert.deepEqual(
        rest.map(({ id }) => id),
        ids.slice(2),
      );
      assert.equal(await queue.deadLetters.requeue(ids[0] ?? ''), true);
      assert.equal(await queue.deadLetters.discard(ids[1] ?? ''), true);
      assert.equal(await queue.deadLetters.count(), 1);
      assert.deepEqual(texts(await queue.claim(5)), ['one']);
      await queue.close();
    });

    it('refuses more objects than it may hold', async () => {
      const queue = await create({ maxObjects: 1 });
      await store(queue, 'one');
      assert.throws(() => queue.begin(Buffer.from('two')), QueueRefusal);
      await queue.close();
    });
  });

  describe(`${name}: waiting`, () => {
    it('counts what is received and neither removed nor parked, in flight or not', async () => {
      let queue = await create();
      const [one = '', two = '', three = ''] = await storeAll(queue, 'one', 'two', 'three', 'four');
      await store(queue, 'other', '1.2.4');
      assert.equal(await queue.waiting(STUDY), 4);
      await queue.claim(3);
      assert.equal(await queue.waiting(STUDY), 4);
      await queue.remove(one);
      await queue.park(two, A);
      await queue.setAside(three, 'why');
      assert.equal(await queue.waiting(STUDY), 1);
      await queue.unpark(two, A);
      assert.equal(await queue.waiting('1.2.5'), 0);
      if (crash !== undefined) queue = await crash(queue);
      // Of objects of earlier runs, and those that were parked, it is read again: "two" and "four" name no study.
      assert.equal(await queue.waiting('1.2.4'), crash === undefined || knowsStudies ? 1 : 0);
      await queue.close();
    });
  });
}
