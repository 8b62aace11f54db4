import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { lockDirectory, type DirectoryLock, type LockOptions } from '../../../src/basics/lock/directory-lock';
import type { DiskWarning } from '../../../src/basics';
import { realFiles, type DiskFiles } from '../../../src/basics/disk-files';
import { contender, ended, lockModule, lockRace, ONE_HELD, race } from './contenders';

const root = mkdtempSync(join(tmpdir(), 'dicom-lock-'));
const immutable: string[] = [];
after(() => {
  for (const directory of immutable) execFileSync('chattr', ['-i', directory]);
  rmSync(root, { recursive: true, force: true });
});
let folders = 0;

function folder(name = ''): string {
  const path = join(root, String((folders += 1)), name);
  mkdirSync(path, { recursive: true });
  return path;
}

/** A lock as a crash leaves it. */
async function stale(directory: string): Promise<void> {
  const path = join(directory, 'lock');
  const owner = spawn(process.execPath, [
    '-e',
    `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`,
  ]);
  await new Promise((resolve) => owner.once('close', resolve));
  assert.ok(statSync(path).isSocket());
}

const filesOf = (type: number): Pick<DiskFiles, 'statfsSync'> => ({
  statfsSync: ((path: string) => ({ ...realFiles.statfsSync(path), type })) as DiskFiles['statfsSync'],
});

describe('the lock of a directory', () => {
  lockRace(10);

  it('is not held by one whose name its owner took for one that a crash had left', async () => {
    const directory = folder();
    const lock = await lockDirectory(directory);
    // Between its socket's name and its listening, whoever asks hears nobody.
    // eslint-disable-next-line @typescript-eslint/unbound-method -- called with the server that it is for
    const { listen } = Server.prototype;
    const removed: string[] = [];
    Server.prototype.listen = function (this: Server, path: string, listening: () => void) {
      return listen.call(this, path, () => {
        unlinkSync(path);
        removed.push(path);
        listening();
      });
    } as typeof listen;
    try {
      await assert.rejects(lockDirectory(directory), { code: 'QUEUE_LOCKED' });
      assert.match(removed.join(), /lock-[0-9a-f]{12}$/);
    } finally {
      Server.prototype.listen = listen;
      lock.release();
    }
  });

  it('is held by exactly one of many in one process, each time', async () => {
    const directory = folder();
    for (let round = 0; round < 50; round += 1) {
      if (round % 5 === 0) await stale(directory);
      const results = await Promise.allSettled(Array.from({ length: 5 }, () => lockDirectory(directory)));
      const held = results.filter(({ status }) => status === 'fulfilled');
      assert.equal(held.length, 1, `round ${round}`);
      for (const result of results) {
        if (result.status === 'fulfilled') result.value.release();
        else assert.equal((result.reason as { code?: string }).code, 'QUEUE_LOCKED');
      }
      assert.deepEqual(readdirSync(directory), []);
    }
  });

  it('is the same whatever the path, the folder for temporary files and the working directory are', async () => {
    const directory = folder();
    const link = `${directory}-link`;
    symlinkSync(directory, link);
    const lock = await lockDirectory(directory);
    for (const path of [link, relative(process.cwd(), directory), `${directory}/../${folders}/.`])
      await assert.rejects(lockDirectory(path), { code: 'QUEUE_LOCKED' });
    const elsewhere = await contender(directory, { TMPDIR: folder() });
    assert.deepEqual(await race([elsewhere]), ['QUEUE_LOCKED']);
    await ended(elsewhere);
    lock.release();
    (await lockDirectory(link)).release();
  });

  it('is in the directory itself where the path is too long for a socket', async () => {
    const directory = folder('a-long-name'.repeat(12));
    const lock = await lockDirectory(directory);
    assert.deepEqual(readdirSync(directory), ['lock']);
    await assert.rejects(lockDirectory(directory), { code: 'QUEUE_LOCKED' });
    const elsewhere = await contender(directory, { TMPDIR: folder() });
    assert.deepEqual(await race([elsewhere]), ['QUEUE_LOCKED']);
    await ended(elsewhere);
    lock.release();
    const contenders = await Promise.all([contender(directory), contender(directory, { TMPDIR: folder() })]);
    assert.deepEqual((await race(contenders)).sort(), ONE_HELD);
    await Promise.all(contenders.map(ended));
    (await lockDirectory(directory)).release();
    assert.deepEqual(readdirSync(directory), []);
  });

  it('ends with the thread that holds it, and not with one that only has no time to answer', async () => {
    const directory = folder();
    const script = `
      const { parentPort } = require('node:worker_threads');
      require(${lockModule}).lockDirectory(${JSON.stringify(directory)}).then(() => {
        parentPort.postMessage('held');
        for (;;);
      });`;
    const worker = new Worker(script, { eval: true });
    await new Promise((resolve) => worker.once('message', resolve));
    await assert.rejects(lockDirectory(directory), { code: 'QUEUE_LOCKED' });
    await worker.terminate();
    (await lockDirectory(directory)).release();
  });

  it('is not taken from one whose queue of callers is full', async () => {
    const directory = folder();
    const script = `
      const net = require('node:net');
      const server = net.createServer();
      server.listen({ path: ${JSON.stringify(join(directory, 'lock'))}, backlog: 1 }, () => {
        require('node:worker_threads').parentPort.postMessage('held');
        for (;;);
      });`;
    const worker = new Worker(script, { eval: true });
    await new Promise((resolve) => worker.once('message', resolve));
    for (let tries = 0; tries < 5; tries += 1)
      await assert.rejects(lockDirectory(directory), { code: 'QUEUE_LOCKED' });
    await worker.terminate();
    (await lockDirectory(directory)).release();
  });

  it('is one that an earlier version of the package holds', async () => {
    const directory = folder();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(directory, 'lock'), resolve));
    await assert.rejects(lockDirectory(directory), { code: 'QUEUE_LOCKED' });
    server.close();
    (await lockDirectory(directory)).release();
  });

  it('clears away what those left who were killed before they had it', async () => {
    const directory = folder();
    await stale(directory);
    writeFileSync(join(directory, 'lock-of-my-own'), '');
    const candidate = join(directory, 'lock-000000000000');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(candidate, resolve));
    // One that only wants the lock, and comes first by its name, is not overtaken.
    await assert.rejects(lockDirectory(directory), { code: 'QUEUE_LOCKED' });
    server.close();
    writeFileSync(candidate, '');
    const lock = await lockDirectory(directory);
    assert.deepEqual(readdirSync(directory).sort(), ['lock', 'lock-of-my-own']);
    lock.release();
  });
});

