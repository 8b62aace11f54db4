import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { DiskQueue, QueueRefusal, type DiskQueueOptions } from '../../../src/queue';
import { readSegment } from '../../../src/queue/log/log-reader';
import { parseSegmentName } from '../../../src/queue/object-names';
import { realFiles, type DiskFiles } from '../../../src/basics/disk-files';
import { dieWithout, nextTurn, put, takeAll, takeTexts } from '../../support/queues/disk-queue';
import {
  loggedObjects,
  queuedFiles,
  queuedObjects,
  segmentFiles,
  textOf,
} from '../../support/queues/queue-folder';
import { until } from '../../support/machine/until';

const root = mkdtempSync(join(tmpdir(), 'dicom-log-'));
after(() => rmSync(root, { recursive: true, force: true }));

let folders = 0;
const folder = (): string => join(root, String((folders += 1)));

const LARGE = 'L'.repeat(1_200_000);

async function opened(
  directory: string,
  options: Partial<DiskQueueOptions> = {},
  files: DiskFiles = realFiles,
): Promise<DiskQueue> {
  const queue = new DiskQueue(
    {
      directory,
      maxObjects: 10_000,
      synced: false,
      minFreeBytes: 0,
      onLeftover: (error) => assert.fail(error),
      ...options,
    },
    files,
  );
  await queue.open();
  return queue;
}

/** A folder with one segment of these bytes, by this name. */
function folderWith(name: string, bytes: Buffer): string {
  const directory = folder();
  mkdirSync(directory);
  writeFileSync(join(directory, name), bytes);
  return directory;
}

/** What a queue that is opened there delivers, and what it tells. Then it is closed as an operator does. */
async function deliveredFrom(directory: string): Promise<{ texts: string[]; told: string[] }> {
  const told: string[] = [];
  const queue = await opened(directory, { onLeftover: ({ message }) => told.push(message) });
  const taken = await takeAll(queue);
  const texts = taken.map((object) => object.read(textOf));
  for (const { id } of taken) void queue.remove(id);
  queue.close();
  return { texts, told };
}

/** The one segment of a log with these objects, as a crash leaves it, and where its records lie. */
async function crashedSegment(
  texts: readonly string[],
): Promise<{ name: string; bytes: Buffer; records: { offset: number; length: number }[] }> {
  const directory = folder();
  const queue = await opened(directory);
  for (const text of texts) await put(queue, text);
  dieWithout(queue);
  const [name = ''] = segmentFiles(directory);
  return {
    name,
    bytes: readFileSync(join(directory, name)),
    records: [...loggedObjects(directory).values()],
  };
}

