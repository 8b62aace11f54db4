import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  chmodSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { PACKAGE_DIR } from '../support/package/package-dir';
import { queuedFiles, segmentFiles, textOf } from '../support/queues/queue-folder';
import { dieWithout, next, put } from '../support/queues/disk-queue';
import { type DiskFiles, realFiles } from '../../src/basics';
import { DiskQueue, MemoryQueue, ObjectDamaged, QueueRefusal } from '../../src/queue';
import type { LocalQueue } from '../../src/queue/local-queue';

const root = mkdtempSync(join(tmpdir(), 'dicom-queue-'));
after(() => rmSync(root, { recursive: true, force: true }));

let folders = 0;
const folder = (): string => join(root, String((folders += 1)));

type OpenQueue = (directory: string, maxObjects?: number) => DiskQueue;

/** Whether small objects go into the log, or each becomes a file. */
const disks: [name: string, open: OpenQueue][] = [false, true].map((filesOnly) => [
  filesOnly ? 'DiskQueue of files only' : 'DiskQueue',
  (directory, maxObjects = 100) =>
    new DiskQueue({
      directory,
      maxObjects,
      synced: true,
      minFreeBytes: 0,
      ...(filesOnly && { largeBytes: 0 }),
      onLeftover: (error) => assert.fail(error),
    }),
]);

const kinds: [name: string, create: (max?: number) => LocalQueue][] = [
  ...disks.map(([name, open]): (typeof kinds)[number] => [name, (max) => open(folder(), max)]),
  [
    'MemoryQueue',
    (max = 100) => new MemoryQueue({ maxObjects: max, onLeftover: (error) => assert.fail(error) }),
  ],
];

for (const [name, create] of kinds) {
  describe(name, () => {
    it('gives objects back whole and in the order in which they were completed', async () => {
      const queue = create();
      await queue.open();
      const slow = queue.begin(Buffer.from('slow'));
      await put(queue, 'a', 'b', 'c');
      slow.append(Buffer.from('!'));
      await slow.complete();
      assert.equal(queue.size, 2);
      const first = queue.take();
      const second = queue.take();
      assert.equal(first?.read(textOf), 'abc');
      assert.equal(second?.read(textOf), 'slow!');
      assert.ok((first?.id ?? '') < (second?.id ?? ''));
      assert.equal(queue.take(), undefined);
      assert.equal(queue.size, 2, 'taken objects count until they are removed');
      void queue.remove(first?.id ?? '');
      void queue.remove(second?.id ?? '');
      assert.equal(queue.size, 0);
    });

    it('keeps what a note refers to until the object is removed, whatever comes meanwhile', async () => {
      const queue = create();
      await queue.open();
      const sizes = [10, 65_535, 65_536, 65_537, 300_000];
      const heads: { bytes: Buffer; size: number }[] = [];
      for (const size of [...sizes, ...sizes]) {
        const whole = Buffer.alloc(size, heads.length + 1);
        const writer = queue.begin(whole.subarray(0, 9));
        writer.append(whole.subarray(9));
        const content = writer.content();
        // Whoever reads a file's first bytes reads them here.
        const bytes = content.kind === 'memory' ? content.bytes.view(0, 10) : content.head;
        assert(bytes !== undefined && bytes.length > 0, `the head of ${size} bytes`);
        heads.push({ bytes, size });
        await writer.complete({ note: 'note' });
      }
      heads.forEach(({ bytes, size }, index) => {
        const object = queue.take();
        assert.equal(object?.note, 'note');
        assert(
          bytes.every((byte) => byte === index + 1),
          `the head of ${size} bytes has changed`,
        );
        assert.equal(
          object?.read((content) => (content.kind === 'memory' ? content.bytes.size : content.size)),
          size,
        );
        void queue.remove(object?.id ?? '');
      });
    });

    it('refuses more objects than it may hold, and takes them again when there is room', async () => {
      const queue = create(1);
      await queue.open();
      await put(queue, 'one');
      assert.throws(
        () => queue.begin(Buffer.from('two')),
        // Also of an outbox, in which nothing waits for a flow.
        { name: 'QueueRefusal', code: 'QUEUE_FULL', message: 'the queue is full: its limit of objects is 1' },
      );
      void queue.remove(queue.take()?.id ?? '');
      await put(queue, 'two');
      assert.equal(queue.take()?.read(textOf), 'two');
    });

    it('keeps nothing of an object that is discarded', async () => {
      const queue = create();
      await queue.open();
      const writer = queue.begin(Buffer.from('head'));
      writer.append(Buffer.from('data'));
      writer.discard();
      assert.equal(queue.size, 0);
      assert.equal(queue.take(), undefined);
    });

    it('shows what has been written before it is committed', async () => {
      const queue = create();
      await queue.open();
      const writer = queue.begin(Buffer.from('head'));
      writer.append(Buffer.from('data'));
      const content = writer.content();
      assert.equal(content.kind === 'memory' ? content.bytes.size : content.size, 8);
      writer.discard();
    });
  });
}

