import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { DiskQueue, QueueRefusal, type DiskQueueOptions } from '../../src/queue';
import { realFiles, type DiskFiles } from '../../src/basics/disk-files';
import { couldRemove, dieWithout, next, nextTurn, put, takeTexts } from '../support/queues/disk-queue';
import { loggedObjects, queuedObjects, segmentFiles, textOf } from '../support/queues/queue-folder';
import { until } from '../support/machine/until';

const root = mkdtempSync(join(tmpdir(), 'dicom-queue-faults-'));
after(() => rmSync(root, { recursive: true, force: true }));

const CODES = ['ENOSPC', 'EIO', 'EACCES', 'EMFILE', 'EROFS'];
const OPERATIONS = Object.keys(realFiles) as (keyof DiskFiles)[];

/** File operations of which one fails while `broken` names it. */
function breakable(): {
  files: DiskFiles;
  broken: { operation?: keyof DiskFiles; code: string; calls: number };
} {
  const broken: { operation?: keyof DiskFiles; code: string; calls: number } = { code: 'EIO', calls: 0 };
  const files = new Proxy(realFiles, {
    get(target, operation: keyof DiskFiles) {
      const real = target as unknown as Record<string, (...args: unknown[]) => unknown>;
      return (...args: unknown[]) => {
        if (broken.operation !== operation) return real[operation]?.(...args);
        broken.calls += 1;
        throw Object.assign(new Error(`${broken.code}: injected into ${operation}`), { code: broken.code });
      };
    },
  });
  return { files, broken };
}

/** Takes an object in and out; 'kept', or why not. */
async function once(queue: DiskQueue): Promise<string> {
  try {
    const writer = queue.begin(Buffer.from('head'));
    try {
      writer.append(Buffer.from('data'));
      await writer.complete();
    } catch (error) {
      writer.discard();
      throw error;
    }
  } catch (error) {
    assert.ok(error instanceof QueueRefusal, `a refusal, not ${String(error)}`);
    assert.match(error.message, /\S/);
    return error.code;
  }
  return 'kept';
}

