import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { DiskQueue, type DiskQueueOptions } from '../../../src/queue';
import { RecordBatch } from '../../../src/queue/log/log-records';
import { realFiles, type DiskFiles } from '../../../src/basics/disk-files';
import { dieWithout, nextTurn, put, takeAll, takeTexts } from '../../support/queues/disk-queue';
import { segmentFiles, textOf } from '../../support/queues/queue-folder';
import { until } from '../../support/machine/until';

const root = mkdtempSync(join(tmpdir(), 'dicom-unread-'));
after(() => rmSync(root, { recursive: true, force: true }));

let folders = 0;
const folder = (): string => join(root, String((folders += 1)));
const TEXTS = ['one', 'two', 'three', 'four', 'five'];

async function opened(
  directory: string,
  options: Partial<DiskQueueOptions> = {},
  files: DiskFiles = realFiles,
): Promise<DiskQueue> {
  const onLeftover = (error: Error): void => assert.fail(error);
  const queue = new DiskQueue(
    { directory, maxObjects: 100, synced: true, minFreeBytes: 0, onLeftover, ...options },
    files,
  );
  await queue.open();
  return queue;
}

/** A folder in which a run that was killed left these objects. */
async function crashed(texts: readonly string[], synced = true): Promise<string> {
  const directory = folder();
  const queue = await opened(directory, { synced });
  for (const text of texts) await put(queue, text);
  dieWithout(queue);
  return directory;
}

/** The same, in this folder, opened again. */
async function crashedIn(directory: string): Promise<DiskQueue> {
  const queue = await opened(directory);
  for (const text of TEXTS) await put(queue, text);
  dieWithout(queue);
  return opened(directory);
}

/** A disk that does not give segments while `fails` says so. */
function failingOn(
  operation: 'openSync' | 'readSync',
  code: string,
): { files: DiskFiles; fails: { on: boolean; count: number } } {
  const fails = { on: true, count: 0 };
  const segments = new Set<number>();
  const fail = (): never => {
    fails.count += 1;
    throw Object.assign(new Error(`${code}: injected`), { code });
  };
  const files: DiskFiles = {
    ...realFiles,
    openSync: (path, flags, mode) => {
      const isSegment = String(path).endsWith('.queue') && flags === 'r';
      if (isSegment && operation === 'openSync' && fails.on) fail();
      const fd = realFiles.openSync(path, flags, mode);
      if (isSegment) segments.add(fd);
      return fd;
    },
    readSync: ((fd: number, into: Buffer, at: number, length: number, position: number) => {
      if (operation === 'readSync' && fails.on && segments.has(fd)) fail();
      return realFiles.readSync(fd, into, at, length, position);
    }) as typeof realFiles.readSync,
  };
  return { files, fails };
}