for (const [kind, diskQueue] of disks)
  describe(`${kind} on its disk`, () => {
    it('finds complete objects of an earlier run first, in order and marked, and drops half-written ones', async () => {
      const directory = folder();
      const before = diskQueue(directory);
      await before.open();
      for (const text of ['one', 'two', 'three']) await put(before, text);
      before.begin(Buffer.from('half'));
      dieWithout(before);
      writeFileSync(join(directory, 'notes.dcm'), 'not ours');

      const queue = diskQueue(directory);
      await queue.open();
      await put(queue, 'new');
      const found = [await next(queue), await next(queue), await next(queue), await next(queue)];
      assert.deepEqual(
        found.map((object) => [object?.read(textOf), object?.redelivered]),
        [
          ['one', 1],
          ['two', 1],
          ['three', 1],
          ['new', 0],
        ],
      );
      assert.equal(queuedFiles(directory).filter((name) => name.endsWith('.part')).length, 0);
      assert.ok(queuedFiles(directory).includes('notes.dcm'));
    });

    it('keeps order and ids apart when the clock was set back', async () => {
      const directory = folder();
      const queue = diskQueue(directory);
      await queue.open();
      await put(queue, 'placeholder');
      queue.close();
      const text = 'from the future';
      writeFileSync(join(directory, `9000000000000-0000000001-${text.length}.dcm`), text);
      const reopened = diskQueue(directory);
      await reopened.open();
      await put(reopened, 'later');
      const texts = [await next(reopened), await next(reopened), await next(reopened)].map((object) =>
        object?.read(textOf),
      );
      assert.deepEqual(texts, ['placeholder', 'from the future', 'later']);
    });

    it('delivers what a version left behind whose ids did not tell the size', async () => {
      const directory = folder();
      mkdirSync(directory);
      writeFileSync(join(directory, '1763900000000-0000000007.dcm'), 'old');
      const queue = diskQueue(directory);
      await queue.open();
      const object = await next(queue);
      assert.equal(object?.read(textOf), 'old');
      void queue.remove(object?.id ?? '');
      assert.deepEqual(queuedFiles(directory), []);
    });

    it('counts deliveries over restarts, so that an object that ends the process is not tried for ever', async () => {
      const directory = folder();
      let queue = diskQueue(directory);
      await queue.open();
      await put(queue, 'poison');
      const counts: (number | undefined)[] = [];
      for (let run = 0; run < 4; run += 1) {
        counts.push((await next(queue))?.redelivered);
        dieWithout(queue);
        queue = diskQueue(directory);
        await queue.open();
      }
      assert.deepEqual(counts, [0, 1, 2, 3]);
    });

    it('counts a delivery only for what was taken', async () => {
      const directory = folder();
      for (let run = 0; run < 3; run += 1) {
        const queue = diskQueue(directory);
        await queue.open();
        if (run === 0) await put(queue, 'patient');
        queue.close();
      }
      const queue = diskQueue(directory);
      await queue.open();
      assert.equal((await next(queue))?.redelivered, 1, 'found, so perhaps delivered once');
    });

    it('gives an object again, with one delivery more', async () => {
      const queue = diskQueue(folder());
      await queue.open();
      await put(queue, 'again');
      const { id } = (await next(queue)) ?? assert.fail();
      const again = (await queue.reclaim(id)) ?? assert.fail();
      assert.equal(again.redelivered, 1);
      assert.equal(again.read(textOf), 'again');
      assert.equal((await queue.reclaim(id))?.redelivered, 2);
      void queue.remove(id);
      assert.equal(await queue.reclaim(id), undefined);
      assert.equal(queue.size, 0);
    });

    it('has one writer: a second one is refused, until the first has gone', async () => {
      const directory = folder();
      const first = diskQueue(directory);
      await first.open();
      await assert.rejects(diskQueue(directory).open(), { code: 'QUEUE_LOCKED' });
      first.close();
      await diskQueue(directory).open();
    });

    it('takes over the lock of a process that was killed', async () => {
      const directory = folder();
      const script = `const { DiskQueue } = require(${JSON.stringify(join(PACKAGE_DIR, 'dist/src/queue'))});
      const queue = new DiskQueue({ directory: ${JSON.stringify(directory)}, maxObjects: 9, synced: true,
        minFreeBytes: 0, onLeftover: console.error });
      queue.open().then(() => { console.log('open'); setInterval(() => {}, 1000); });`;
      const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
      await new Promise((resolve) => child.stdout.once('data', resolve));
      await assert.rejects(diskQueue(directory).open(), { code: 'QUEUE_LOCKED' });
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('close', resolve));
      await diskQueue(directory).open();
    });

    it('refuses while its disk has less room than it is to leave', async () => {
      const queue = new DiskQueue({
        directory: folder(),
        maxObjects: 10,
        synced: false,
        minFreeBytes: Number.MAX_SAFE_INTEGER,
        onLeftover: assert.fail,
      });
      await queue.open();
      assert.throws(
        () => queue.begin(Buffer.from('x')),
        (error: unknown) => error instanceof QueueRefusal && error.code === 'DISK_LOW',
      );
    });

    for (const [what, bytes] of [
      ['small', 300_000],
      ['large', 3_000_000],
    ] as const)
      it(`takes an object at once for which ${what} ones that are only kept for a while make room`, async (context) => {
        let elapsed = 0;
        context.mock.method(performance, 'now', () => elapsed);
        const directory = folder();
        const used = (): number =>
          readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
        const statfsSync = (() => ({
          bavail: 20_000_000 - used(),
          bsize: 1,
        })) as unknown as DiskFiles['statfsSync'];
        const limits = { maxObjects: 100, synced: false, minFreeBytes: 10_000_000 };
        const queue = new DiskQueue(
          { directory, ...limits, keepDeliveredMs: 1e9, keepDeliveredBytes: 1e9, onLeftover: assert.fail },
          { ...realFiles, statfsSync },
        );
        await queue.open();
        while (used() < 10_000_000) {
          queue.keepDelivered(await put(queue, 'x'.repeat(bytes)).then(() => queue.take()?.id ?? ''));
          await new Promise((resolve) => setImmediate(resolve));
        }
        // The disk is asked again.
        elapsed += 1_000;
        await put(queue, 'one more');
        assert.ok(used() < 5_000_000, `${used()} bytes are used`);
        queue.close();
      });

    it('is for the owner only', async () => {
      const directory = folder();
      const queue = diskQueue(directory);
      await queue.open();
      await put(queue, 'private');
      assert.equal(statSync(directory).mode & 0o777, 0o700);
      const [name = ''] = [...queuedFiles(directory), ...segmentFiles(directory)];
      assert.equal(statSync(join(directory, name)).mode & 0o777, 0o600);
    });

    it('refuses, and keeps nothing, when its directory vanishes, and recovers with it', async () => {
      const directory = folder();
      const queue = diskQueue(directory);
      await queue.open();
      const writer = queue.begin(Buffer.from('head'));
      rmSync(directory, { recursive: true });
      await assert.rejects(writer.complete(), (error: unknown) => error instanceof QueueRefusal);
      await assert.rejects(put(queue, 'x'), QueueRefusal);
      assert.equal(queue.size, 0);
      await queue.open();
      await put(queue, 'again');
      assert.equal((await next(queue))?.read(textOf), 'again');
    });

    it('sets an object aside with the reason', async () => {
      const directory = folder();
      const queue = diskQueue(directory);
      await queue.open();
      await put(queue, 'odd');
      const id = (await next(queue))?.id ?? '';
      await queue.setAside(id, 'cannot be converted');
      assert.equal(queue.size, 0);
      assert.equal(readFileSync(join(directory, 'dead-letter', `${id}.dcm`), 'utf8'), 'odd');
      const note = JSON.parse(readFileSync(join(directory, 'dead-letter', `${id}.json`), 'utf8')) as object;
      assert.ok('why' in note && note.why === 'cannot be converted');
      const [letter] = await queue.deadLetters.list();
      assert.deepEqual([letter?.id, letter?.why, letter?.deliveries], [id, 'cannot be converted', 0]);
    });

    it('requeues and discards dead letters, and takes no path for an id', async () => {
      const queue = diskQueue(folder());
      await queue.open();
      await put(queue, 'one');
      await put(queue, 'two');
      const ids = [(await next(queue))?.id ?? '', (await next(queue))?.id ?? ''];
      for (const id of ids) assert.equal(await queue.setAside(id, 'not acknowledged'), true);
      assert.equal(queue.deadLetters.requeue(ids[0] ?? ''), true);
      assert.equal((await next(queue))?.read(textOf), 'one');
      assert.equal(queue.deadLetters.discard(ids[1] ?? ''), true);
      assert.equal(queue.deadLetters.discard(ids[1] ?? ''), false);
      assert.equal(queue.deadLetters.requeue('../../etc/passwd'), false);
      assert.deepEqual(await queue.deadLetters.list(), []);
    });

    it('says so when it cannot have its directory', async () => {
      const file = folder();
      writeFileSync(file, 'a file where the directory should be');
      chmodSync(file, 0o600);
      await assert.rejects(diskQueue(join(file, 'queue')).open(), /ENOTDIR/);
    });
  });