describe('a disk queue whose file operations fail', () => {
  const cases = OPERATIONS.flatMap((operation) =>
    [false, true].map((filesOnly) => ({ operation, filesOnly, where: filesOnly ? 'files only' : 'log' })),
  );
  for (const { operation, filesOnly, where } of cases) {
    it(`${operation} (${where}): nothing is acknowledged that is not kept, nothing stays of what is refused, and it recovers`, async () => {
      for (const code of CODES) {
        const directory = join(root, `${operation}-${code}-${filesOnly}`);
        const { files, broken } = breakable();
        const leftovers: Error[] = [];
        const queue = new DiskQueue(
          {
            directory,
            maxObjects: 10,
            synced: true,
            minFreeBytes: 1,
            ...(filesOnly && { largeBytes: 0 }),
            onLeftover: (error) => leftovers.push(error),
          },
          files,
        );
        await queue.open();
        assert.equal(await once(queue), 'kept');

        broken.operation = operation;
        broken.code = code;
        const outcome = await once(queue);
        // A check of the free space may still be fresh; the rest of these belong to other parts of an object's life.
        const untouched = broken.calls === 0;
        assert.equal(outcome, untouched ? 'kept' : code);
        assert.equal(queue.size, untouched ? 2 : 1);

        delete broken.operation;
        assert.equal(await once(queue), 'kept');
        const taken = [];
        for (let object = queue.take(); object !== undefined; object = queue.take()) {
          taken.push(object.read(textOf));
          void queue.remove(object.id);
        }
        assert.deepEqual([...new Set(taken)], ['headdata']);
        queue.close();

        // Whatever could not be cleaned up was reported, and is gone after the next start.
        const left = readdirSync(directory);
        assert.ok(left.length === 0 || leftovers.length > 0, `${left.join()} unreported`);
        const restarted = new DiskQueue({
          directory,
          maxObjects: 10,
          synced: true,
          minFreeBytes: 0,
          onLeftover: assert.fail,
        });
        await restarted.open();
        assert.equal(restarted.size, 0, 'what was refused or has left does not come again');
        restarted.close();
        assert.deepEqual(readdirSync(directory), []);
      }
    });
  }

  it('neither loses nor gives as good an object of an earlier run while the disk does not give it', async () => {
    for (const operation of ['openSync', 'fstatSync', 'read'] as const) {
      const { files, broken } = breakable();
      const directory = join(root, `no-${operation}`);
      const open = async (): Promise<DiskQueue> => {
        const options = { directory, maxObjects: 10, synced: true, minFreeBytes: 0, largeBytes: 0 };
        const queue = new DiskQueue({ ...options, onLeftover: assert.fail }, files);
        await queue.open();
        return queue;
      };
      const before = await open();
      assert.equal(await once(before), 'kept');
      before.close();
      const queue = await open();
      broken.operation = operation;
      const first = (await next(queue)) ?? assert.fail();
      // Also where the disk gives it by now: nobody has compared it.
      if (operation === 'read') delete broken.operation;
      assert.throws(() => first.read(textOf), { code: 'EIO' });
      delete broken.operation;
      queue.release(first.id);
      const again = await next(queue);
      assert.equal(again?.id, first.id);
      assert.equal(again?.read(textOf), 'headdata');
      queue.close();
    }
  });

  for (const filesOnly of [false, true]) {
    it(`keeps nothing, and acknowledges nothing, that was still being synced when the queue was closed (${filesOnly ? 'files only' : 'log'})`, async () => {
      let release: () => void = () => undefined;
      const slow = new Promise<void>((resolve) => (release = resolve));
      const files: DiskFiles = { ...realFiles, sync: () => slow, syncData: () => slow };
      const directory = join(root, `closed-${filesOnly}`);
      mkdirSync(directory);
      const queue = new DiskQueue(
        {
          directory,
          maxObjects: 10,
          synced: true,
          minFreeBytes: 0,
          ...(filesOnly && { largeBytes: 0 }),
          onLeftover: assert.fail,
        },
        files,
      );
      await queue.open();
      const committed = queue.begin(Buffer.from('head')).complete();
      queue.close();
      release();
      await assert.rejects(committed, (error: unknown) => error instanceof QueueRefusal);
      assert.deepEqual(queuedObjects(directory), []);
      assert.deepEqual(segmentFiles(directory), []);
    });

    it(`waits for a slow disk: nothing is acknowledged before it is synced, and others are not held up (${filesOnly ? 'files only' : 'log'})`, async () => {
      let release: () => void = () => undefined;
      const slow = new Promise<void>((resolve) => (release = resolve));
      let syncs = 0;
      const slowly = async (sync: () => Promise<void>): Promise<void> => {
        syncs += 1;
        await slow;
        await sync();
      };
      const files: DiskFiles = {
        ...realFiles,
        sync: (fd) => slowly(() => realFiles.sync(fd)),
        syncData: (fd) => slowly(() => realFiles.syncData(fd)),
      };
      const directory = join(root, `slow-${filesOnly}`);
      mkdirSync(directory);
      const queue = new DiskQueue(
        {
          directory,
          maxObjects: 10,
          synced: true,
          minFreeBytes: 0,
          ...(filesOnly && { largeBytes: 0 }),
          onLeftover: assert.fail,
        },
        files,
      );
      await queue.open();
      let acknowledged = 0;
      const commits = [1, 2, 3].map(async () => {
        assert.equal(await once(queue), 'kept');
        acknowledged += 1;
      });
      // Its turn has come: only the disk is waited for.
      await until(() => syncs > 0, 'the first sync');
      for (let turn = 0; turn < 10; turn += 1) await nextTurn();
      assert.equal(acknowledged, 0);
      assert.equal(queue.take(), undefined);
      release();
      await Promise.all(commits);
      assert.equal(queue.size, 3);
      queue.close();
    });
  }

  it('survives failures while objects are handed over and set aside', async () => {
    for (const [operation, synced] of OPERATIONS.flatMap((each) => [
      [each, false] as const,
      [each, true] as const,
    ])) {
      const { files, broken } = breakable();
      const leftovers: Error[] = [];
      const directory = join(root, `life-${operation}-${synced}`);
      const queue = new DiskQueue(
        {
          directory,
          maxObjects: 10,
          synced,
          minFreeBytes: 0,
          onLeftover: (error) => leftovers.push(error),
        },
        files,
      );
      await queue.open();
      for (let count = 0; count < 3; count += 1) assert.equal(await once(queue), 'kept');
      const ids = [queue.take()?.id ?? '', queue.take()?.id ?? '', queue.take()?.id ?? ''] as const;
      broken.operation = operation;
      await queue.reclaim(ids[0]);
      const isRemoved = await couldRemove(queue, ids[1]);
      const isAside = await queue.setAside(ids[2], 'why');
      assert.equal(queue.size, isAside ? 1 : 2, 'what cannot be set aside stays');
      assert.ok(broken.calls === 0 || leftovers.length > 0 || !isRemoved, operation);
      delete broken.operation;
      assert.equal(await couldRemove(queue, ids[1]), true, 'what could not be written down can be now');
      queue.close();
      const restarted = new DiskQueue(
        { directory, maxObjects: 10, synced, minFreeBytes: 0, onLeftover: assert.fail },
        realFiles,
      );
      await restarted.open();
      const letters = (await restarted.deadLetters.list()).length;
      assert.equal(letters, isAside ? 1 : 0, `${operation}: what was said of the third`);
      // What could not be set aside is in the log as before.
      assert.equal(restarted.size + letters, 2, operation);
      restarted.close();
    }
  });
});