describe('a segment that the disk does not give at the start', () => {
  for (const operation of ['openSync', 'readSync'] as const)
    for (const code of ['EACCES', 'EMFILE', 'EIO', 'ESTALE']) {
      it(`${operation}, ${code}: is kept, told of once, and read when it can be; what comes meanwhile goes on`, async () => {
        const directory = await crashed(TEXTS);
        const told: string[] = [];
        const { files, fails } = failingOn(operation, code);
        const onLeftover = ({ message }: Error): void => void told.push(message);
        const options = { onLeftover, log: { unreadMs: 5 } };
        const queue = await opened(directory, options, files);
        assert.equal(queue.size, 0);
        await put(queue, 'new');
        void queue.remove(queue.take()?.id ?? '');
        await nextTurn();
        const tries = fails.count;
        await until(() => fails.count > tries + 2, 'further tries');
        assert.deepEqual(told.length, 1, told.join('\n'));
        assert.match(told[0] ?? '', /cannot be read now.*It is kept/s);
        const claimed = queue.claim(1);
        fails.on = false;
        await until(() => queue.size === TEXTS.length, 'its objects');
        const [first] = await claimed;
        assert.deepEqual(
          [first?.read(textOf), ...(await takeTexts(queue, 1))],
          TEXTS,
          'whoever delivers gets them',
        );
        queue.close();
      });

      it(`${operation}, ${code}: is there at the next start, whatever was done in between`, async () => {
        const directory = await crashed(TEXTS);
        const { files } = failingOn(operation, code);
        for (let run = 0; run < 3; run += 1) {
          const queue = await opened(
            directory,
            { onLeftover: () => undefined, log: { unreadMs: 1, idleMs: 1 } },
            files,
          );
          const id = await put(queue, 'passes');
          queue.take();
          void queue.remove(id);
          // The log is empty as far as it is known, and tidied up.
          await new Promise((resolve) => setTimeout(resolve, 20));
          queue.close();
        }
        const queue = await opened(directory);
        assert.deepEqual(await takeTexts(queue), TEXTS);
        queue.close();
      });
    }

  it('is no file but a pipe: is not waited for, and what it held before is read when it is back', async () => {
    const directory = await crashed(TEXTS);
    const [name = ''] = segmentFiles(directory);
    const [path, away] = [join(directory, name), join(directory, 'away')];
    renameSync(path, away);
    execFileSync('mkfifo', [path]);
    const told: string[] = [];
    const onLeftover = ({ message }: Error): void => void told.push(message);
    const queue = await opened(directory, { onLeftover, log: { unreadMs: 5 } });
    assert.equal(queue.size, 0);
    assert.match(told.join(), /cannot be read now.*is not a file/s);
    renameSync(away, path);
    await until(() => queue.size === TEXTS.length, 'its objects');
    queue.close();
  });

  it('does not give again what later segments say has left', async () => {
    const directory = folder();
    const before = await opened(directory, { log: { segmentBytes: 100 } });
    const ids: string[] = [];
    for (const text of TEXTS) ids.push(await put(before, text));
    for (const { id } of (await takeAll(before)).slice(1, 3)) void before.remove(id);
    await nextTurn();
    dieWithout(before);
    const [first = ''] = segmentFiles(directory);
    const files: DiskFiles = {
      ...realFiles,
      openSync: (path, flags, mode) => {
        if (isLocked && String(path).includes(first) && flags === 'r')
          throw Object.assign(new Error('EACCES'), { code: 'EACCES' });
        return realFiles.openSync(path, flags, mode);
      },
    };
    let isLocked = true;
    const queue = await opened(directory, { onLeftover: () => undefined, log: { unreadMs: 5 } }, files);
    assert.deepEqual(await takeTexts(queue), ['four', 'five']);
    isLocked = false;
    await until(() => queue.size === 3, 'the first');
    assert.deepEqual(
      (await takeAll(queue, 2)).map((object) => object.read(textOf)),
      ['one'],
    );
    queue.close();
  });

  it('does not keep all others for ever: it is set aside, with a word on how to bring it back', async () => {
    const directory = await crashed(TEXTS);
    const [bad = ''] = segmentFiles(directory);
    const bytes = readFileSync(join(directory, bad));
    const told: string[] = [];
    const { files, fails } = failingOn('openSync', 'EIO');
    const onLeftover = ({ message }: Error): void => void told.push(message);
    const queue = await opened(directory, { onLeftover, log: { segmentBytes: 100, mostSegments: 3 } }, files);
    for (let number = 0; number < 20; number += 1) {
      await put(queue, 'x'.repeat(50));
      void queue.remove(queue.take()?.id ?? '');
      await nextTurn();
    }
    assert.ok(segmentFiles(directory).length < 10);
    assert.match(told.join('\n'), /rename it back/);
    queue.close();
    assert.ok(readFileSync(join(directory, `${bad}.damaged`)).equals(bytes));
    fails.on = false;
    writeFileSync(join(directory, bad), bytes);
    const after = await opened(directory);
    assert.deepEqual(await takeTexts(after), TEXTS);
    after.close();
  });
});

