import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { removeEmptyQueue } from '../../../../nodes/runtime/queues/removed-queue';

const SPARE = '1764000000000-0000000001-0123456789abcdef.queue.spare';
const OBJECT = '1764000000000-0000000001-0.dcm';

describe('the queue directory of a node that is removed', () => {
  let parent: string;
  let directory: string;

  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'dicom-removed-'));
    directory = join(parent, 'node');
    mkdirSync(directory);
  });
  afterEach(() => rmSync(parent, { recursive: true, force: true }));

  const put = (...path: string[]): void => writeFileSync(join(directory, ...path), 'x');

  it('goes with what an empty queue leaves: its lock, spare segments, an empty folder for dead letters', async () => {
    put(SPARE);
    mkdirSync(join(directory, 'dead-letter'));
    put('lock');
    assert.equal(await removeEmptyQueue(directory, true), 'removed');
    assert.deepEqual(readdirSync(parent), []);
  });

  it('stays where it holds an object, among the dead letters, too', async () => {
    for (const path of [[OBJECT], ['a.queue'], ['a.queue.damaged'], ['dead-letter', OBJECT]]) {
      mkdirSync(join(directory, 'dead-letter'), { recursive: true });
      put(...path);
      assert.equal(await removeEmptyQueue(directory, true), 'holdsObjects', path.join('/'));
      assert.ok(existsSync(join(directory, ...path)));
      rmSync(join(directory, ...path));
    }
  });

  it('stays as it is with anything that is not ours in it', async () => {
    const others: readonly (() => void)[] = [
      () => put('notes.txt'),
      () => put('x.spare'),
      () => put('x.part'),
      () => mkdirSync(join(directory, 'lock')),
      () => mkdirSync(join(directory, 'folder')),
      () => symlinkSync(parent, join(directory, 'dead-letter')),
      () => {
        mkdirSync(join(directory, 'dead-letter'));
        put('dead-letter', 'why.json');
      },
    ];
    for (const make of others) {
      put(SPARE);
      make();
      const before = readdirSync(directory, { recursive: true }).map(String).sort();
      assert.equal(await removeEmptyQueue(directory, true), 'holdsOthers', before.join());
      assert.deepEqual(readdirSync(directory, { recursive: true }).map(String).sort(), before);
      rmSync(directory, { recursive: true });
      mkdirSync(directory);
    }
  });

  it('stays where somebody has set it by hand, and need not be there', async () => {
    assert.equal(await removeEmptyQueue(directory, false), 'holdsOthers');
    assert.ok(existsSync(directory));
    assert.equal(await removeEmptyQueue(join(parent, 'none'), true), 'absent');
  });
});
