import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { DiskQueue, type QueuedObject } from '../../src/queue';
import { attemptsText, parseAttempts } from '../../src/queue/attempts';
import { parseObjectName } from '../../src/queue/object-names';
import { dieWithout, next, put, takeAll } from '../support/queues/disk-queue';
import { textOf } from '../support/queues/queue-folder';

const root = mkdtempSync(join(tmpdir(), 'dicom-attempts-'));
after(() => rmSync(root, { recursive: true, force: true }));

let folders = 0;
const folder = (): string => join(root, String((folders += 1)));

for (const isFile of [false, true]) {
  const kind = isFile ? 'a file' : 'in the log';

  const opened = async (directory: string): Promise<DiskQueue> => {
    const options = { directory, maxObjects: 100, synced: true, minFreeBytes: 0 };
    const queue = new DiskQueue({
      ...options,
      ...(isFile && { largeBytes: 0 }),
      onLeftover: (error) => assert.fail(error),
    });
    await queue.open();
    return queue;
  };
  const counts = (object: QueuedObject | undefined): unknown[] => [object?.unacknowledged, object?.crashes];

  describe(`attempts to deliver an object that is ${kind}`, () => {
    it('count nothing that the flow has not had: not what was released, and not a stop or a deploy', async () => {
      const directory = folder();
      const first = await opened(directory);
      await put(first, 'patient');
      first.close();
      for (let run = 0; run < 20; run += 1) {
        const queue = await opened(directory);
        for (let attempt = 0; attempt < 3; attempt += 1) {
          const object = (await next(queue)) ?? assert.fail();
          assert.deepEqual(counts(object), [0, 0]);
          if (attempt < 2) queue.release(object.id);
          else queue.delivered(object.id);
        }
        queue.close();
      }
    });

    it('count what was delivered and not acknowledged in time, over restarts, too', async () => {
      const directory = folder();
      const before = await opened(directory);
      const id = await put(before, 'patient');
      before.take();
      before.delivered(id);
      assert.deepEqual(counts(await before.reclaim(id)), [1, 0]);
      assert.deepEqual(counts(await before.reclaim(id)), [2, 0]);
      before.close();
      const queue = await opened(directory);
      const object = await next(queue);
      assert.deepEqual(counts(object), [2, 0]);
      assert.ok((object?.redelivered ?? 0) > 0);
      queue.close();
    });

    it('count the ends of the process for what was on its way, and not for what was waiting', async () => {
      const directory = folder();
      let queue = await opened(directory);
      for (const text of ['poison', 'patient']) await put(queue, text);
      const crashes: number[] = [];
      for (let run = 0; run < 5; run += 1) {
        const poison = (await next(queue)) ?? assert.fail();
        assert.equal(poison.read(textOf), 'poison');
        crashes.push(poison.crashes);
        dieWithout(queue);
        queue = await opened(directory);
      }
      // The first attempt of a run that took the object in is not noted: it would cost a write for each object.
      assert.deepEqual(crashes, [0, 0, 1, 2, 3]);
      const poison = (await next(queue)) ?? assert.fail();
      void queue.remove(poison.id);
      assert.deepEqual(counts(await next(queue)), [0, 0]);
      queue.close();
    });

    it('are made one at a time for objects that may have ended the process: the others get through', async () => {
      const directory = folder();
      let queue = await opened(directory);
      const texts = ['one', 'two', 'poison', 'three', 'four'];
      for (const text of texts) await put(queue, text);
      const delivered: string[] = [];
      let crashes = 0;
      for (let run = 0; run < 30 && crashes < 10; run += 1) {
        // As a receiver does: it takes what it can, and one of them ends the process.
        for (;;) {
          const object = await next(queue, run < 3 ? texts.length : 0);
          if (object === undefined) break;
          const text = object.read(textOf);
          if (text === 'poison') {
            crashes = object.crashes;
            break;
          }
          if (run < 3) continue;
          delivered.push(text);
          queue.delivered(object.id);
          void queue.remove(object.id);
        }
        dieWithout(queue);
        queue = await opened(directory);
      }
      assert.deepEqual(delivered.slice(0, 2), ['one', 'two']);
      assert.equal(crashes, 10);
      const poison = (await next(queue)) ?? assert.fail();
      assert.equal(await queue.setAside(poison.id, 'it ended Node-RED'), true);
      const rest = await takeAll(queue);
      assert.deepEqual(
        rest.map((object) => object.read(textOf)),
        ['three', 'four'],
      );
      assert.ok(rest.every((object) => object.crashes < 10));
      queue.close();
    });
  });
}

describe('the text of attempts', () => {
  it('is read as it was written, and so is the count of the first version', () => {
    for (const isOpen of [false, true]) {
      const attempts = { deliveries: 3, unacknowledged: 1, crashes: 2, isOpen };
      assert.deepEqual(parseAttempts(attemptsText(attempts)), attempts);
    }
    const old = parseObjectName('1763900000000-0000000007-12~3.dcm');
    assert.deepEqual(old?.attempts, { deliveries: 3, unacknowledged: 0, crashes: 0, isOpen: false });
    for (const text of ['1.2', '1.2.3x', 'o', '-1', '1.2.3.4']) assert.equal(parseAttempts(text), undefined);
  });
});