describe('the lock of a directory on a file system that other machines may use', () => {
  const KINDS = { NFS: 0x6969, SMB2: 0xfe534d42, CIFS: -11317950, FUSE: 0x65735546, '9p': 0x01021997 };
  const take = async (
    type: number,
    options: LockOptions,
  ): Promise<{ lock: DirectoryLock; directory: string }> => {
    const directory = folder();
    return { lock: await lockDirectory(directory, options, filesOf(type)), directory };
  };

  for (const [name, type] of Object.entries(KINDS)) {
    it(`${name}: is refused in words, unless somebody says that only this machine uses it`, async () => {
      await assert.rejects(take(type, { onlyThisMachine: false }), { code: 'QUEUE_SHARED', reason: name });
      const warnings: DiskWarning[] = [];
      const onWarning = (warning: DiskWarning): void => void warnings.push(warning);
      const { lock, directory } = await take(type, { onlyThisMachine: true, onWarning });
      assert.deepEqual(warnings, [{ kind: 'lockOnlyHere', values: { directory, fileSystem: name } }]);
      await assert.rejects(lockDirectory(directory, {}, filesOf(type)), { code: 'QUEUE_LOCKED' });
      lock.release();
    });
  }

  it('is silent on the disks of this machine', async () => {
    const { lock } = await take(0xef53, {
      onlyThisMachine: false,
      onWarning: ({ kind }) => assert.fail(kind),
    });
    lock.release();
  });
});

/** A directory in which no socket can be made, as on a file system that has none. Undefined where the machine has no way to that. */
function withoutSockets(): string | undefined {
  const directory = folder();
  try {
    execFileSync('chattr', ['+i', directory], { stdio: 'pipe' });
  } catch {
    return undefined;
  }
  immutable.push(directory);
  return directory;
}

const noSockets = withoutSockets();

it(
  'the lock of a directory that can have no sockets is refused in words, or one without a file, with a warning',
  { skip: noSockets === undefined ? 'skipped: needs chattr, and the right to use it' : false },
  async () => {
    const directory = noSockets ?? '';
    await assert.rejects(lockDirectory(directory, { onlyThisMachine: false }), { code: 'QUEUE_NO_LOCK' });
    const warnings: DiskWarning[] = [];
    const lock = await lockDirectory(directory, { onWarning: (warning) => warnings.push(warning) });
    assert.deepEqual(
      warnings.map(({ kind }) => kind),
      ['lockOutside'],
    );
    const link = `${directory}-link`;
    symlinkSync(directory, link);
    await assert.rejects(lockDirectory(link), { code: 'QUEUE_LOCKED' });
    const other = await contender(directory);
    assert.deepEqual(await race([other]), ['QUEUE_LOCKED']);
    await ended(other);
    lock.release();
    (await lockDirectory(directory)).release();
  },
);