describe('the log of a disk queue', () => {
  it('holds small objects in one file, and leaves large ones to files of their own', async () => {
    const directory = folder();
    const queue = await opened(directory);
    for (const text of ['one', LARGE, 'two', 'three']) await put(queue, text);
    assert.equal(segmentFiles(directory).length, 1);
    assert.equal(loggedObjects(directory).size, 3);
    assert.equal(queuedFiles(directory).length, 1);
    assert.deepEqual(await takeTexts(queue), ['one', LARGE, 'two', 'three']);
  });

  it('comes out after a crash in one order with the files, each object marked', async () => {
    const directory = folder();
    const before = await opened(directory);
    for (const text of ['one', LARGE, 'two', LARGE, 'three']) await put(before, text);
    dieWithout(before);
    const queue = await opened(directory);
    assert.equal(queue.size, 5);
    await put(queue, 'new');
    const taken = await takeAll(queue);
    assert.deepEqual(
      taken.map((object) => object.read(textOf)),
      ['one', LARGE, 'two', LARGE, 'three', 'new'],
    );
    assert.deepEqual(
      taken.map(({ redelivered }) => redelivered),
      [1, 1, 1, 1, 1, 0],
    );
  });

  it('gives what is not kept in memory back from the disk', async () => {
    const queue = await opened(folder());
    const texts = Array.from({ length: 200 }, (_, number) => `object ${number}`);
    for (const text of texts) await put(queue, text);
    assert.deepEqual(await takeTexts(queue), texts);
  });

  it('never gives again after a restart what was removed', async () => {
    const directory = folder();
    const before = await opened(directory);
    for (const text of ['one', 'two', 'three']) await put(before, text);
    for (const { id } of (await takeAll(before)).slice(0, 2)) void before.remove(id);
    before.close();
    const queue = await opened(directory);
    assert.deepEqual(await takeTexts(queue), ['three']);
  });

  it('knows after a crash what was removed before this turn, and with which objects', async () => {
    const directory = folder();
    const before = await opened(directory);
    for (const text of ['one', 'two', 'three']) await put(before, text);
    const [one, two, three] = await takeAll(before);
    void before.remove(one?.id ?? '');
    await nextTurn();
    void before.remove(two?.id ?? '');
    await put(before, 'four');
    void before.remove(three?.id ?? '');
    const [name = ''] = segmentFiles(directory);
    const crashed = folderWith(name, readFileSync(join(directory, name)));
    assert.deepEqual(await deliveredFrom(crashed), { texts: ['three', 'four'], told: [] });
    await nextTurn();
    assert.equal(loggedObjects(directory).size, 1);
  });

  it('says of many objects with one write that they have left', async () => {
    let writes = 0;
    const files: DiskFiles = {
      ...realFiles,
      writeSync: ((...args: Parameters<typeof realFiles.writeSync>) => {
        writes += 1;
        return realFiles.writeSync(...args);
      }) as typeof realFiles.writeSync,
    };
    const queue = await opened(folder(), {}, files);
    for (let number = 0; number < 100; number += 1) await put(queue, String(number));
    writes = 0;
    for (const { id } of (await takeAll(queue)).slice(0, 99)) void queue.remove(id);
    await nextTurn();
    assert.equal(writes, 1);
  });

  it('counts over restarts only the deliveries of what was taken, and those of this run, too', async () => {
    const directory = folder();
    let queue = await opened(directory);
    await put(queue, 'poison');
    await put(queue, 'behind it');
    queue.take();
    for (let run = 1; run <= 3; run += 1) {
      dieWithout(queue);
      queue = await opened(directory);
      assert.equal(queue.take()?.redelivered, run);
    }
    assert.equal(queue.take(), undefined, 'what may have ended the process comes alone');
    const [poison = ''] = loggedObjects(directory).keys();
    void queue.remove(poison);
    const behind = queue.take();
    assert.equal(behind?.redelivered, 1);
    assert.equal((await queue.reclaim(behind?.id ?? ''))?.redelivered, 2);
    assert.equal((await queue.reclaim(behind?.id ?? ''))?.redelivered, 3);
    await nextTurn();
    assert.deepEqual(queuedFiles(directory), [], 'a count is a record');
    dieWithout(queue);
    const counts = (await takeAll(await opened(directory))).map(({ redelivered }) => redelivered);
    assert.deepEqual(counts, [4]);
  });

  it('lets an object that is set aside become a file, which is on the disk before the log forgets it', async () => {
    const steps: string[] = [];
    const files: DiskFiles = {
      ...realFiles,
      fsyncSync: (fd) => {
        steps.push('synced');
        realFiles.fsyncSync(fd);
      },
      unlinkSync: (path) => {
        steps.push('deleted');
        realFiles.unlinkSync(path);
      },
    };
    const directory = folder();
    const queue = await opened(directory, { synced: true }, files);
    steps.length = 0;
    await put(queue, 'odd');
    const id = queue.take()?.id ?? '';
    await queue.setAside(id, 'cannot be converted');
    assert.deepEqual(steps, ['synced', 'synced', 'synced'], 'file, its folder, and the folder of that');
    assert.equal(readFileSync(join(directory, 'dead-letter', `${id}.dcm`), 'utf8'), 'odd');
    assert.deepEqual([...loggedObjects(directory).keys()], [id], 'until the end of the turn');
    await nextTurn();
    assert.deepEqual([...loggedObjects(directory).keys()], []);
    queue.close();
    assert.deepEqual(steps.at(-1), 'deleted');
    assert.deepEqual(segmentFiles(directory), []);
  });

  it('is in several files, of which each is deleted when it and all older ones are done', async () => {
    const directory = folder();
    const queue = await opened(directory, { log: { segmentBytes: 1_000, mostSegments: 20 } });
    for (let number = 0; number < 60; number += 1) await put(queue, 'x'.repeat(100));
    const all = segmentFiles(directory);
    assert.ok(all.length >= 6, `${all.length} segments`);
    const ids = (await takeAll(queue)).map(({ id }) => id);
    const [oldest = ''] = ids;
    for (const id of ids.slice(1)) void queue.remove(id);
    await nextTurn();
    assert.deepEqual(segmentFiles(directory).slice(0, all.length), all, 'the oldest is not done');
    void queue.remove(oldest);
    await nextTurn();
    assert.equal(segmentFiles(directory).length, 1, 'the one that is being written');
    queue.close();
    assert.deepEqual(segmentFiles(directory), []);
  });

  it('is deleted when nothing has waited for a while', async () => {
    const directory = folder();
    const queue = await opened(directory, { log: { idleMs: 30 } });
    await put(queue, 'one');
    void queue.remove(queue.take()?.id ?? '');
    await until(() => segmentFiles(directory).length === 0, 'no segment');
    await put(queue, 'two');
    // Another one that became empty after this is deleted: so would this have been.
    const others = folder();
    const other = await opened(others, { log: { idleMs: 30 } });
    await put(other, 'other');
    await other.remove(other.take()?.id ?? '');
    await until(() => segmentFiles(others).length === 0, 'no segment of the other');
    other.close();
    assert.equal(loggedObjects(directory).size, 1);
    assert.deepEqual(await takeTexts(queue), ['two']);
    queue.close();
  });

  for (const synced of [false, true]) {
    it(`writes those again that keep many segments${synced ? ', and syncs them before an old one goes' : ''}`, async () => {
      const directory = folder();
      const log = { segmentBytes: 500, mostSegments: 3 };
      const queue = await opened(directory, { log, synced });
      await put(queue, 'slow');
      const slow = queue.take()?.id ?? '';
      assert.equal((await queue.reclaim(slow))?.redelivered, 1);
      for (let number = 0; number < 60; number += 1) {
        await put(queue, 'x'.repeat(100));
        await queue.remove(queue.take()?.id ?? '');
        await nextTurn();
      }
      await until(() => segmentFiles(directory).length <= 4, 'the oldest are gone');
      assert.deepEqual(queuedFiles(directory), []);
      assert.equal(queue.size, 1);
      assert.equal((await queue.reclaim(slow))?.read(textOf), 'slow');
      dieWithout(queue);
      const reopened = await opened(directory, { log });
      const [found, ...others] = await takeAll(reopened);
      assert.deepEqual([found?.id, found?.redelivered, found?.read(textOf)], [slow, 3, 'slow']);
      assert.deepEqual(others, []);
    });
  }

  it('writes again one after the other where nothing more comes', async () => {
    const directory = folder();
    const queue = await opened(directory, { log: { segmentBytes: 500, mostSegments: 3 } });
    const slow: string[] = [];
    const quick: string[] = [];
    for (let number = 0; number < 60; number += 1) {
      await put(queue, 'x'.repeat(100));
      (number % 20 === 0 ? slow : quick).push(queue.take()?.id ?? '');
    }
    await Promise.all(quick.map((id) => queue.remove(id)));
    await until(() => segmentFiles(directory).length <= 4, 'the oldest are gone');
    for (const id of slow) assert.equal((await queue.reclaim(id))?.read(textOf), 'x'.repeat(100));
    queue.close();
  });

  it('does not write again what just waits for the flow', async () => {
    const directory = folder();
    const queue = await opened(directory, { log: { segmentBytes: 500, mostSegments: 3 } });
    for (let number = 0; number < 60; number += 1) await put(queue, 'x'.repeat(100));
    const before = loggedObjects(directory);
    await queue.remove(queue.take()?.id ?? '');
    await nextTurn();
    for (const [id, { segment, offset }] of loggedObjects(directory))
      assert.deepEqual([segment.path, offset], [before.get(id)?.segment.path, before.get(id)?.offset]);
  });

  it('has an object once that was being moved out when the process ended', async () => {
    const directory = folder();
    const before = await opened(directory);
    const id = await put(before, 'moving');
    dieWithout(before);
    writeFileSync(join(directory, `${id}.dcm`), 'mov');
    const queue = await opened(directory);
    assert.deepEqual(await takeTexts(queue), ['moving']);
    void queue.remove(id);
    queue.close();
    assert.deepEqual(queuedObjects(directory), []);
  });

  it('makes way for files where each object is to be one, and delivers what it had', async () => {
    const directory = folder();
    const before = await opened(directory);
    for (const text of ['one', 'two']) await put(before, text);
    before.close();
    const queue = await opened(directory, { largeBytes: 0 });
    await put(queue, 'three');
    assert.equal(queuedFiles(directory).length, 1);
    const taken = await takeAll(queue);
    assert.deepEqual(
      taken.map((object) => object.read(textOf)),
      ['one', 'two', 'three'],
    );
    for (const { id } of taken) void queue.remove(id);
    queue.close();
    assert.deepEqual(readdirSync(directory), []);
  });

  it('acknowledges nothing that it writes into a file that somebody has deleted', async () => {
    const directory = folder();
    const queue = await opened(directory);
    await put(queue, 'one');
    rmSync(directory, { recursive: true });
    await assert.rejects(put(queue, 'two'), (error: unknown) => {
      return error instanceof QueueRefusal && error.code === 'ENOENT';
    });
    mkdirSync(directory);
    await put(queue, 'three');
    assert.equal(loggedObjects(directory).size, 1);
  });
});