/** A queue whose disk can be made to fail, what it tells, and its folder. */
async function failing(
  name: string,
  options: Partial<DiskQueueOptions> = {},
  disk?: DiskFiles,
): Promise<
  Omit<ReturnType<typeof breakable>, 'files'> & { queue: DiskQueue; directory: string; told: string[] }
> {
  const directory = join(root, name);
  const told: string[] = [];
  const { files, broken } = breakable();
  const queue = new DiskQueue(
    {
      directory,
      maxObjects: 100,
      synced: false,
      minFreeBytes: 0,
      onLeftover: ({ message }) => told.push(message),
      ...options,
    },
    disk ?? files,
  );
  await queue.open();
  return { broken, queue, directory, told };
}

/** What a queue that is opened there after a crash has, and what it tells. */
async function afterCrash(queue: DiskQueue, directory: string): Promise<{ texts: string[]; told: string[] }> {
  dieWithout(queue);
  const told: string[] = [];
  const onLeftover = ({ message }: Error): void => void told.push(message);
  const reopened = new DiskQueue({ directory, maxObjects: 100, synced: false, minFreeBytes: 0, onLeftover });
  await reopened.open();
  const texts = await takeTexts(reopened);
  reopened.close();
  return { texts, told };
}

/** A disk that has so much room, and takes so many bytes with one write at most. */
function shortWrites(disk: { room: number; atATime: number }): DiskFiles {
  const limited = (length: number): number => {
    if (disk.room === 0) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
    const taken = Math.min(disk.room, disk.atATime, length);
    disk.room -= taken;
    return taken;
  };
  return {
    ...realFiles,
    writeSync: ((fd: number, bytes: Buffer, at: number, length: number, position: number) =>
      realFiles.writeSync(fd, bytes, at, limited(length), position)) as typeof realFiles.writeSync,
    writevSync: (fd, pieces, position) => {
      const bytes = Buffer.concat(pieces as Buffer[]);
      return realFiles.writeSync(fd, bytes, 0, limited(bytes.length), position);
    },
  };
}

describe('a large object', () => {
  for (const filesOnly of [false, true]) {
    it(`is whole also where the disk takes a part at a time (${filesOnly ? 'files only' : 'log'})`, async () => {
      const files = shortWrites({ room: Infinity, atATime: 50_000 });
      const { queue } = await failing(
        `part-at-a-time-${filesOnly}`,
        filesOnly ? { largeBytes: 0 } : {},
        files,
      );
      const whole = Buffer.from(Array.from({ length: 700_000 }, (_, index) => index % 127));
      for (let object = 0; object < 2; object += 1) {
        const writer = queue.begin(whole.subarray(0, 900));
        for (let at = 900; at < whole.length; at += 16_000) writer.append(whole.subarray(at, at + 16_000));
        await writer.complete();
      }
      // Not from memory.
      dieWithout(queue);
      const { queue: reopened } = await failing(
        `part-at-a-time-${filesOnly}`,
        filesOnly ? { largeBytes: 0 } : {},
      );
      const texts = await takeTexts(reopened);
      assert.equal(texts.length, 2);
      for (const text of texts) assert.equal(text, whole.toString('utf8'));
      reopened.close();
    });
  }
});

