import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { FolderShared } from '../../../src/queue';
import { type FolderFiles, realFolderFiles } from '../../../src/queue/folder/folder-files';
import { FileIndex } from '../../../src/queue/folder/file-index';
import { FolderOwners } from '../../../src/queue/folder/folder-owners';
import { dieWithout } from '../../support/queues/disk-queue';
import { textOf } from '../../support/queues/queue-folder';
import { until } from '../../support/machine/until';
import { filesIn } from '../../support/workers/watched-folder';
import { FedFolder, found, placeIn } from '../folder-queues';

const root = mkdtempSync(join(tmpdir(), 'dicom-folder-queue-'));
/** On another file system, where this machine has one. */
const SHM = '/dev/shm';
const isOtherDisk = existsSync(SHM) && statSync(SHM).dev !== statSync(root).dev;
const other = isOtherDisk ? mkdtempSync(join(SHM, 'dicom-folder-queue-')) : root;
after(() => {
  for (const folder of new Set([root, other])) rmSync(folder, { recursive: true, force: true });
});

let folders = 0;
const newPlace = () => placeIn(root, `place-${(folders += 1)}`);
const LARGE = 'L'.repeat(5_000_000);

async function taken(queue: FedFolder, name: string, text: string): Promise<string> {
  writeFileSync(join(queue.place.folder, name), text);
  return (await queue.admit(found(queue.place.folder, name))) ?? assert.fail('not taken');
}