describe('a file of the log of which all objects have left', () => {
  const log = { segmentBytes: 500 };

  /** Lets so many objects come and go, one after the other. */
  async function pass(queue: DiskQueue, objects: number): Promise<void> {
    for (let number = 0; number < objects; number += 1) {
      const id = await put(queue, `${number} `.repeat(40));
      queue.take();
      void queue.remove(id);
      await nextTurn();
    }
  }

  const spareFiles = (directory: string): string[] =>
    readdirSync(directory).filter((name) => name.endsWith('.spare'));

  for (const synced of [false, true]) {
    const how = synced ? 'synced' : 'not synced';

    it(`is written over (${how})`, async () => {
      const directory = folder();
      const inodes = new Set<number>();
      const files: DiskFiles = {
        ...realFiles,
        fstatSync: ((fd: number) => {
          const stat = realFiles.fstatSync(fd);
          inodes.add(stat.ino);
          return stat;
        }) as typeof realFiles.fstatSync,
      };
      const queue = await opened(directory, { log, synced }, files);
      for (let round = 0; round < 20; round += 1) {
        await pass(queue, 4);
        await until(() => spareFiles(directory).length > 0, 'a spare');
      }
      assert.ok(inodes.size <= 4, `${inodes.size} files`);
      assert.equal(segmentFiles(directory).length, 1);
      queue.close();
      assert.deepEqual(readdirSync(directory), []);
    });

    it(`gives after a crash what had not left, and nothing of what was there before (${how})`, async () => {
      const directory = folder();
      // A spare that is just being prepared is missed by this queue, which does not end as a process does.
      const queue = await opened(directory, { log, synced, onLeftover: () => undefined });
      const waiting: string[] = [];
      for (let round = 0; round < 12; round += 1) {
        await pass(queue, 5);
        // It keeps this segment, and frees the one before.
        const id = await put(queue, `waits ${round}`);
        waiting.push(id);
        if (waiting.length > 1) void queue.remove(waiting.shift() ?? '');
        await nextTurn();
      }
      dieWithout(queue);
      assert.ok(spareFiles(directory).length > 0);
      const { texts, told } = await deliveredFrom(directory);
      assert.deepEqual(texts, ['waits 11']);
      assert.deepEqual(told, []);
      assert.deepEqual(readdirSync(directory), [], 'spares are deleted');
    });
  }

  it('is deleted when nothing has waited for a while, as all others', async () => {
    const directory = folder();
    const queue = await opened(directory, { log: { ...log, idleMs: 30 }, synced: true });
    await pass(queue, 10);
    assert.ok(spareFiles(directory).length > 0);
    await until(() => readdirSync(directory).every((name) => name === 'lock'), 'an empty folder');
    queue.close();
  });

  it('is no segment any more on the disk before a byte of it is written over, and none again before that is there', async () => {
    const directory = folder();
    const steps: string[] = [];
    const paths = new Map<number, string>();
    const created = new Set<string>();
    const files: DiskFiles = {
      ...realFiles,
      openSync: (path, flags, mode) => {
        if (flags === 'wx') created.add(String(path));
        const fd = realFiles.openSync(path, flags, mode);
        paths.set(fd, String(path));
        return fd;
      },
      renameSync: (from, to) => {
        if (String(to).endsWith('.spare')) steps.push('spare');
        else if (String(from).endsWith('.spare') && !created.has(String(from))) steps.push('segment');
        realFiles.renameSync(from, to);
      },
      writeSync: ((fd: number, bytes: Buffer, at: number, length: number, position: number) => {
        const path = paths.get(fd);
        if (path?.endsWith('.spare') && !created.has(path)) steps.push('written');
        return realFiles.writeSync(fd, bytes, at, length, position);
      }) as typeof realFiles.writeSync,
      sync: async (fd) => {
        await realFiles.sync(fd);
        if (paths.get(fd) === directory) steps.push('folder synced');
      },
      syncData: async (fd) => {
        await realFiles.syncData(fd);
        if (paths.get(fd)?.endsWith('.spare')) steps.push('data synced');
      },
    };
    const queue = await opened(directory, { log, synced: true }, files);
    await pass(queue, 4);
    assert.deepEqual(spareFiles(directory).length, 1);
    await until(() => steps.includes('data synced'), 'a spare that is ready');
    await pass(queue, 4);
    const wanted = ['spare', 'folder synced', 'written', 'data synced', 'segment', 'folder synced'];
    let next = 0;
    for (const step of steps) if (step === wanted[next]) next += 1;
    assert.equal(next, wanted.length, steps.join());
    assert.ok(steps.indexOf('written') > steps.indexOf('folder synced', steps.indexOf('spare')));
    assert.ok(steps.indexOf('segment') > steps.indexOf('data synced'));
    queue.close();
  });
});