describe('a segment that is not as it was written', () => {
  /** What a start makes of the one segment of a crash, changed by somebody: then all that is delivered is removed. */
  async function afterChange(
    synced: boolean,
    change: (bytes: Buffer) => Buffer,
    close = false,
  ): Promise<{ texts: string[]; told: string[]; files: string[] }> {
    const directory = folder();
    const before = await opened(directory, { synced });
    for (const text of TEXTS) await put(before, text);
    if (close) before.close();
    else dieWithout(before);
    const [name = ''] = segmentFiles(directory);
    const path = join(directory, name);
    writeFileSync(path, change(readFileSync(path)));
    const told: string[] = [];
    const queue = await opened(directory, { synced, onLeftover: ({ message }) => told.push(message) });
    const taken = await takeAll(queue);
    const texts = taken.map((object) => object.read(textOf));
    for (const { id } of taken) void queue.remove(id);
    queue.close();
    return { texts, told, files: readdirSync(directory) };
  }

  /** Where the third of the objects begins, as a record does. */
  const thirdRecord = (bytes: Buffer): number => {
    const marker = bytes.subarray(0, 8);
    let at = bytes.indexOf('three');
    while (!bytes.subarray(at, at + 8).equals(marker)) at -= 1;
    return at;
  };
  const zeroedFrom = (bytes: Buffer, from: number): Buffer =>
    Buffer.concat([bytes.subarray(0, from), Buffer.alloc(bytes.length - from)]);

  for (const [how, change] of [
    ['truncated to nothing', () => Buffer.alloc(0)],
    ['zeroed', (bytes: Buffer) => Buffer.alloc(bytes.length)],
  ] as const) {
    it(`${how}, of a run that was killed (disk-synced): is damage, told, and kept`, async () => {
      const { texts, told, files } = await afterChange(true, change);
      assert.deepEqual(texts, []);
      assert.match(told.join(), /is damaged/);
      assert.ok(files.some((name) => name.endsWith('.damaged')));
    });

    it(`${how} (disk): is told`, async () => {
      const { texts, told } = await afterChange(false, change);
      assert.deepEqual(texts, []);
      assert.match(told.join(), /possibly unsynced/);
    });
  }

  for (const synced of [true, false]) {
    it(`zeros from a record on: are told, and all before them is delivered (synced: ${synced})`, async () => {
      const { texts, told, files } = await afterChange(synced, (bytes) =>
        zeroedFrom(bytes, thirdRecord(bytes)),
      );
      assert.deepEqual(texts, ['one', 'two']);
      assert.match(told.join(), /possibly unsynced/);
      assert.deepEqual(files, [], 'nothing of patients is left');
    });

    it(`of a queue that was closed: the least loss is damage (synced: ${synced})`, async () => {
      for (const change of [
        (bytes: Buffer) => Buffer.alloc(bytes.length),
        () => Buffer.alloc(0),
        (bytes: Buffer) => zeroedFrom(bytes, thirdRecord(bytes)),
        (bytes: Buffer) => bytes.subarray(0, thirdRecord(bytes)),
      ]) {
        const { told, files } = await afterChange(synced, change, true);
        assert.match(told.join(), /is damaged/);
        assert.ok(
          files.some((name) => name.endsWith('.damaged')),
          files.join(),
        );
      }
    });
  }

  it('is damage where it was synced before, and no more than unsynced where it was written last', async () => {
    const zeroSome = (from: string): Promise<{ texts: string[]; told: string[]; files: string[] }> =>
      afterChange(true, (bytes) => {
        const changed = Buffer.from(bytes);
        const at = bytes.indexOf(from);
        return changed.fill(0, at, at + from.length);
      });
    const early = await zeroSome('two');
    assert.deepEqual(early.texts, ['one', 'three', 'four', 'five']);
    assert.match(early.told.join(), /is damaged/);
    assert.equal(early.files.length, 1);
    const last = await zeroSome('five');
    assert.deepEqual(last.texts, ['one', 'two', 'three', 'four']);
    assert.match(last.told.join(), /possibly unsynced/);
    assert.deepEqual(last.files, []);
  });

  for (const [what, isAll] of [
    ['with records as ours', true],
    ['of which nothing else can be read', false],
  ] as const) {
    it(`was written by another version, ${what}: it is refused, and nothing is touched`, async () => {
      const directory = await crashed(TEXTS);
      const [name = ''] = segmentFiles(directory);
      const path = join(directory, name);
      const bytes = readFileSync(path);
      // The version, and the checksum of its record, as a later one would write them.
      const batch = new RecordBatch(bytes.subarray(0, 8));
      batch.add('begin', '9');
      const beginning = Buffer.concat(batch.pieces()).subarray(0, batch.size);
      beginning.copy(bytes);
      const segment = isAll ? bytes : beginning;
      writeFileSync(path, segment);
      const options = { directory, maxObjects: 9, synced: true, minFreeBytes: 0, onLeftover: assert.fail };
      const queue = new DiskQueue(options);
      for (let attempt = 0; attempt < 3; attempt += 1)
        await assert.rejects(queue.open(), { code: 'QUEUE_VERSION' });
      queue.close();
      assert.ok(readFileSync(path).equals(segment));
    });
  }
});