describe('a folder as a queue', () => {
  for (const after of ['keep', 'delete'] as const)
    it(`${after}: takes a file once that two looks have found, one while the other is taken`, async () => {
      const queue = new FedFolder(newPlace(), { after });
      await queue.open();
      const { folder } = queue.place;
      writeFileSync(join(folder, 'one.dcm'), 'one');
      const file = found(folder, 'one.dcm');
      const ids = await Promise.all([queue.admit(file), queue.admit(file)]);
      assert.equal(ids.filter((id) => id !== undefined).length, 1);
      assert.equal(await queue.admit(file), undefined);
      queue.refresh();
      assert.deepEqual([queue.size, (await queue.claim(5)).length], [1, 1]);
      queue.close();
    });

  it('moves to another file system by a copy that is complete before it has its name', async (test) => {
    if (!isOtherDisk) {
      test.skip(`${SHM} is no other file system`);
      return;
    }
    const moveTo = join(other, 'moved');
    mkdirSync(moveTo);
    writeFileSync(join(moveTo, 'large.dcm'), 'of somebody');
    const queue = new FedFolder(newPlace(), { after: 'move', moveTo });
    await queue.open();
    const id = await taken(queue, 'large.dcm', LARGE);
    await queue.claim(1);
    await queue.remove(id);
    await until(() => filesIn(queue.place.folder).length === 0, 'that it is moved');
    assert.deepEqual(filesIn(moveTo), ['large.dcm', 'large_2.dcm']);
    assert.equal(readFileSync(join(moveTo, 'large_2.dcm'), 'utf8'), LARGE);
    queue.close();
  });

  it('moves files of the longest names to another file system, several of one name, and whoever else moves them', async () => {
    const moveTo = join(other, 'longest');
    // 255 bytes, which are far fewer characters.
    const name = `${'山'.repeat(83)}.dcm`.padStart(89, '_');
    const long = `${name.slice(0, -4)}${'x'.repeat(255 - Buffer.byteLength(name))}.dcm`;
    assert.equal(Buffer.byteLength(long), 255);
    const queues = [1, 2, 3].map(() => new FedFolder(newPlace(), { after: 'move', moveTo }));
    for (const queue of queues) await queue.open();
    const ids = await Promise.all(queues.map((queue, index) => taken(queue, long, `${index}${LARGE}`)));
    for (const queue of queues) await queue.claim(1);
    await Promise.all(queues.map((queue, index) => queue.remove(ids[index] ?? '')));
    await until(() => queues.every(({ place }) => filesIn(place.folder).length === 0), 'that they are moved');
    const moved = filesIn(moveTo).map((file) => readFileSync(join(moveTo, file), 'utf8').slice(0, 1));
    assert.deepEqual(moved.sort(), ['0', '1', '2'], 'each as it was');
    for (const queue of queues) queue.close();
  });

  it('sets aside to another file system, and takes it back from there', async () => {
    const errorDirectory = join(other, 'errors');
    const queue = new FedFolder(newPlace(), { errorDirectory });
    await queue.open();
    const id = await taken(queue, 'odd.dcm', LARGE);
    await queue.claim(1);
    assert.equal(await queue.setAside(id, 'odd'), true);
    assert.equal(readFileSync(join(errorDirectory, 'odd.dcm'), 'utf8'), LARGE);
    assert.deepEqual(filesIn(queue.place.folder), []);
    assert.equal(queue.deadLetters.requeue(id), true);
    assert.deepEqual(filesIn(errorDirectory), []);
    const [again] = await queue.claim(1);
    assert.equal(again?.read(textOf), LARGE);
    queue.close();
  });

  it('waits where a file cannot be moved, also over a restart, and has it nowhere twice', async () => {
    const moveTo = join(root, 'not-there-yet');
    writeFileSync(moveTo, 'a file, where a directory is to be');
    const place = newPlace();
    const failures: Error[] = [];
    const settings = { after: 'move', moveTo, onNotPutAway: (error: Error) => failures.push(error) } as const;
    const queue = new FedFolder(place, settings);
    await queue.open();
    const id = await taken(queue, 'one.dcm', 'one');
    await queue.claim(1);
    await queue.remove(id);
    await until(() => failures.length > 0, 'that it fails');
    assert.equal(queue.size, 0);
    assert.equal(filesIn(place.folder).length, 1);
    dieWithout(queue);
    rmSync(moveTo);
    const again = new FedFolder(place, settings);
    await again.open();
    assert.equal(again.size, 0, 'it is not delivered again');
    await until(() => filesIn(moveTo).length === 1 && filesIn(place.folder).length === 0, 'that it is moved');
    again.close();
  });

  it('does not take a file that is not what was seen', async () => {
    const queue = new FedFolder(newPlace());
    await queue.open();
    const path = join(queue.place.folder, 'one.dcm');
    writeFileSync(path, 'seen');
    const seen = found(queue.place.folder, 'one.dcm');
    writeFileSync(path, 'another');
    assert.equal(await queue.admit(seen), undefined);
    assert.equal(readFileSync(path, 'utf8'), 'another');
    rmSync(path);
    assert.equal(await queue.admit(seen), undefined);
    assert.deepEqual(filesIn(queue.place.folder), []);
    queue.close();
  });

  it('cleans up what a kill leaves between two steps', async () => {
    const place = newPlace();
    const queue = new FedFolder(place);
    await queue.open();
    const id = await taken(queue, 'one.dcm', 'one');
    const claims = join(place.folder, '.dicom-watch', place.owner);
    // A directory for a file that had not come; a copy that was not complete; a file that has both names.
    mkdirSync(join(claims, id.replace('-0000000001-', '-0000000007-')));
    mkdirSync(join(claims, `${id.replace('-0000000001-', '-0000000008-')}.part`));
    writeFileSync(join(claims, `${id.replace('-0000000001-', '-0000000008-')}.part`, 'half.dcm'), 'ha');
    realFolderFiles.linkSync(join(claims, id, 'one.dcm'), join(place.folder, 'one.dcm'));
    dieWithout(queue);
    const again = new FedFolder(place);
    await again.open();
    assert.deepEqual(filesIn(place.folder), [`.dicom-watch/${place.owner}/${id}/one.dcm`]);
    const [only] = await again.claim(5);
    assert.deepEqual([only?.id, only?.redelivered, again.size], [id, 1, 1]);
    again.close();
  });

  it('reads no reason of others as a way out of the error directory', async () => {
    const errorDirectory = join(root, 'hostile');
    const secret = join(root, 'secret');
    writeFileSync(secret, 'secret');
    mkdirSync(errorDirectory);
    const place = newPlace();
    const queue = new FedFolder(place, { errorDirectory });
    await queue.open();
    const id = await taken(queue, 'one.dcm', 'one');
    await queue.claim(1);
    await queue.setAside(id, 'why');
    const reason = filesIn(errorDirectory).find((name) => name.endsWith('.reason.json')) ?? '';
    const letter = JSON.parse(readFileSync(join(errorDirectory, reason), 'utf8')) as object;
    const forge = (changes: object): void =>
      writeFileSync(join(errorDirectory, reason), JSON.stringify({ ...letter, ...changes }));
    forge({ path: '../../../../outside.dcm' });
    assert.equal(queue.deadLetters.requeue(id), true);
    const [again] = await queue.claim(1);
    assert.equal(queue.sourceFile(again?.id ?? ''), 'one.dcm');
    await queue.setAside(again?.id ?? '', 'why');
    const [other = ''] = filesIn(errorDirectory).filter((name) => name.endsWith('.reason.json'));
    writeFileSync(join(errorDirectory, other), JSON.stringify({ ...letter, file: '../secret' }));
    queue.close();
    const reopened = new FedFolder(place, { errorDirectory });
    await reopened.open();
    assert.deepEqual(await reopened.deadLetters.list(), []);
    reopened.close();
    assert.equal(readFileSync(secret, 'utf8'), 'secret');
  });
});