describe('what goes to the log', () => {
  const almostLarge = Buffer.alloc(1_000_000, 'a');

  it('is no large object that comes with many others: those must not fill the memory', async () => {
    const directory = folder();
    const queue = await opened(directory);
    const writers = Array.from({ length: 70 }, () => queue.begin(almostLarge.subarray(0, 100_000)));
    assert.equal(queuedFiles(directory).length, 6);
    for (const writer of writers.slice(0, 64)) writer.discard();
    const [seventieth] = writers.slice(-1);
    await seventieth?.complete();
    assert.equal(queue.take()?.read(textOf).length, 100_000);
    queue.close();
  });

  it('is no large object when much waits: the log is read at the start', async () => {
    const directory = folder();
    const queue = await opened(directory);
    const ids: string[] = [];
    for (let number = 0; number < 80; number += 1) ids.push(await queue.begin(almostLarge).complete());
    const small = await put(queue, 'small');
    const logged = loggedObjects(directory);
    assert.equal(logged.size, 68 + 1);
    assert.ok(logged.has(small));
    assert.equal(queuedFiles(directory).length, 12);
    dieWithout(queue);
    const reopened = await opened(directory);
    assert.deepEqual(
      (await takeAll(reopened)).map(({ id }) => id),
      [...ids, small],
    );
    reopened.close();
  });
});