describe('the queue of version 0.1', () => {
  const NAME = '1795657948990-0000000001-b47b8e8fbeb691e4.queue';
  /** As a kill left it: one object had left, another was delivered twice. */
  const SEGMENT = [
    'tHuOj762keRzGTwzAAAAABoAAAADAAAAMTc5NTY1Nzk0ODk5MC0wMDAwMDAwMDAyLTNvbmW0e46PvraR5Pn2w44AAAAAGgAAAAMA',
    'AAAxNzk1NjU3OTQ4OTkwLTAwMDAwMDAwMDQtM3R3b7R7jo++tpHkLXIEsQAAAAAaAAAABQAAADE3OTU2NTc5NDg5OTAtMDAwMDAw',
    'MDAwNi01dGhyZWW0e46PvraR5LftLEMCAAAAGgAAAAAAAAAxNzk1NjU3OTQ4OTkwLTAwMDAwMDAwMDItM7R7jo++tpHk/xG4uAEA',
    'AAAcAAAAAAAAADE3OTU2NTc5NDg5OTAtMDAwMDAwMDAwNC0zfjG0e46PvraR5MuupIUAAAAAGgAAAAQAAAAxNzk1NjU3OTQ4OTkw',
    'LTAwMDAwMDAwMTAtNGZvdXK0e46PvraR5J8USwwDAAAAAAAAAAAAAAA=',
  ].join('');

  it('is read, with its counts, and emptied', async () => {
    const directory = folder();
    mkdirSync(directory);
    writeFileSync(join(directory, NAME), Buffer.from(SEGMENT, 'base64'));
    writeFileSync(join(directory, '1763900000000-0000000007-3~2.dcm'), 'old');
    writeFileSync(join(directory, '1763900000000-0000000008-0.part'), 'half');
    const queue = await opened(directory);
    const taken = await takeAll(queue);
    assert.deepEqual(
      taken.map((object) => [object.read(textOf), object.redelivered, object.crashes]),
      [
        ['old', 3, 0],
        ['two', 2, 0],
        ['three', 1, 0],
        ['four', 1, 0],
      ],
    );
    for (const { id } of taken) void queue.remove(id);
    queue.close();
    assert.deepEqual(readdirSync(directory), []);
  });
});

describe('names in the queue directory', () => {
  it('that are not ours are left alone, whatever they end with, and a folder is no obstacle', async () => {
    const directory = folder();
    mkdirSync(directory);
    const others = [
      'notes.part',
      'scan.dcm.part',
      '1763900000000-0000000001.part.part',
      'x.queue.spare',
      'a.spare',
    ];
    for (const name of others) writeFileSync(join(directory, name), 'somebody else’s');
    mkdirSync(join(directory, '1763900000000-0000000001.part'));
    writeFileSync(join(directory, '1763900000000-0000000002.part'), 'ours');
    const told: string[] = [];
    const queue = await opened(directory, { onLeftover: ({ message }) => told.push(message) });
    await put(queue, 'one');
    assert.deepEqual(await takeTexts(queue), ['one']);
    queue.close();
    const names = readdirSync(directory);
    for (const name of others) assert.ok(names.includes(name), name);
    assert.ok(!names.includes('1763900000000-0000000002.part'));
    assert.equal(told.length, 1, 'the folder');
  });
});

describe('a name that leaves none behind it', () => {
  it('is told of before anything is taken, which would not be found again', async () => {
    const directory = folder();
    mkdirSync(directory);
    const stray = join(directory, '9999999999999-0000000001-5.dcm');
    writeFileSync(stray, 'hello');
    await assert.rejects(opened(directory), /no name comes behind 9999999999999-.*move that file away/);
    rmSync(stray);
    const before = await crashedIn(directory);
    assert.deepEqual(await takeTexts(before), TEXTS);
    before.close();
  });
});