describe('a link that somebody puts among the claims', () => {
  const outside = join(root, 'outside');
  mkdirSync(join(outside, 'ct'), { recursive: true });
  const victim = join(outside, 'ct', 'one.dcm');
  writeFileSync(victim, 'theirs');

  it('is no claim, whatever its name', async () => {
    const place = newPlace();
    const claims = join(place.folder, '.dicom-watch', place.owner);
    mkdirSync(claims, { recursive: true });
    symlinkSync(outside, join(claims, `1763900000000-0000000001-6--${'0'.repeat(32)}.done`));
    symlinkSync(outside, join(claims, `1763900000000-0000000002-6--${'0'.repeat(32)}`));
    symlinkSync(outside, join(claims, `1763900000000-0000000003-6--${'0'.repeat(32)}.part`));
    const queue = new FedFolder(place);
    await queue.open();
    assert.equal(queue.size, 0);
    queue.close();
    assert.equal(readFileSync(victim, 'utf8'), 'theirs');
  });

  it('does not lead a deletion elsewhere', async () => {
    const failures: Error[] = [];
    const queue = new FedFolder(newPlace(), { onNotPutAway: (error) => failures.push(error) });
    await queue.open();
    mkdirSync(join(queue.place.folder, 'ct'));
    const id = await taken(queue, join('ct', 'one.dcm'), 'theirs');
    await queue.claim(1);
    const removed = queue.remove(id);
    const [claim = ''] = filesIn(queue.place.folder);
    const directory = join(queue.place.folder, dirname(claim));
    rmSync(directory, { recursive: true });
    symlinkSync(join(outside, 'ct'), directory);
    await removed;
    await until(() => failures.length > 0, 'that it is refused');
    assert.match(failures[0]?.message ?? '', /somebody has put a link there/);
    queue.close();
    assert.equal(readFileSync(victim, 'utf8'), 'theirs');
  });

  it('keeps a folder from being watched where it is the directory of claims', async () => {
    const place = newPlace();
    symlinkSync(outside, join(place.folder, '.dicom-watch'));
    await assert.rejects(new FedFolder(place).open(), { code: 'FOLDER_UNSAFE' });
  });
});

