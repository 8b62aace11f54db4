import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { DeadLetterFolder } from '../../../src/queue/files/dead-letter-folder';
import { realFiles } from '../../../src/basics/disk-files';

const root = mkdtempSync(join(tmpdir(), 'dicom-letters-'));
after(() => rmSync(root, { recursive: true, force: true }));

const id = (number: number): string => `1764000000000-${String(number).padStart(10, '0')}-5`;
let folders = 0;

/** A folder with so many objects, each with this note. */
function folderOf(
  count: number,
  note?: (number: number) => string,
): { path: string; folder: DeadLetterFolder } {
  const path = join(root, String((folders += 1)));
  mkdirSync(path);
  for (let number = count; number > 0; number -= 1) {
    writeFileSync(join(path, `${id(number)}.dcm`), 'bytes');
    if (note !== undefined) writeFileSync(join(path, `${id(number)}.json`), note(number));
  }
  return { path, folder: new DeadLetterFolder(path, realFiles, () => assert.fail('requeued')) };
}
const noteOf = (number: number): string =>
  JSON.stringify({ id: id(number), at: '2026-01-01T00:00:00.000Z', why: `why ${number}`, deliveries: 1 });

describe('the folder of dead letters', () => {
  it('is listed in pages, in order, each once', async () => {
    const { folder } = folderOf(25, noteOf);
    const ids: string[] = [];
    for (let after = ''; ;) {
      const page = await folder.list({ after, limit: 10 });
      assert.ok(page.length <= 10);
      ids.push(...page.map((letter) => letter.id));
      if (page.length < 10) break;
      after = page.at(-1)?.id ?? assert.fail();
    }
    assert.deepEqual(
      ids,
      Array.from({ length: 25 }, (_, index) => id(index + 1)),
    );
    assert.equal(await folder.count(), 25);
    assert.equal((await folder.list()).length, 25);
  });

  it('is empty where there is none', async () => {
    const folder = new DeadLetterFolder(join(root, 'none'), realFiles, () => undefined);
    assert.deepEqual(await folder.list(), []);
    assert.equal(await folder.count(), 0);
  });

  it('leaves letters alone that a later version has set aside, and says so', async () => {
    const { path, folder } = folderOf(1, () =>
      JSON.stringify({ ...JSON.parse(noteOf(1)), version: 2, more: 1 }),
    );
    const before = readdirSync(path);
    const [letter] = await folder.list();
    assert.match(letter?.why ?? '', /^why 1 \(set aside by a later version/);
    assert.throws(() => folder.requeue(id(1)), /later version/);
    assert.throws(() => folder.discard(id(1)), /later version/);
    assert.deepEqual(readdirSync(path), before);
  });

  it('lists letters of earlier versions, damaged notes, and objects without one', async () => {
    const notes = [noteOf(1), '{', 'null', '[]', '"text"', 'x'.repeat(100_000), ''];
    const { path, folder } = folderOf(notes.length, (number) => notes[number - 1] ?? '');
    writeFileSync(join(path, `${id(8)}.dcm`), 'bytes');
    writeFileSync(join(path, 'notes.txt'), 'not ours');
    const letters = await folder.list();
    assert.deepEqual(
      letters.map((letter) => letter.id),
      Array.from({ length: 8 }, (_, index) => id(index + 1)),
    );
    assert.deepEqual(letters[0], {
      id: id(1),
      at: '2026-01-01T00:00:00.000Z',
      why: 'why 1',
      deliveries: 1,
      size: 5,
    });
    for (const letter of letters) {
      assert.equal(typeof letter.why, 'string');
      assert.equal(letter.deliveries, letter.id === id(1) ? 1 : 0);
    }
    assert.match(letters[1]?.why ?? '', /cannot be read/);
    assert.match(letters[5]?.why ?? '', /65536 bytes/);
  });

  it('keeps the facts of the object in the note, and no note of an object that could not be moved', async () => {
    const { path, folder } = folderOf(0);
    const facts = { patientID: '12345', modality: 'CT', callingAET: 'CT01', size: 5 };
    const letter = { id: id(1), at: '', why: 'why', deliveries: 0, ...facts };
    folder.add(letter, (to) => writeFileSync(to, 'bytes'));
    assert.deepEqual(await folder.list(), [letter]);
    const full = (): never => {
      throw new Error('disk full');
    };
    assert.throws(() => folder.add({ ...letter, id: id(2) }, full), /disk full/);
    assert.deepEqual(
      await realFiles.readDirectory(path).then((names) => names.filter((name) => name.startsWith(id(2)))),
      [],
    );
  });

  it('reads no more notes than a page has, none of them while others wait, and no names all at once', async () => {
    const { path } = folderOf(300, noteOf);
    const never = (): never => assert.fail('the receiving thread would wait');
    let notes = 0;
    const files = {
      ...realFiles,
      readFileSync: never,
      readDirectory: never,
      statSync: never,
      readText: (note: string, most: number) => {
        notes += 1;
        return realFiles.readText(note, most);
      },
    };
    const folder = new DeadLetterFolder(path, files, never);
    let turns = 0;
    const ticking = setInterval(() => (turns += 1), 0);
    assert.equal((await folder.list({ limit: 7 })).length, 7);
    clearInterval(ticking);
    assert.equal(notes, 7);
    assert.ok(turns > 0);
    assert.equal(await folder.count(), 300);
  });
});