describe('a log that was damaged', () => {
  it('is read up to where the last write was torn, at every byte', async () => {
    const { name, bytes, records } = await crashedSegment(['first', 'second']);
    const start = records[1]?.offset ?? 0;
    const wholeAt = start + (records[1]?.length ?? 0);
    assert.ok(bytes.length > wholeAt, 'with the mark that it ends here');
    for (let end = start; end <= bytes.length; end += 1) {
      for (const behind of [Buffer.alloc(0), Buffer.alloc(1_000), Buffer.alloc(1_000, 'old')]) {
        const torn = Buffer.concat([bytes.subarray(0, end), behind]);
        const { texts, told } = await deliveredFrom(folderWith(name, torn));
        assert.deepEqual(texts, end < wholeAt ? ['first'] : ['first', 'second'], `${end - start} bytes`);
        const endsHere = torn.subarray(wholeAt, bytes.length).equals(bytes.subarray(wholeAt));
        assert.equal(told.length, endsHere ? 0 : 1, 'it lacks its end');
        assert.ok(told.every((text) => text.includes('possibly unsynced')));
      }
    }
  });

  it('gives all other objects when a byte has changed, tells of it, and keeps the file', async () => {
    const { name, bytes, records } = await crashedSegment(['first', 'second', 'third']);
    const { offset = 0, length = 0 } = records[1] ?? {};
    for (let at = offset; at < offset + length; at += 1) {
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8(flipped.readUInt8(at) ^ 0x10, at);
      const directory = folderWith(name, flipped);
      const { texts, told } = await deliveredFrom(directory);
      assert.deepEqual(texts, ['first', 'third'], `byte ${at - offset}`);
      assert.equal(told.length, 1);
      assert.match(told[0] ?? '', /\.queue is damaged.*\.damaged/s);
      assert.deepEqual(readdirSync(directory), [`${name}.damaged`]);
      assert.ok(readFileSync(join(directory, `${name}.damaged`)).equals(flipped));
      assert.deepEqual(await deliveredFrom(directory), { texts: [], told: [] });
    }
  });

  it('gives an object again rather than not at all when the record is damaged that it has left', async () => {
    const directory = folder();
    const before = await opened(directory);
    for (const text of ['one', 'two']) await put(before, text);
    void before.remove(before.take()?.id ?? '');
    before.close();
    const [name = ''] = segmentFiles(directory);
    const bytes = readFileSync(join(directory, name));
    const [id = ''] = loggedObjects(directory).keys();
    const inNote = bytes.lastIndexOf(id.slice(0, 13));
    bytes.writeUInt8(bytes.readUInt8(inNote) ^ 1, inNote);
    const { texts, told } = await deliveredFrom(folderWith(name, bytes));
    assert.deepEqual(texts, ['one', 'two']);
    assert.equal(told.length, 1);
  });

  it('is read where the disk lets it be read', async () => {
    const directory = folder();
    const before = await opened(directory);
    const texts = Array.from({ length: 6 }, (_, number) => String(number).repeat(30_000));
    for (const text of texts) await put(before, text);
    dieWithout(before);
    const files: DiskFiles = {
      ...realFiles,
      readSync: ((fd: number, bytes: Buffer, at: number, length: number, position: number) => {
        if (position === 65_536) throw Object.assign(new Error('EIO: bad sector'), { code: 'EIO' });
        return realFiles.readSync(fd, bytes, at, length, position);
      }) as typeof realFiles.readSync,
    };
    const told: string[] = [];
    const queue = await opened(directory, { onLeftover: ({ message }) => told.push(message) }, files);
    const numbers = (await takeTexts(queue)).map((text) => texts.indexOf(text));
    assert.deepEqual(numbers, [0, 1, 5]);
    assert.match(told.join(), /bad sector/);
  });

  it('keeps an object whose bytes change while it waits, and says so', async () => {
    const directory = folder();
    const told: string[] = [];
    const { name, bytes, records } = await crashedSegment(['first', 'second']);
    mkdirSync(directory);
    writeFileSync(join(directory, name), bytes);
    const queue = await opened(directory, { onLeftover: ({ message }) => told.push(message) });
    bytes.writeUInt8(0, (records[1]?.offset ?? 0) - 1);
    writeFileSync(join(directory, name), bytes);
    const first = queue.take();
    assert.throws(() => first?.read(textOf), /damaged/);
    await queue.setAside(first?.id ?? '', 'cannot be read');
    assert.equal(told.length, 1);
    const second = queue.take();
    assert.equal(second?.read(textOf), 'second');
    void queue.remove(second?.id ?? '');
    queue.close();
    assert.ok(readFileSync(join(directory, `${name}.damaged`)).equals(bytes));
  });

  it('takes nothing for a record that a sender put into an object', async () => {
    const victim = await crashedSegment(['victim']);
    const { marker } = parseSegmentName(victim.name) ?? assert.fail();
    const { name, bytes, records } = await crashedSegment([victim.bytes.toString('latin1')]);
    assert.ok(marker.length > 0 && !name.includes(marker.toString('hex')), 'each segment has its own');
    const cut = bytes.subarray(0, (records[0]?.length ?? 0) - 1);
    const { texts } = await deliveredFrom(folderWith(name, cut));
    assert.deepEqual(texts, []);
  });

  it('leaves other files alone', async () => {
    const directory = folderWith('1763900000000-0000000007.queue', Buffer.from('not ours'));
    assert.deepEqual(await deliveredFrom(directory), { texts: [], told: [] });
    assert.equal(readdirSync(directory).length, 1);
  });
});