const [, [, filesOnly]] = disks as [unknown, (typeof disks)[number]];

describe('an object as a file', () => {
  /** Two objects, of which the file of the first becomes this in the hands of somebody else. */
  async function changed(change: (path: string) => void): Promise<{ queue: DiskQueue; directory: string }> {
    const directory = folder();
    const before = filesOnly(directory);
    await before.open();
    await put(before, 'first');
    await put(before, 'second');
    before.close();
    const [first = ''] = queuedFiles(directory).sort();
    change(join(directory, first));
    const queue = filesOnly(directory);
    await queue.open();
    return { queue, directory };
  }

  const changes: [how: string, change: (path: string) => void][] = [
    ['is shorter than what was received', (path) => writeFileSync(path, 'fir')],
    ['is empty', (path) => writeFileSync(path, '')],
    ['has become longer', (path) => writeFileSync(path, 'first and more')],
    ['has other bytes', (path) => writeFileSync(path, 'fjrst')],
    ['is zeroed', (path) => writeFileSync(path, Buffer.alloc(5))],
  ];
  for (const [how, change] of changes) {
    it(`whose file ${how} is not given as a good one; it can be set aside, and the next one comes`, async () => {
      const { queue, directory } = await changed(change);
      const first = (await next(queue)) ?? assert.fail();
      assert.throws(() => first.read(textOf), ObjectDamaged);
      assert.equal(await queue.setAside(first.id, 'damaged'), true);
      assert.ok(existsSync(join(directory, 'dead-letter', `${first.id}.dcm`)));
      const second = await next(queue, 0);
      assert.equal(second?.read(textOf), 'second');
      assert.equal(queue.size, 1);
      assert.equal(queue.deadLetters.requeue(first.id), true);
      const again = (await next(queue, 1)) ?? assert.fail();
      assert.throws(() => again.read(textOf), ObjectDamaged, 'putting it back does not make it good');
      queue.close();
    });
  }

  it('whose file somebody has deleted is told of, and does not come for ever', async () => {
    const told: Error[] = [];
    const directory = folder();
    const options = { directory, maxObjects: 9, synced: true, minFreeBytes: 0, largeBytes: 0 };
    const queue = new DiskQueue({ ...options, onLeftover: (error) => told.push(error) });
    await queue.open();
    await put(queue, 'first');
    const object = queue.take() ?? assert.fail();
    const { id } = object;
    for (const name of queuedFiles(directory)) rmSync(join(directory, name));
    assert.throws(() => object.read(textOf), ObjectDamaged);
    assert.equal(await queue.setAside(id, 'gone'), true);
    assert.equal(queue.size, 0);
    assert.match(told.map(String).join(), /somebody has deleted it/);
    queue.close();
  });
});
