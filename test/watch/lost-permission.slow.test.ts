import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { cannotMount, mountMemoryDisk, remount, unmount } from '../support/machine/memory-disk';
import { until } from '../support/machine/until';
import { filesIn, sampleFile, watchesForFile } from '../support/workers/watched-folder';

const { root, start } = watchesForFile('watch-permission');
const DONE = { status: 0 };
/** Longer than a file has to be still, and than two looks. */
const LONG_MS = 2_500;
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
const files = [1, 2, 3, 4].map(sampleFile);
const uids = files.map(({ uid }) => uid);
const bytesOf = (number: number): Buffer => files[number - 1]?.bytes ?? assert.fail();

/** Rights do not bind root. */
function becomeUser(): void {
  if (!isRoot) return;
  chownSync(root, NOBODY, NOBODY);
  process.setegid?.(NOBODY);
  process.seteuid?.(NOBODY);
}

function becomeRoot(): void {
  if (!isRoot) return;
  process.seteuid?.(0);
  process.setegid?.(0);
}

describe('a watched folder whose permission is lost', { skip: process.platform === 'win32' }, () => {
  before(becomeUser);
  after(becomeRoot);

  it('moves: waits, and loses nothing of what was in flight and of what came', async () => {
    const moveTo = join(root, 'moved');
    const watched = start({ after: 'move', moveTo, acknowledge: true, maxInFlight: 1 });
    watched.put('1.dcm', bytesOf(1));
    await until(() => watched.delivered.length === 1, 'the first');
    watched.put('2.dcm', bytesOf(2));
    watched.put('3.dcm', bytesOf(3));
    chmodSync(watched.folder, 0);
    await until(() => watched.states.at(-1)?.isWatching === false, 'that it cannot be read');
    assert.deepEqual(
      watched.faults.map(({ kind, down }) => [kind, down]),
      [['folderUnusable', true]],
    );
    assert.match(String(watched.faults[0]?.values['reason']), /EACCES/);
    const answer = watched.watch.answer(watched.delivered[0]?.id ?? '', DONE);
    await wait(LONG_MS);
    chmodSync(watched.folder, 0o700);
    assert.equal(await answer, 'answered');
    for (const count of [2, 3]) {
      await until(() => watched.delivered.length === count, `object ${count}`);
      await watched.watch.answer(watched.delivered[count - 1]?.id ?? '', DONE);
    }
    await until(() => filesIn(moveTo).length === 3, 'that all are moved');
    assert.deepEqual(watched.uids().sort(), uids.slice(0, 3));
    assert.deepEqual(watched.states.at(-1)?.isWatching, true);
    await watched.stop();
  });

  it('keeps: what was delivered does not come again', async () => {
    const watched = start();
    watched.put('1.dcm', bytesOf(1));
    await until(() => watched.delivered.length === 1, 'the first');
    chmodSync(watched.folder, 0);
    await until(() => watched.states.at(-1)?.isWatching === false, 'that it cannot be read');
    chmodSync(watched.folder, 0o700);
    watched.put('2.dcm', bytesOf(2));
    await until(() => watched.delivered.length === 2, 'the second');
    await wait(LONG_MS);
    assert.deepEqual(watched.uids(), uids.slice(0, 2));
    await watched.stop();
  });

  it('starts where it cannot be read yet', async () => {
    const folder = join(root, 'not-yet');
    mkdirSync(folder, { mode: 0 });
    const watched = start({ after: 'delete' }, { folder });
    await until(() => watched.faults.length === 1, 'that it cannot be read');
    assert.equal(watched.faults[0]?.kind, 'folderUnusable');
    chmodSync(folder, 0o700);
    watched.put('1.dcm', bytesOf(1));
    await until(() => watched.delivered.length === 1, 'the object');
    await watched.stop();
  });

  it('tells of a subfolder that cannot be read, goes on with the others, and has it again later', async () => {
    const watched = start({ recursive: true });
    watched.put('closed/1.dcm', bytesOf(1));
    await until(() => watched.delivered.length === 1, 'the first');
    watched.put('closed/2.dcm', bytesOf(2));
    chmodSync(join(watched.folder, 'closed'), 0);
    watched.put('open/3.dcm', bytesOf(3));
    await until(() => watched.delivered.length === 2, 'that of the other');
    await until(() => watched.faults.length > 0, 'a word of it');
    const { kind, down, values } = watched.faults[0] ?? assert.fail();
    assert.deepEqual([kind, down, values['directory']], ['subfolderUnusable', false, 'closed']);
    assert.match(String(values['reason']), /EACCES/);
    assert.equal(watched.faults.length, 1, 'once');
    chmodSync(join(watched.folder, 'closed'), 0o700);
    await until(() => watched.delivered.length === 3, 'what came meanwhile');
    await wait(LONG_MS);
    assert.deepEqual(watched.uids(), [uids[0], uids[2], uids[1]]);
    await watched.stop();
  });

  it('moves a file when the place for it can be written to again', async () => {
    const moveTo = join(root, 'closed');
    mkdirSync(moveTo, { mode: 0o500 });
    const watched = start({ after: 'move', moveTo, acknowledge: true });
    watched.put('1.dcm', bytesOf(1));
    await until(() => watched.delivered.length === 1, 'the object');
    assert.equal(await watched.watch.answer(watched.delivered[0]?.id ?? '', DONE), 'answered');
    await until(() => watched.faults.some(({ kind }) => kind === 'notPutAway'), 'that it cannot be moved');
    chmodSync(moveTo, 0o700);
    await until(() => filesIn(moveTo).length === 1, 'that it is moved', 30_000);
    assert.deepEqual(filesIn(watched.folder), []);
    assert.equal(watched.delivered.length, 1);
    await watched.stop();
  });
});

describe('a watched folder on a disk that becomes read-only', { skip: cannotMount }, () => {
  const disk = join(root, 'disk');
  before(() => {
    mkdirSync(disk);
    mountMemoryDisk(disk);
  });
  after(() => unmount(disk));

  it('deletes: waits, and then goes on', async () => {
    const watched = start({ after: 'delete', acknowledge: true }, { folder: join(disk, 'deleted') });
    watched.put('1.dcm', bytesOf(1));
    await until(() => watched.delivered.length === 1, 'the first');
    watched.put('2.dcm', bytesOf(2));
    remount(disk, 'ro');
    await until(() => watched.states.at(-1)?.isWatching === false, 'that it cannot be written to');
    assert.equal(watched.faults[0]?.kind, 'folderUnusable');
    const answer = watched.watch.answer(watched.delivered[0]?.id ?? '', DONE);
    await wait(LONG_MS);
    remount(disk, 'rw');
    assert.equal(await answer, 'answered');
    await until(() => watched.delivered.length === 2, 'the second');
    await watched.watch.answer(watched.delivered[1]?.id ?? '', DONE);
    await until(() => filesIn(watched.folder).length === 0, 'that both are deleted');
    assert.deepEqual(watched.uids(), uids.slice(0, 2));
    await watched.stop();
  });

  it('keeps: what is only read need not be written to', async () => {
    const watched = start({}, { folder: join(disk, 'kept') });
    watched.put('1.dcm', bytesOf(1));
    watched.put('2.dcm', bytesOf(2));
    remount(disk, 'ro');
    await until(() => watched.delivered.length === 2, 'both');
    assert.deepEqual(watched.faults, []);
    await watched.stop();
    remount(disk, 'rw');
  });
});