describe('a log whose disk fails', () => {
  it('loses nothing when the disk takes a part of an object only, and leaves nothing of that part', async () => {
    const disk = { room: Infinity, atATime: Infinity };
    const files = shortWrites(disk);
    for (const synced of [false, true]) {
      const directory = join(root, `short-${synced}`);
      const queue = new DiskQueue(
        { directory, maxObjects: 100, synced, minFreeBytes: 0, onLeftover: assert.fail },
        files,
      );
      await queue.open();
      await put(queue, 'one');
      for (let room = 0; room < 120; room += 1) {
        disk.room = room;
        await assert.rejects(put(queue, 'x'.repeat(50)), { code: 'ENOSPC' });
      }
      disk.room = Infinity;
      await put(queue, 'two');
      assert.equal(segmentFiles(directory).length, 1, 'at the same place');
      assert.deepEqual(await afterCrash(queue, directory), { texts: ['one', 'two'], told: [] });
    }
  });

  it('goes on in another file when what it wrote in part cannot be taken back', async () => {
    const disk = { room: Infinity, atATime: Infinity };
    const files: DiskFiles = {
      ...shortWrites(disk),
      ftruncateSync: (...args) => {
        if (disk.room === 0) throw Object.assign(new Error('EIO'), { code: 'EIO' });
        realFiles.ftruncateSync(...args);
      },
    };
    const { queue, directory } = await failing('no-truncate', {}, files);
    await put(queue, 'one');
    disk.room = 30;
    await assert.rejects(put(queue, 'torn'), { code: 'ENOSPC' });
    disk.room = Infinity;
    await put(queue, 'two');
    assert.equal(segmentFiles(directory).length, 2);
    const { texts, told } = await afterCrash(queue, directory);
    assert.deepEqual(texts, ['one', 'two']);
    assert.equal(told.length, 1, 'a part of the first cannot be read');
  });

  it('refuses all who wait for a sync that fails, does not give them again, and trusts that file no more', async () => {
    const { broken, queue, directory } = await failing('no-sync', { synced: true, log: { quickSyncMs: 0 } });
    await put(queue, 'one');
    broken.operation = 'syncData';
    broken.code = 'EIO';
    const results = await Promise.allSettled(['two', 'three', 'four'].map((text) => put(queue, text)));
    assert.deepEqual(
      results.map((result) => result.status === 'rejected' && (result.reason as QueueRefusal).code),
      ['EIO', 'EIO', 'EIO'],
    );
    delete broken.operation;
    await put(queue, 'five');
    assert.equal(segmentFiles(directory).length, 2);
    await nextTurn();
    assert.deepEqual(await afterCrash(queue, directory), { texts: ['one', 'five'], told: [] });
  });

  it('does the same where it syncs on its own thread', async () => {
    const log = { quickSyncMs: Infinity };
    const { broken, queue, directory } = await failing('no-sync-here', { synced: true, log });
    const texts = Array.from({ length: 10 }, (_, number) => `object ${number}`);
    for (const text of texts) await put(queue, text);
    broken.operation = 'fdatasyncSync';
    await assert.rejects(put(queue, 'refused'), { code: 'EIO' });
    delete broken.operation;
    await put(queue, 'next');
    assert.equal(segmentFiles(directory).length, 2);
    await nextTurn();
    assert.deepEqual(await afterCrash(queue, directory), { texts: [...texts, 'next'], told: [] });
  });

  it('keeps what it cannot write again, and tries that with the next file', async () => {
    const log = { segmentBytes: 500, mostSegments: 3 };
    const { broken, queue, directory, told } = await failing('not-again', { log });
    const id = await put(queue, 'slow');
    queue.take();
    const pass = async (): Promise<void> => {
      await put(queue, 'x'.repeat(100));
      await queue.remove(queue.take()?.id ?? '');
      await nextTurn();
    };
    broken.operation = 'readSync';
    for (let number = 0; number < 30; number += 1) await pass();
    assert.ok(told.length > 0 && told.length < 15, `${told.length} are told`);
    assert.ok(loggedObjects(directory).has(id));
    delete broken.operation;
    assert.ok(segmentFiles(directory).length > 4);
    for (let number = 0; number < 10; number += 1) await pass();
    assert.deepEqual([...loggedObjects(directory).keys()], [id]);
    assert.ok(segmentFiles(directory).length <= 4);
    assert.deepEqual((await afterCrash(queue, directory)).texts, ['slow']);
  });

  for (const synced of [false, true]) {
    it(`keeps all that waits, whichever operation fails while files are written over (${synced ? 'synced' : 'not synced'})`, async () => {
      for (const operation of OPERATIONS) {
        const name = `written-over-${operation}-${synced}`;
        const { broken, queue, directory } = await failing(name, { synced, log: { segmentBytes: 500 } });
        const waiting: string[] = [];
        for (let number = 0; number < 60; number += 1) {
          if (number === 20) broken.operation = operation;
          if (number === 40) delete broken.operation;
          const text = `${number} `.repeat(30);
          try {
            const id = await put(queue, text);
            if (number % 7 === 0) waiting.push(text);
            else await couldRemove(queue, id);
          } catch (error) {
            // A sync that began before it was mended may be the one that it waits for.
            assert.ok(error instanceof QueueRefusal && number >= 20 && number <= 40, String(error));
          }
          await nextTurn();
        }
        const { texts } = await afterCrash(queue, directory);
        for (const text of waiting) assert.ok(texts.includes(text), `${operation}: ${text}`);
      }
    });
  }

  it('says which objects have left when it can again', async () => {
    const { broken, queue, directory, told } = await failing('no-done');
    for (const text of ['one', 'two', 'three']) await put(queue, text);
    broken.operation = 'writeSync';
    assert.equal(await couldRemove(queue, queue.take()?.id ?? ''), false);
    assert.equal(await couldRemove(queue, queue.take()?.id ?? ''), false);
    assert.equal(loggedObjects(directory).size, 3);
    delete broken.operation;
    queue.close();
    assert.equal(loggedObjects(directory).size, 1);
    assert.deepEqual(told, []);
  });
});
