import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import {
  DatabaseUnusable,
  ObjectDamaged,
  QueueRefusal,
  type PostgresQueue,
  type PostgresQueueOptions,
  type QueuedObject,
} from '../../../src/queue';
import { Database } from '../../../src/queue/postgres/database/database';
import { idOfNumber } from '../../../src/queue/postgres/rows/object-numbers';
import type { Link } from '../../../src/queue/postgres/link/link';
import { MIGRATIONS, prepareSchema } from '../../../src/queue/postgres/schema/schema';
import { crc32 } from 'node:zlib';
import { needs } from '../../support/machine/needs';
import { crashQueue, databaseOf } from '../../support/queues/postgres-queue';
import { QueuesUnderTest } from './queues-under-test';
import { textOf } from '../../support/queues/queue-folder';
import { until } from '../../support/machine/until';

const LARGE = 'L'.repeat(1_500_000);

async function store(queue: PostgresQueue, text: string, association = 'x'): Promise<string> {
  const bytes = Buffer.from(text);
  const writer = queue.begin(bytes.subarray(0, 100));
  writer.append(bytes.subarray(100));
  return writer.complete({ studyInstanceUID: '1.2.3', association });
}

describe('a queue in PostgreSQL with a shared directory', { skip: needs('postgres') }, () => {
  const queues = new QueuesUnderTest('dicom-files-');
  const { root } = queues;
  let made = 0;

  /** Instances of a queue of their own, with a shared directory of its own. */
  const cluster = (): {
    queue: string;
    path: string;
    told: string[];
    files: () => string[];
    open: (name: string, options?: Partial<PostgresQueueOptions>) => Promise<PostgresQueue>;
  } => {
    const queue = `f${(made += 1)}`;
    const path = join(root, `${queue}-files`);
    mkdirSync(path);
    const told: string[] = [];
    return {
      queue,
      path,
      told,
      files: () =>
        readdirSync(path, { recursive: true, encoding: 'utf8' })
          .filter((name) => /\.(dcm|part|stray)$/.test(name))
          .map((name) => join(path, name)),
      open: async (name, options = {}) => {
        const instance = await queues.open([queue, name], {
          queue,
          shared: { path, fromBytes: 1_000 },
          // Nobody is to lose its session because a busy machine keeps it waiting.
          leaseSeconds: 60,
          patienceMs: 300,
          onLeftover: (error) => told.push(error.message),
          ...options,
        });
        return instance;
      },
    };
  };

  it('has large objects there, and small ones in the database, in order for all', async () => {
    const { open, files, path } = cluster();
    const [a, b] = [await open('a'), await open('b')];
    const texts = ['small', LARGE, 'y'.repeat(2_000), 'last'];
    const ids: string[] = [];
    for (const text of texts) ids.push(await store(a, text));
    assert.equal(files().length, 2);
    const objects: QueuedObject[] = [];
    while (objects.length < texts.length) objects.push(...(await b.claim(10)));
    const found = objects.map((object) =>
      object.read((content) => ({
        text: content.kind === 'file' ? readFileSync(content.path).toString() : textOf(content),
        isThere: content.kind === 'file' && content.path.startsWith(path),
      })),
    );
    assert.deepEqual(
      found.map(({ text }) => text),
      texts,
    );
    assert.deepEqual(
      found.map(({ isThere }) => isThere),
      [false, true, true, false],
      'they are read in place',
    );
    for (const id of ids) assert.equal(await b.remove(id), true);
    await until(() => files().length === 0, 'the files to be removed');
  });

  it('gives what it has just put without reading it again, and pins it while it is removed elsewhere', async () => {
    const { open, files } = cluster();
    const [a, b] = [await open('a'), await open('b')];
    const id = await store(a, LARGE);
    const [object] = await a.claim(1);
    assert.equal(
      object?.read((content) => (content.kind === 'file' ? readFileSync(content.fd).toString() : '')),
      LARGE,
    );
    const handle = await b.openObject(id);
    assert.equal(await b.remove(id), true);
    await until(() => files().length === 0, 'the file to be removed');
    const blocks: Buffer[] = [];
    for await (const block of handle.blocks()) blocks.push(block);
    handle.close();
    assert.equal(Buffer.concat(blocks).toString(), LARGE);
  });

  it('waits for a file that is not there, or not whole, before it counts as damaged', async () => {
    const { open, files } = cluster();
    const [a, b] = [await open('a'), await open('b', { patienceMs: 20_000 })];
    await store(a, LARGE);
    const [path = ''] = files();
    renameSync(path, `${path}.elsewhere`);
    const claimed = b.claim(1);
    await new Promise((resolve) => setTimeout(resolve, 150));
    renameSync(`${path}.elsewhere`, path);
    const [object] = await claimed;
    assert.equal(
      object?.read(({ kind }) => kind),
      'file',
    );
  });

  it('gives no byte of a file that is gone, short, longer or changed, and says what is wrong', async () => {
    const { open, files } = cluster();
    const [a, b] = [await open('a'), await open('b')];
    const damages: [RegExp, (path: string) => void][] = [
      [/is gone/, (path) => rmSync(path)],
      [/has 9 bytes, of 1500000/, (path) => truncateSync(path, 9)],
      [/has 1500001 bytes/, (path) => appendFileSync(path, '!')],
      [/changed or damaged/, (path) => writeFileSync(path, 'M', { flag: 'r+' })],
    ];
    for (const [why, damage] of damages) {
      const id = await store(a, LARGE);
      damage(files()[0] ?? '');
      const [object] = await b.claim(1);
      assert.throws(
        () => object?.read(() => undefined),
        (error) => error instanceof ObjectDamaged && why.test(error.message),
      );
      await assert.rejects(b.openObject(id), ObjectDamaged);
      assert.equal(await b.setAside(id, 'damaged'), true);
      assert.equal(await b.deadLetters.has(id), true);
      assert.equal(await b.deadLetters.discard(id), true);
    }
  });

  it('goes on with other associations while a file is looked for, and keeps the order of its own', async () => {
    const { open, files } = cluster();
    const [a, b] = [await open('a'), await open('b', { patienceMs: 20_000 })];
    await store(a, LARGE, 'late');
    const [path = ''] = files();
    renameSync(path, `${path}.elsewhere`);
    const behind = [await store(a, 'behind it', 'late'), await store(a, LARGE, 'late')];
    const others = [await store(a, 'small', 'other'), await store(a, LARGE, 'other')];
    const got: string[] = [];
    while (got.length < 2) got.push(...(await b.claim(10)).map(({ id }) => id));
    assert.deepEqual(got, others);
    renameSync(`${path}.elsewhere`, path);
    while (got.length < 5) got.push(...(await b.claim(10)).map(({ id }) => id));
    assert.deepEqual(got.slice(3), behind);
  });

  it('keeps dead letters and what is parked as files, and removes them with their objects', async () => {
    const { open, files } = cluster();
    const a = await open('a');
    const ids = [await store(a, LARGE), await store(a, LARGE)];
    await a.claim(2);
    await a.setAside(ids[0] ?? '', 'why');
    await a.park(ids[1] ?? '', 'out');
    await a.remove(ids[1] ?? '');
    assert.equal(files().length, 2);
    assert.deepEqual(await a.unpark(ids[1] ?? '', 'out'), { state: 'removed' });
    await until(() => files().length === 1, 'the file of what was parked to be removed');
    await a.deadLetters.discard(ids[0] ?? '');
    await until(() => files().length === 0, 'the file of the dead letter to be removed');
  });

  for (const doing of ['put', 'remove'])
    it(`removes, after a safe time by the database's clock, the file that a process leaves which is killed in the middle of ${doing}`, async () => {
      const { open, files, queue, path, told } = cluster();
      const child = join(__dirname, 'dies-between.js');
      const args = [child, String(queues.postgres.port), join(root, queue, 'dies'), path, queue, doing];
      const { signal, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 30_000 });
      assert.equal(signal, 'SIGKILL', stderr);
      assert.equal(files().length, 1, 'a file without a row');
      const a = await open('a');
      assert.equal(a.size, 0);
      const kept = await store(a, LARGE);
      const { sweeper, fileRows } = linkOf(a);
      await sweeper.sweepFiles();
      await sweeper.sweepFiles();
      assert.equal(files().length, 2, 'it may be one that is just being put');
      const now = await fileRows.now();
      fileRows.now = () => Promise.resolve(now + 601);
      await sweeper.sweepFiles();
      assert.deepEqual(
        files().map((name) => name.includes(kept)),
        [true],
      );
      assert.match(told.join(), /files of no object were removed from the shared directory: 1/);
    });

  it('refuses an object whose file counted as nobody’s before its row was there, and leaves neither', async () => {
    const { open, files } = cluster();
    const a = await open('a', { safeSeconds: 0 });
    const { puts, rows, sweeper } = linkOf(a);
    const put = puts.put.bind(puts);
    puts.put = async (...args) => {
      // As if it had been paused here, for longer than the safe time.
      await sweeper.sweepFiles();
      return put(...args);
    };
    // Whoever waits for objects does not get it.
    const claimed = a.claim(5);
    await assert.rejects(store(a, LARGE), QueueRefusal);
    puts.put = put;
    assert.deepEqual(files(), []);
    await until(async () => (await rows.count()) === 0, 'its row to be taken out');
    const id = await store(a, LARGE);
    assert.deepEqual(
      (await claimed).map((object) => object.id),
      [id],
    );
  });

  it('puts back a file that somebody was looking at who has ended', async () => {
    const { open, files } = cluster();
    const [a, b] = [await open('a'), await open('b')];
    const id = await store(a, LARGE);
    const [path = ''] = files();
    renameSync(path, path.replace(/dcm$/, 'stray'));
    (await b.openObject(id)).close();
    renameSync(path, path.replace(/dcm$/, 'stray'));
    await linkOf(b).sweeper.sweepFiles();
    assert.deepEqual(files(), [path]);
  });

  it('tells of objects whose files somebody has deleted', async () => {
    const { open, files, told } = cluster();
    const a = await open('a', { safeSeconds: 0 });
    await store(a, LARGE);
    await store(a, LARGE);
    rmSync(files()[0] ?? '');
    await linkOf(a).sweeper.sweepFiles();
    assert.match(told.join(), /objects whose files are gone from the shared directory: 1/);
  });

  it('does not use a directory that is not there, cannot be written to, or is another one', async () => {
    const { open, path } = cluster();
    const refused = (code: string, shared: NonNullable<PostgresQueueOptions['shared']>): Promise<void> =>
      assert.rejects(
        open('a', { shared }),
        (error) => error instanceof DatabaseUnusable && error.code === code,
        code,
      );
    await refused('QUEUE_DIRECTORY_MISSING', { path: join(path, 'nowhere'), fromBytes: 1_000 });
    // Where not even root may write.
    await refused('QUEUE_DIRECTORY_READ_ONLY', { path: '/sys', fromBytes: 1_000 });
    const a = await open('a');
    await store(a, LARGE);
    await a.close();
    const other = mkdtempSync(join(root, 'other-'));
    await refused('QUEUE_DIRECTORY_OTHER', { path: other, fromBytes: 1_000 });
    await assert.rejects(
      queues.open(['none'], { queue: `f${made}` }),
      (error) => error instanceof DatabaseUnusable && error.code === 'QUEUE_DIRECTORY_UNNAMED',
      'it has objects in a directory',
    );
    assert.deepEqual(readdirSync(other), []);
  });

  it('refuses and delivers nothing while the directory is away, and then goes on, with all objects', async () => {
    const { open, path } = cluster();
    const told: string[] = [];
    const [a, b] = [
      await open('a'),
      await open('b', { onAway: ({ code }) => told.push(code), onBack: () => told.push('back') }),
    ];
    await store(a, LARGE);
    renameSync(path, `${path}-away`);
    // As a mount point of which the file system is gone.
    mkdirSync(path);
    const claimed = b.claim(1);
    await until(() => told.length > 0, 'it to be told');
    assert.deepEqual(told, ['QUEUE_DIRECTORY_OTHER']);
    assert.throws(() => b.begin(Buffer.from('refused')), { code: 'DIRECTORY_AWAY' });
    rmSync(path, { recursive: true });
    renameSync(`${path}-away`, path);
    const [object] = await claimed;
    assert.equal(
      object?.read(({ kind }) => kind),
      'file',
    );
    await until(() => told.length > 1, 'it to be told that it is back');
    assert.deepEqual(told, ['QUEUE_DIRECTORY_OTHER', 'back']);
    assert.equal(await b.deadLetters.count(), 0);
    await store(b, LARGE);
  });

  it('leaves objects in a directory to others where none is named, also when the first of them comes later', async () => {
    const { open, queue } = cluster();
    const told: string[] = [];
    const a = await open('a');
    const unnamed = await queues.open([queue, 'unnamed'], {
      queue,
      unnamedMs: 3_000,
      onLeftover: ({ message }) => assert.match(message, /names no shared directory/),
      onAway: ({ code }) => told.push(code),
      onBack: () => told.push('back'),
    });
    const claimed = unnamed.claim(1);
    const id = await store(a, LARGE);
    await until(() => told.length > 0, 'it to be told');
    assert.throws(() => unnamed.begin(Buffer.from('refused')), { code: 'DIRECTORY_AWAY' });
    const [object] = await a.claim(1);
    assert.equal(object?.id, id, 'its association is not kept from others');
    await a.remove(id);
    await until(() => told.length > 1, 'it to be told that there is none any more');
    assert.deepEqual(told, ['QUEUE_DIRECTORY_UNNAMED', 'back']);
    const small = await store(unnamed, 'small');
    assert.deepEqual(
      (await claimed).map((one) => one.id),
      [small],
    );
  });

  it('has as many bytes as it may, of all instances together', async () => {
    const { open } = cluster();
    const [a, b] = [await open('a', { maxBytes: 2_000_000 }), await open('b', { maxBytes: 2_000_000 })];
    const ids = [await store(a, LARGE), await store(a, LARGE)];
    assert.throws(() => a.begin(Buffer.from('more')), { code: 'QUEUE_FULL' });
    const isFull = (queue: PostgresQueue): boolean => {
      try {
        queue.begin(Buffer.from('more')).discard();
        return false;
      } catch (error) {
        assert.equal((error as QueueRefusal).code, 'QUEUE_FULL');
        return true;
      }
    };
    await until(() => isFull(b), 'the other to know');
    for (const id of ids) await b.remove(id);
    await until(() => !isFull(a) && !isFull(b), 'there to be room');
  });

  it('gives up what is only kept for a while where there is no room for more bytes', async () => {
    const { open } = cluster();
    const a = await open('a', { maxBytes: 2_000_000, keepDeliveredMs: 600_000, keepDeliveredBytes: 1e9 });
    const ids = [await store(a, LARGE), await store(a, LARGE)];
    for (const { id } of [...(await a.claim(1)), ...(await a.claim(1))]) a.keepDelivered(id);
    assert.deepEqual(await Promise.all(ids.map((id) => a.isKept(id))), [true, true]);
    assert.throws(() => a.begin(Buffer.from('more')), { code: 'QUEUE_FULL' });
    assert.deepEqual(await Promise.all(ids.map((id) => a.isKept(id))), [false, false]);
    const hasRoom = (): boolean => {
      try {
        a.begin(Buffer.from('more')).discard();
        return true;
      } catch (error) {
        assert.equal((error as QueueRefusal).code, 'QUEUE_FULL');
        return false;
      }
    };
    await until(hasRoom, 'there to be room');
  });

  it('reads the objects of version 1 of the tables, and has new ones beside them', async () => {
    const { open } = cluster();
    const database = new Database(databaseOf(queues.postgres));
    await prepareSchema(database, 'older', MIGRATIONS.slice(0, 1));
    const id = idOfNumber(1, 1_763_900_000_000, 3, crc32('old'));
    await database.change(
      `INSERT INTO older.object (queue, seq, id, stream, study, size) VALUES ('f${made}', 1, $1, 1, '1.2.3', 3)`,
      [id],
    );
    await database.change(`INSERT INTO older.chunk (object, part, bytes) VALUES (1, 0, 'old')`);
    await database.change(`SELECT nextval('older.block'), nextval('older.number')`);
    await database.end();
    const a = await open('a', { schema: 'older' });
    await store(a, LARGE, 'new');
    const objects: QueuedObject[] = [];
    while (objects.length < 2) objects.push(...(await a.claim(2)));
    objects.sort((one, other) => one.id.localeCompare(other.id));
    assert.deepEqual(
      objects.map((object) => object.read(({ kind }) => kind)),
      ['memory', 'file'],
    );
    assert.equal(objects[0]?.read(textOf), 'old');
    await crashQueue(a);
  });
});

function linkOf(queue: PostgresQueue): Link {
  return (queue as unknown as { link: Link }).link;
}
