import assert from 'node:assert/strict';
import { fstatSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { DiskWarning } from '../../src/basics';
import { DiskQueue } from '../../src/queue';
import { FreeSpace } from '../../src/queue/free-space';
import { realFiles, type DiskFiles } from '../../src/basics/disk-files';
import { put, takeTexts } from '../support/queues/disk-queue';

const root = mkdtempSync(join(tmpdir(), 'dicom-durable-'));
after(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;

const newFolder = (): string => join(root, String((folders += 1)), 'new', 'queue');

/** A disk on which syncing some files fails. */
function failingSync(code: string, fails: (fd: number) => boolean): DiskFiles {
  const check = (fd: number): void => {
    if (fails(fd)) throw Object.assign(new Error(`${code}: injected`), { code });
  };
  return {
    ...realFiles,
    sync: async (fd) => (check(fd), realFiles.sync(fd)),
    syncData: async (fd) => (check(fd), realFiles.syncData(fd)),
    fsyncSync: (fd) => (check(fd), realFiles.fsyncSync(fd)),
    fdatasyncSync: (fd) => (check(fd), realFiles.fdatasyncSync(fd)),
  };
}

const isDirectory = (fd: number): boolean => fstatSync(fd).isDirectory();
const isFile = (fd: number): boolean => !isDirectory(fd);

function diskQueue(
  files: DiskFiles,
  options: { synced?: boolean; directory?: string } = {},
): { queue: DiskQueue; warnings: DiskWarning[]; directory: string } {
  const warnings: DiskWarning[] = [];
  const directory = options.directory ?? newFolder();
  const queue = new DiskQueue(
    {
      directory,
      maxObjects: 10,
      synced: options.synced ?? true,
      minFreeBytes: 0,
      onLeftover: (error) => assert.fail(error),
      onWarning: (warning) => warnings.push(warning),
    },
    files,
  );
  return { queue, warnings, directory };
}

describe('a queue directory whose file system lacks something', () => {
  for (const code of ['EINVAL', 'ENOTSUP', 'EISDIR', 'EPERM'])
    it(`directories cannot be synced (${code}): one warning, and objects are kept, small and large`, async () => {
      const { queue, warnings } = diskQueue(failingSync(code, isDirectory));
      await queue.open();
      await put(queue, 'small');
      const large = 'x'.repeat(2_000_000);
      await put(queue, large);
      assert.deepEqual(await takeTexts(queue), ['small', large]);
      queue.close();
      assert.deepEqual(
        warnings.map(({ kind }) => kind),
        ['directoryNotSynced'],
      );
    });

  it('files cannot be synced: that is said at the start, where they are to be', async () => {
    for (const code of ['EINVAL', 'ENOTSUP']) {
      const files = failingSync(code, isFile);
      const { queue, directory } = diskQueue(files);
      await assert.rejects(queue.open(), { code: 'NOT_SYNCABLE' });
      queue.close();
      assert.deepEqual(readdirSync(directory), []);
      const unsynced = diskQueue(files, { synced: false });
      await unsynced.queue.open();
      await put(unsynced.queue, 'kept');
      unsynced.queue.close();
    }
  });

  it('what is delivered is delivered also where the disk is full at the start', async () => {
    const { queue, directory } = diskQueue(realFiles);
    await queue.open();
    await put(queue, 'kept');
    queue.close();
    const openSync = ((path: string, flags: string, mode?: number) => {
      if (flags.startsWith('w')) throw Object.assign(new Error('ENOSPC: injected'), { code: 'ENOSPC' });
      return realFiles.openSync(path, flags, mode);
    }) as DiskFiles['openSync'];
    const full = diskQueue({ ...realFiles, openSync }, { directory });
    await full.queue.open();
    assert.equal(full.queue.size, 1);
    full.queue.close();
  });
});

it('the name of a new queue directory, and of each above it, is on the disk before an object is', async () => {
  const synced: string[] = [];
  const fsyncSync = (fd: number): void => {
    synced.push(readlinkSync(`/proc/self/fd/${fd}`));
    realFiles.fsyncSync(fd);
  };
  const { queue, directory } = diskQueue({ ...realFiles, fsyncSync });
  const levels = [dirname(directory), dirname(dirname(directory)), root];
  await queue.open();
  for (const level of levels) assert.ok(synced.includes(level), level);
  queue.close();

  // An earlier run may have ended after it made it.
  const made = newFolder();
  mkdirSync(made, { recursive: true });
  synced.length = 0;
  const again = diskQueue({ ...realFiles, fsyncSync }, { directory: made });
  await again.queue.open();
  for (const level of [dirname(made), dirname(dirname(made)), root]) assert.ok(synced.includes(level), level);
  again.queue.close();
});

it('free space is looked at again in time, whatever the clock on the wall is set to', (context) => {
  let clock = 1_700_000_000_000;
  context.mock.method(Date, 'now', () => clock);
  let elapsed = 0;
  context.mock.method(performance, 'now', () => elapsed);
  let bavail = 0;
  const statfsSync = (() => ({ bavail, bsize: 1 })) as unknown as DiskFiles['statfsSync'];
  const space = new FreeSpace('/', 10, { statfsSync });
  assert.throws(() => space.check(), { code: 'DISK_LOW' });
  clock -= 3_600_000;
  bavail = 100;
  elapsed = 1_000;
  space.check();
  bavail = 0;
  elapsed = 2_000;
  assert.throws(() => space.check(), { code: 'DISK_LOW' });
});