describe('a log whose objects are synced', () => {
  /** Counts syncs, and notes what the segment held when each began. */
  function watched(): { files: DiskFiles; began: number[]; finish: (() => void)[] } {
    const began: number[] = [];
    const finish: (() => void)[] = [];
    const files: DiskFiles = {
      ...realFiles,
      syncData: async (fd) => {
        began.push(realFiles.fstatSync(fd).ino);
        await new Promise<void>((resolve) => finish.push(resolve));
        await realFiles.syncData(fd);
      },
    };
    return { files, began, finish };
  }

  it('acknowledges many with one sync, none before a sync that began after it was written', async () => {
    const { files, began, finish } = watched();
    const queue = await opened(folder(), { synced: true, log: { quickSyncMs: 0 } }, files);
    const acknowledged: number[] = [];
    const store = (number: number): Promise<unknown> =>
      put(queue, String(number)).then(() => acknowledged.push(number));
    const stored = [store(0)];
    await nextTurn();
    assert.equal(began.length, 1);
    for (let number = 1; number <= 20; number += 1) stored.push(store(number));
    await nextTurn();
    assert.equal(began.length, 1, 'one at a time');
    finish.shift()?.();
    await until(() => began.length === 2, 'the second sync');
    assert.deepEqual(acknowledged, [0], 'the others came while that sync was running');
    finish.shift()?.();
    await Promise.all(stored);
    assert.equal(began.length, 2);
    assert.deepEqual(
      acknowledged,
      Array.from({ length: 21 }, (_, number) => number),
    );
    assert.deepEqual(await takeTexts(queue), acknowledged.map(String));
    queue.close();
  });

  it('syncs on its own thread while objects come one by one and the disk is quick, and looks for others now and then', async () => {
    for (const [quickSyncMs, mayBeHere] of [
      [Infinity, true],
      [0, false],
    ] as const) {
      const syncs: string[] = [];
      const files: DiskFiles = {
        ...realFiles,
        syncData: (fd) => {
          syncs.push('handed over');
          return realFiles.syncData(fd);
        },
        fdatasyncSync: (fd) => {
          syncs.push('here');
          realFiles.fdatasyncSync(fd);
        },
      };
      const queue = await opened(folder(), { synced: true, log: { quickSyncMs } }, files);
      for (let number = 0; number < 100; number += 1) await put(queue, String(number));
      assert.equal(syncs.shift(), 'here', 'the beginning of the file');
      assert.equal(syncs.length, 100);
      const here = syncs.filter((where) => where === 'here').length;
      assert.ok(mayBeHere ? here > 80 && here < 99 : here === 0, `${here} here`);
      for (let number = 0; number < 5; number += 1) await put(queue, String(number));

      syncs.length = 0;
      for (let round = 0; round < 100; round += 1)
        await Promise.all(['a', 'b', 'c', 'd'].map((text) => put(queue, text)));
      assert.deepEqual([...new Set(syncs.slice(-100))], ['handed over'], 'they are shared now');
      assert.ok(syncs.length < 300, `${syncs.length} syncs`);
      queue.close();
    }
  });

  it('has the name of each of its files on the disk before it acknowledges the first object in it', async () => {
    let directories = 0;
    const files: DiskFiles = {
      ...realFiles,
      sync: (fd) => {
        directories += 1;
        return realFiles.sync(fd);
      },
    };
    const directory = folder();
    const queue = await opened(directory, { synced: true, log: { segmentBytes: 500 } }, files);
    directories = 0;
    for (let number = 0; number < 12; number += 1) await put(queue, 'x'.repeat(100));
    assert.equal(directories, segmentFiles(directory).length);
    assert.ok(directories > 1);
    queue.close();
  });

  it('is written once where a slice fills what zeros would be written ahead of it', async () => {
    const directory = folder();
    const queue = await opened(directory, { synced: true });
    const slice = 'S'.repeat(500_000);
    for (let number = 0; number < 3; number += 1) await put(queue, slice);
    const [name = ''] = segmentFiles(directory);
    const path = join(directory, name);
    assert.ok(statSync(path).size < 3 * slice.length + 2_000, String(statSync(path).size));
    // A small one after it has zeros again.
    await put(queue, 'small');
    assert.ok(statSync(path).size > 3 * slice.length + 500_000);
    queue.close();
    const { texts } = await deliveredFrom(directory);
    assert.deepEqual(
      texts.map((text) => text.length),
      [500_000, 500_000, 500_000, 5],
    );
  });

  it('can be read where zeros were written ahead, and where a crash left records behind each other', async () => {
    const directory = folder();
    const before = await opened(directory, { synced: true });
    for (const text of ['one', 'two']) await put(before, text);
    dieWithout(before);
    const [name = ''] = segmentFiles(directory);
    const facts = parseSegmentName(name) ?? assert.fail();
    const report = readSegment(
      { ...facts, path: join(directory, name) },
      { objects: new Map(), parkings: new Map() },
      realFiles,
    );
    assert.ok(report.size > 100_000, 'zeros');
    assert.equal(report.unreadable, 0);
    assert.deepEqual(await deliveredFrom(directory), { texts: ['one', 'two'], told: [] });
  });
});