describe('an index of files', () => {
  const index = (directory: string): FileIndex =>
    new FileIndex(root, directory, { hasInodes: true }, realFolderFiles);
  const facts = { size: 1, mtimeMs: 2, ino: 3 };
  const idOf = (number: number): string =>
    `1763900000000-${String(number).padStart(10, '0')}-1--${'0'.repeat(32)}`;
  const attempts = { deliveries: 0, unacknowledged: 0, crashes: 0, isOpen: false };

  it('outlives a line that was cut off, and one that is none', async () => {
    const directory = mkdtempSync(join(root, 'index-'));
    const first = index(directory);
    first.open();
    for (const number of [1, 2])
      for (const step of first.take({ id: idOf(number), rel: `${number}/é.dcm`, facts, attempts })) void step;
    first.setState({ id: idOf(1), rel: '1/é.dcm', facts, attempts }, 'done');
    await first.safe();
    first.close();
    writeFileSync(join(directory, 'files.index'), 'null\n{"id":17}\n{"id":"', { flag: 'a' });
    const second = index(directory);
    second.open();
    assert.equal(second.at('1/é.dcm')?.state, 'done');
    assert.deepEqual(
      second.found(() => false).map(({ rel }) => rel),
      ['2/é.dcm'],
    );
    second.close();
  });

  it('is safe in the order in which files were taken, with few syncs, and not where one has failed', async () => {
    const directory = mkdtempSync(join(root, 'index-'));
    const syncs: ((error?: Error) => void)[] = [];
    const syncData = (): Promise<void> =>
      new Promise((resolve, reject) => syncs.push((error) => (error ? reject(error) : resolve())));
    const files: FolderFiles = { ...realFolderFiles, syncData };
    const first = new FileIndex(root, directory, { hasInodes: true }, files);
    first.open();
    const told: string[] = [];
    const all = [1, 2, 3, 4].map((number) => {
      for (const step of first.take({ id: idOf(number), rel: `${number}.dcm`, facts, attempts })) void step;
      return first.safe().then(
        () => told.push(`${number}`),
        () => told.push(`not ${number}`),
      );
    });
    while (told.length < all.length) {
      await new Promise(setImmediate);
      // The first fails: what waits is not safe by that.
      syncs.shift()?.(told.length === 0 ? new Error('no sync') : undefined);
    }
    assert.deepEqual(told, ['not 1', '2', '3', '4']);
    first.close();
  });

  it('knows what came behind a line that did not fit on the disk', async () => {
    const directory = mkdtempSync(join(root, 'index-'));
    let room = Infinity;
    const files: FolderFiles = {
      ...realFolderFiles,
      writeSync: ((fd: number, bytes: Buffer, offset: number, length: number, at?: number) => {
        if (room <= 0) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
        const written = realFolderFiles.writeSync(fd, bytes, offset, Math.min(length, room), at);
        room -= written;
        return written;
      }) as FolderFiles['writeSync'],
    };
    const first = new FileIndex(root, directory, { hasInodes: true }, files);
    const take = (number: number): void => {
      for (const step of first.take({ id: idOf(number), rel: `${number}.dcm`, facts, attempts })) void step;
    };
    first.open();
    take(1);
    room = 10;
    assert.throws(() => take(2), { code: 'ENOSPC' });
    room = 0;
    assert.throws(() => take(2), { code: 'ENOSPC' });
    room = Infinity;
    take(3);
    await first.safe();
    first.close();
    const second = index(directory);
    second.open();
    assert.deepEqual(
      second.found(() => false).map(({ rel }) => rel),
      ['1.dcm', '3.dcm'],
    );
    second.close();
  });

  it('is left alone where a later version has written it', () => {
    const directory = mkdtempSync(join(root, 'index-'));
    writeFileSync(join(directory, 'files.index'), '{"version":2}\n');
    assert.throws(() => index(directory).open(), { code: 'QUEUE_VERSION' });
    assert.equal(readFileSync(join(directory, 'files.index'), 'utf8'), '{"version":2}\n');
  });
});

describe('owners of a folder', () => {
  const ownersOf = (folder: string, name: string, isKeeper: boolean, now: () => number): FolderOwners =>
    new FolderOwners(folder, name, isKeeper, realFolderFiles, now);

  it('are gone when they have not renewed for a minute, whatever their clock says', () => {
    const folder = mkdtempSync(join(root, 'owners-'));
    let now = 0;
    const [one, two] = [ownersOf(folder, 'one', false, () => now), ownersOf(folder, 'two', false, () => now)];
    one.renew();
    two.renew();
    // Its clock is ahead, or far behind: a time zone, or a battery that is empty.
    for (const days of [1, -1, -20_000]) {
      const wrong = new Date(Date.now() + days * 86_400_000);
      utimesSync(two.directory, wrong, wrong);
      assert.deepEqual(one.gone(), [], `${days} days`);
    }
    now = 59_000;
    assert.deepEqual(one.gone(), []);
    now = 60_000;
    assert.deepEqual(one.gone(), [two.directory]);
    two.renew();
    assert.deepEqual(one.gone(), []);
  });

  it('do not share it with one that leaves files where they are', () => {
    const folder = mkdtempSync(join(root, 'owners-'));
    let now = 0;
    const keeper = ownersOf(folder, 'keeper', true, () => now);
    const taker = ownersOf(folder, 'taker', false, () => now);
    keeper.renew();
    assert.throws(() => taker.checkAlone(), FolderShared);
    taker.renew();
    keeper.checkAlone(20_000);
    now = 20_000;
    assert.throws(() => keeper.checkAlone(20_000), FolderShared);
    taker.leave();
    keeper.checkAlone(20_000);
    keeper.leave();
    const second = ownersOf(folder, 'second', false, () => now);
    taker.renew();
    second.checkAlone();
  });
});
