import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  openSync,
  closeSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { until } from '../support/machine/until';
import { filesIn, sampleFile, watchesForFile } from '../support/workers/watched-folder';

const { root, start } = watchesForFile('watch');
const FAILED = { status: 0xc000, comment: 'no' };
const DONE = { status: 0 };
/** Longer than a file has to be still, and than two looks. */
const LONG_MS = 2_500;

describe('a watched folder', () => {
  it('delivers what is there and what comes, and says what the file says', async () => {
    const { uid, bytes } = sampleFile(1);
    const folder = join(root, 'first');
    mkdirSync(folder);
    writeFileSync(join(folder, 'there.dcm'), bytes);
    const watched = start({}, { folder });
    await until(() => watched.delivered.length === 1, 'what was there');
    watched.put('comes.dcm', sampleFile(2).bytes);
    await until(() => watched.delivered.length === 2, 'what comes');
    const { dicom, payload, topic } = watched.delivered[0]?.message ?? assert.fail();
    assert.equal(dicom.sopInstanceUID, uid);
    assert.equal(dicom.sopClassName, 'CT Image Storage');
    assert.equal(dicom.sourceFile, 'there.dcm');
    assert.deepEqual([dicom.redelivered, dicom.acknowledgeId, dicom.callingAET], [0, undefined, undefined]);
    assert.equal(topic, payload.CommonFields?.['StudyInstanceUID']);
    assert.match(dicom.queueId, /^node-1:.{60}/);
    assert.deepEqual(watched.files(), ['comes.dcm', 'there.dcm'], 'kept');
    await wait(LONG_MS);
    assert.equal(watched.delivered.length, 2, 'each once');
    await watched.stop();
    assert.ok(!existsSync(join(folder, '.dicom-watch')), 'nothing is left in the folder');
  });

  it(
    'tells of names that are no UTF-8, and goes on with the others',
    { skip: process.platform !== 'linux' },
    async () => {
      const folder = join(root, 'latin-1');
      mkdirSync(folder);
      // As Windows of old has written it.
      writeFileSync(
        Buffer.concat([Buffer.from(`${folder}/M`), Buffer.from([0xfc]), Buffer.from('ller.dcm')]),
        sampleFile(1).bytes,
      );
      const watched = start({}, { folder });
      watched.put('other.dcm', sampleFile(2).bytes);
      await until(() => watched.delivered.length === 1, 'the other');
      assert.equal(watched.uids()[0], sampleFile(2).uid);
      const { kind, values } = watched.faults[0] ?? assert.fail();
      assert.equal(kind, 'notTaken');
      assert.match(String(values['reason']), /UTF-8/);
      await watched.stop();
    },
  );

  it('tells of directories that are deeper than it looks', async () => {
    const folder = join(root, 'deep');
    const levels = 'x/'.repeat(33);
    mkdirSync(join(folder, levels), { recursive: true });
    writeFileSync(join(folder, levels, 'too-deep.dcm'), sampleFile(1).bytes);
    writeFileSync(join(folder, levels, '..', 'deep.dcm'), sampleFile(2).bytes);
    const watched = start({ recursive: true }, { folder });
    await until(() => watched.delivered.length === 1, 'the one that is not too deep');
    assert.equal(watched.uids()[0], sampleFile(2).uid);
    const { kind, values } = watched.faults[0] ?? assert.fail();
    assert.equal(kind, 'subfolderUnusable');
    assert.match(String(values['reason']), /32 directories deep/);
    await watched.stop();
  });

  it('keeps: what was delivered is not again after a restart, and what was changed comes redelivered', async () => {
    const first = start();
    first.put('one.dcm', sampleFile(1).bytes);
    first.put('two.dcm', sampleFile(2).bytes);
    await until(() => first.delivered.length === 2, 'both');
    await first.stop();
    const again = start({}, first);
    again.put('three.dcm', sampleFile(3).bytes);
    await until(() => again.delivered.length === 1, 'the third');
    assert.deepEqual(again.uids(), [sampleFile(3).uid]);
    again.put('one.dcm', sampleFile(4).bytes);
    await until(() => again.delivered.length === 2, 'the changed one');
    assert.equal(again.delivered[1]?.message.dicom.sopInstanceUID, sampleFile(4).uid);
    assert.equal(again.delivered[1]?.message.dicom.redelivered, 1);
    await again.stop();
  });

  it('keeps: delivers a new file also where it has the name, size, time and inode of the one before', async (test) => {
    const watched = start();
    const path = join(watched.folder, 'same.dcm');
    const time = new Date('2026-01-15T10:00:00Z');
    const put = (number: number): number => {
      // At a place of its own first: so it is there at once with its time.
      const made = join(watched.folder, '.made');
      writeFileSync(made, sampleFile(number).bytes);
      utimesSync(made, time, time);
      renameSync(made, path);
      return statSync(path).ino;
    };
    const first = put(1);
    await until(() => watched.delivered.length === 1, 'the first');
    // Most file systems give a number again at once; by a rename it would stay taken until then.
    rmSync(path);
    const second = put(2);
    test.diagnostic(first === second ? 'the inode was given again' : 'another inode');
    await until(() => watched.delivered.length === 2, 'the second');
    assert.deepEqual(watched.uids(), [sampleFile(1).uid, sampleFile(2).uid]);
    assert.equal(watched.delivered[1]?.message.dicom.redelivered, 1);
    chmodSync(path, 0o600);
    await wait(LONG_MS);
    assert.equal(watched.delivered.length, 2, 'what was not written to is the same');
    await watched.stop();
    const again = start({}, watched);
    again.put('other.dcm', sampleFile(3).bytes);
    await until(() => again.delivered.length === 1, 'the other');
    assert.deepEqual(again.uids(), [sampleFile(3).uid]);
    await again.stop();
  });

  it('takes only names that fit, below on request, and no hidden ones', async () => {
    const watched = start({ pattern: '*.dcm, IM?', recursive: true, after: 'delete' });
    watched.put('a/b/deep.DCM', sampleFile(1).bytes);
    watched.put('IM1', sampleFile(2).bytes);
    watched.put('IM10', sampleFile(3).bytes);
    watched.put('.hidden.dcm', sampleFile(4).bytes);
    await until(() => watched.delivered.length === 2, 'both');
    await until(() => watched.files().length === 2, 'that they are deleted');
    await wait(LONG_MS);
    assert.deepEqual(watched.files(), ['.hidden.dcm', 'IM10']);
    assert.deepEqual(watched.delivered.map(({ message }) => message.dicom.sourceFile).sort(), [
      'IM1',
      'a/b/deep.DCM',
    ]);
    await watched.stop();
  });

  it('waits for a slow copy, and for one that stops halfway', async () => {
    const watched = start({ after: 'delete' });
    const { bytes } = sampleFile(1);
    const half = bytes.length >> 1;
    const slow = openSync(join(watched.folder, 'slow.dcm'), 'w');
    for (let at = 0; at < bytes.length; at += bytes.length >> 3) {
      writeSync(slow, bytes.subarray(at, Math.min(bytes.length, at + (bytes.length >> 3))));
      await wait(250);
    }
    closeSync(slow);
    assert.equal(watched.delivered.length, 0, 'it was being written');
    watched.put('stops.dcm', bytes.subarray(0, half));
    await until(() => watched.delivered.length === 1, 'the slow one');
    await until(() => watched.faults.some(({ kind }) => kind === 'incomplete'), 'a word of the half one');
    appendFileSync(join(watched.folder, 'stops.dcm'), bytes.subarray(half));
    await until(() => watched.delivered.length === 2, 'the one that goes on');
    await until(() => watched.files().length === 0, 'that both are deleted');
    await watched.stop();
  });

  it('makes a dead letter of what stays half, under its own name and with its reason', async () => {
    const errors = join(root, 'errors');
    const watched = start({ after: 'delete', errorDirectory: errors });
    watched.put('half.dcm', sampleFile(1).bytes.subarray(0, 600));
    await until(() => filesIn(errors).length === 2, 'the file and its reason');
    const [file, reason = ''] = filesIn(errors);
    assert.equal(file, 'half.dcm');
    assert.match(reason, /^half\.dcm\..*\.reason\.json$/);
    const told = JSON.parse(readFileSync(join(errors, reason), 'utf8')) as Record<string, unknown>;
    assert.equal(told['path'], 'half.dcm');
    assert.ok(String(told['why']).length > 10);
    assert.deepEqual(watched.files(), []);
    assert.ok(watched.faults.some(({ kind }) => kind === 'notConverted'));
    await watched.stop();
  });

  it('leaves alone what is no DICOM object', async () => {
    const watched = start({ after: 'delete', recursive: true });
    watched.put('README.txt', 'not an object, whatever its name');
    watched.put('zeros.dcm', Buffer.alloc(5_000));
    watched.put('object', sampleFile(1).bytes);
    await until(() => watched.delivered.length === 1, 'the object');
    await until(() => watched.states.at(-1)?.foreign === 2, 'that the others are counted');
    assert.deepEqual(watched.files(), ['README.txt', 'zeros.dcm']);
    watched.put('zeros.dcm', sampleFile(2).bytes);
    await until(() => watched.delivered.length === 2, 'what became an object');
    await watched.stop();
  });

  it('moves after acknowledgement, in the same folders, and replaces nothing', async () => {
    const moveTo = join(root, 'moved');
    const watched = start({ after: 'move', moveTo, acknowledge: true, recursive: true });
    mkdirSync(join(moveTo, 'ct'), { recursive: true });
    writeFileSync(join(moveTo, 'ct', 'one.dcm'), 'of somebody');
    watched.put('ct/one.dcm', sampleFile(1).bytes);
    await until(() => watched.delivered.length === 1, 'the object');
    await wait(LONG_MS);
    assert.deepEqual(filesIn(moveTo), ['ct/one.dcm'], 'it is not acknowledged');
    const { id, message } = watched.delivered[0] ?? assert.fail();
    assert.equal(
      await watched.watch.answer(message.dicom.acknowledgeId?.split(':')[1] ?? '', DONE),
      'answered',
    );
    await until(() => filesIn(moveTo).length === 2, 'that it is moved');
    assert.deepEqual(readFileSync(join(moveTo, 'ct', 'one_2.dcm')), sampleFile(1).bytes);
    assert.equal(readFileSync(join(moveTo, 'ct', 'one.dcm'), 'utf8'), 'of somebody');
    assert.equal(await watched.watch.answer(id, DONE), 'alreadyAnswered');
    await watched.stop();
  });

  it('gives a file that the flow fails with its reason, and takes it back on request', async () => {
    const watched = start({ after: 'delete', acknowledge: true });
    watched.put('fails.dcm', sampleFile(1).bytes);
    await until(() => watched.delivered.length === 1, 'the object');
    await watched.watch.answer(watched.delivered[0]?.id ?? '', FAILED);
    const { deadLetters, total } = await watched.watch.deadLetters({});
    assert.equal(total, 1);
    assert.equal(deadLetters[0]?.status, 'C000');
    assert.equal(deadLetters[0]?.sopInstanceUID, sampleFile(1).uid);
    assert.deepEqual(watched.files(), []);
    assert.equal(await watched.watch.requeue(deadLetters[0]?.id ?? ''), true);
    await until(() => watched.delivered.length === 2, 'the object again');
    assert.equal(watched.delivered[1]?.message.dicom.sourceFile, 'fails.dcm');
    await watched.watch.answer(watched.delivered[1]?.id ?? '', DONE);
    assert.equal((await watched.watch.deadLetters({})).total, 0);
    await until(() => filesIn(watched.nodeDirectory).every((name) => !name.includes('fails')), 'its end');
    await watched.stop();
  });

  it('keeps: a dead letter is a copy, and is delivered on request', async () => {
    const watched = start({ after: 'keep', acknowledge: true });
    watched.put('fails.dcm', sampleFile(1).bytes);
    await until(() => watched.delivered.length === 1, 'the object');
    await watched.watch.answer(watched.delivered[0]?.id ?? '', FAILED);
    const [letter] = (await watched.watch.deadLetters({})).deadLetters;
    assert.deepEqual(watched.files(), ['fails.dcm']);
    assert.equal(await watched.watch.requeue(letter?.id ?? ''), true);
    await until(() => watched.delivered.length === 2, 'the object again');
    await watched.watch.answer(watched.delivered[1]?.id ?? '', DONE);
    assert.deepEqual(watched.files(), ['fails.dcm']);
    await wait(LONG_MS);
    assert.equal(watched.delivered.length, 2);
    await watched.stop();
  });

  it('delivers again, and moves nothing, where a file was written to after it had been taken', async () => {
    const moveTo = join(root, 'after-change');
    const watched = start({ after: 'move', moveTo, acknowledge: true });
    const [before, later] = [sampleFile(1).bytes, sampleFile(2)];
    const writer = openSync(join(watched.folder, 'slow.dcm'), 'w');
    writeSync(writer, before);
    await until(() => watched.delivered.length === 1, 'the object as it was');
    // The writer has it open still, under whatever name it is now.
    writeSync(writer, later.bytes, 0, later.bytes.length, 0);
    await watched.watch.answer(watched.delivered[0]?.id ?? '', DONE);
    await until(() => watched.delivered.length === 2, 'the object as it is');
    closeSync(writer);
    assert.deepEqual(filesIn(moveTo), []);
    const { dicom } = watched.delivered[1]?.message ?? assert.fail();
    assert.deepEqual([dicom.sopInstanceUID, dicom.redelivered], [later.uid, 1]);
    await watched.watch.answer(watched.delivered[1]?.id ?? '', DONE);
    await until(() => filesIn(moveTo).length === 1, 'that it is moved');
    assert.deepEqual(readFileSync(join(moveTo, 'slow.dcm')), later.bytes);
    await watched.stop();
  });

  it('follows no link, reads no pipe, and takes nothing out of the folder', async () => {
    const secret = join(root, 'secret');
    mkdirSync(secret);
    writeFileSync(join(secret, 'secret.dcm'), sampleFile(9).bytes);
    const watched = start({ after: 'delete', recursive: true });
    symlinkSync(join(secret, 'secret.dcm'), join(watched.folder, 'link.dcm'));
    symlinkSync(secret, join(watched.folder, 'directory'));
    execFileSync('mkfifo', [join(watched.folder, 'pipe.dcm')]);
    watched.put('real.dcm', sampleFile(1).bytes);
    await until(() => watched.delivered.length === 1, 'the real one');
    await wait(LONG_MS);
    assert.deepEqual(watched.uids(), [sampleFile(1).uid]);
    assert.deepEqual(filesIn(secret), ['secret.dcm']);
    await watched.stop();
  });

  it('refuses places inside of the folder, by whatever path', async () => {
    const folder = join(root, 'real');
    mkdirSync(join(folder, 'inside'), { recursive: true });
    symlinkSync(join(folder, 'inside'), join(root, 'looks-outside'));
    const watched = start({ after: 'move', moveTo: join(root, 'looks-outside', 'done') }, { folder });
    await until(() => watched.faults.length > 0, 'a fault');
    assert.deepEqual([watched.faults[0]?.kind, watched.faults[0]?.down], ['settingsInvalid', true]);
    await watched.stop();
  });

  it('goes on when the folder comes, goes, and comes back', async () => {
    const folder = join(root, 'late');
    const watched = start({ after: 'delete' }, { folder, makes: false });
    await until(() => watched.faults.some(({ kind }) => kind === 'folderGone'), 'that it is not there');
    mkdirSync(folder);
    watched.put('one.dcm', sampleFile(1).bytes);
    await until(() => watched.delivered.length === 1, 'the first');
    rmSync(folder, { recursive: true });
    await until(() => watched.states.at(-1)?.isWatching === false, 'that it is gone');
    assert.equal(watched.faults.filter(({ kind }) => kind === 'folderGone').length, 2);
    mkdirSync(folder);
    watched.put('two.dcm', sampleFile(2).bytes);
    await until(() => watched.delivered.length === 2, 'the second');
    assert.equal(watched.states.at(-1)?.isWatching, true);
    await watched.stop();
  });

  it('has what was in flight again where the folder was away for a while', async () => {
    const watched = start({ after: 'delete', acknowledge: true });
    watched.put('one.dcm', sampleFile(1).bytes);
    await until(() => watched.delivered.length === 1, 'the object');
    renameSync(watched.folder, `${watched.folder}-away`);
    await until(() => watched.states.at(-1)?.isWatching === false, 'that it is gone');
    const answer = watched.watch.answer(watched.delivered[0]?.id ?? '', DONE);
    await wait(300);
    renameSync(`${watched.folder}-away`, watched.folder);
    assert.equal(await answer, 'answered');
    await until(() => filesIn(watched.folder).length === 0, 'that it is deleted');
    assert.equal(watched.delivered.length, 1);
    await watched.stop();
  });

  it('gives back what the flow has not got when it stops, and delivers again what it has', async () => {
    const first = start({ after: 'delete', acknowledge: true, maxInFlight: 2 });
    for (let number = 1; number <= 10; number += 1) first.put(`${number}.dcm`, sampleFile(number).bytes);
    await until(() => first.delivered.length === 2, 'two');
    await until(
      () => filesIn(first.folder).filter((name) => name.startsWith('.')).length === 10,
      'all claimed',
    );
    await first.stop();
    assert.equal(first.files().length, 8);
    const again = start({ after: 'delete' }, first);
    await until(() => again.delivered.length === 10, 'all');
    const redelivered = again.delivered.filter(({ message }) => message.dicom.redelivered > 0);
    assert.deepEqual(
      redelivered.map(({ message }) => message.dicom.sopInstanceUID).sort(),
      first.uids().sort(),
    );
    await again.stop();
  });

  it('lets a folder that is kept to one watcher', async () => {
    const first = start({ after: 'keep' });
    await until(() => first.states.at(-1)?.isWatching === true, 'the first');
    const second = start({ after: 'keep' }, { folder: first.folder, nodeId: 'other' });
    const third = start({ after: 'delete' }, { folder: first.folder, nodeId: 'third' });
    for (const { faults } of [second, third])
      await until(() => faults.some(({ kind }) => kind === 'folderShared'), 'that it is refused');
    first.put('one.dcm', sampleFile(1).bytes);
    await until(() => first.delivered.length === 1, 'the object');
    assert.equal(second.delivered.length + third.delivered.length, 0);
    assert.deepEqual(first.faults, []);
    for (const watched of [second, third, first]) await watched.stop();
  });

  it('shares a folder from which files are taken: each goes to one watcher', async () => {
    const first = start({ after: 'delete', maxInFlight: 4 });
    const second = start({ after: 'delete' }, { folder: first.folder, nodeId: 'other' });
    for (let number = 1; number <= 60; number += 1) first.put(`${number}.dcm`, sampleFile(number).bytes);
    await until(() => first.delivered.length + second.delivered.length >= 60, 'all');
    await until(() => first.files().length === 0, 'that they are deleted');
    const uids = [...first.uids(), ...second.uids()];
    assert.equal(new Set(uids).size, 60);
    assert.equal(uids.length, 60);
    for (const watched of [first, second]) await watched.stop();
  });

  it('takes a thousand files with few of them ahead of the flow', async () => {
    const watched = start({ after: 'delete', acknowledge: true, maxInFlight: 8 });
    for (let number = 1; number <= 1_000; number += 1) watched.put(`${number}.dcm`, sampleFile(number).bytes);
    let answered = 0;
    let most = 0;
    while (answered < 1_000) {
      await until(() => watched.delivered.length > answered, `object ${answered + 1}`);
      most = Math.max(most, filesIn(join(watched.folder, '.dicom-watch')).length);
      for (; answered < watched.delivered.length; answered += 1)
        await watched.watch.answer(watched.delivered[answered]?.id ?? '', DONE);
    }
    assert.ok(most <= 64 + 8, `${most} at most were claimed`);
    assert.equal(new Set(watched.uids()).size, 1_000);
    await until(() => filesIn(watched.folder).length === 0, 'that all are deleted');
    await watched.stop();
  });
});
