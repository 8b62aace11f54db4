import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { until } from '../support/machine/until';
import { filesIn, sampleFile, watchesForFile, type Watched } from '../support/workers/watched-folder';

const FILES = 5_000;
const { root, start } = watchesForFile('watch-many');
const NAMES = Array.from({ length: FILES }, (_, at) => `${at % 50}/${at + 1}.dcm`);

/** Files 1 to `FILES` in fifty subfolders. */
function putAll(watched: Pick<Watched, 'put'>): void {
  NAMES.forEach((name, at) => watched.put(name, sampleFile(at + 1).bytes));
}

/** Files of each object, each once, none redelivered. */
function assertEachOnce(watched: Watched): void {
  const { delivered } = watched;
  assert.equal(delivered.length, FILES);
  assert.equal(new Set(watched.uids()).size, FILES);
  assert.deepEqual(
    delivered.filter(({ message }) => message.dicom.redelivered > 0),
    [],
  );
}

describe(`a watched folder of ${FILES} files`, () => {
  it('keeps: each is delivered once, before and after a restart, and in between one may come', async () => {
    const folder = join(root, 'kept');
    mkdirSync(folder);
    const first = start({ recursive: true }, { folder });
    putAll(first);
    await until(() => first.delivered.length >= FILES, 'all');
    assertEachOnce(first);
    assert.equal(first.files().length, FILES);
    await first.stop();
    first.put('between.dcm', sampleFile(FILES + 1).bytes);
    const again = start({ recursive: true }, first);
    await until(() => again.delivered.length > 0, 'the one that came in between');
    again.put('later.dcm', sampleFile(FILES + 2).bytes);
    await until(() => again.delivered.length > 1, 'the one that came later');
    assert.deepEqual(again.uids(), [sampleFile(FILES + 1).uid, sampleFile(FILES + 2).uid]);
    assert.deepEqual([...first.faults, ...again.faults], []);
    await again.stop();
  });

  it('moves: each is delivered once and moved, with its subfolder', async () => {
    const moveTo = join(root, 'moved');
    // What the flow has got is kept for a minute without acknowledgement.
    const watched = start({ recursive: true, after: 'move', moveTo, acknowledge: true, maxInFlight: 100 });
    putAll(watched);
    for (let answered = 0; answered < FILES; answered += 1) {
      await until(() => watched.delivered.length > answered, `object ${answered + 1}`);
      await watched.watch.answer(watched.delivered[answered]?.id ?? '', { status: 0 });
    }
    await until(() => filesIn(moveTo).length === FILES, 'that all are moved');
    assertEachOnce(watched);
    assert.deepEqual(filesIn(moveTo), [...NAMES].sort());
    assert.deepEqual(watched.files(), []);
    assert.deepEqual(watched.faults, []);
    await watched.stop();
  });
});
