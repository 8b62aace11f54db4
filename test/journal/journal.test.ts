import assert from 'node:assert/strict';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { setImmediate as immediate } from 'node:timers/promises';
import type { JournalEntry } from '../../src/admin-api';
import { Journal, removeJournal, type JournalLimits } from '../../src/journal';
import { cannotMount, mountMemoryDisk, unmount } from '../support/machine/memory-disk';

const root = mkdtempSync(join(tmpdir(), 'dicom-journal-'));
after(() => rmSync(root, { recursive: true, force: true }));
const open: Journal[] = [];
afterEach(async () => {
  for (const journal of open.splice(0)) await journal.close();
});

let folders = 0;
/** That does not exist yet. */
const folder = (): string => join(root, String((folders += 1)), 'journal');

const failures: Error[] = [];
function journalIn(directory: string, limits: Partial<JournalLimits> = {}): Journal {
  const journal = new Journal({ directory, limits, failed: (error) => failures.push(error) });
  open.push(journal);
  return journal;
}

const entry = (number: number, more: Partial<JournalEntry> = {}): JournalEntry => ({
  at: new Date().toISOString(),
  direction: 'in',
  outcome: 'received',
  sopClassUID: '1.2.840.10008.5.1.4.1.1.2',
  sopInstanceUID: `2.25.${number}`,
  callingAET: 'CT01',
  ...more,
});
const fill = (journal: Journal, from: number, to: number): void => {
  for (let number = from; number < to; number += 1) journal.append(entry(number));
};
const numbersOf = ({ entries }: { entries: JournalEntry[] }): number[] =>
  entries.map(({ sopInstanceUID = '' }) => Number(sopInstanceUID.split('.').at(-1)));
const filesIn = (directory: string): string[] => readdirSync(directory).sort();
const linesIn = (directory: string): number =>
  filesIn(directory)
    .map((name) => readFileSync(join(directory, name), 'utf8').split('\n').length - 2)
    .reduce((sum, lines) => sum + lines, 0);

describe('a journal', () => {
  it('gives the latest entries first, in pages, from one run to the next', async () => {
    const directory = folder();
    const first = journalIn(directory, { entriesOfSegment: 7 });
    fill(first, 0, 20);
    await first.close();
    const journal = journalIn(directory, { entriesOfSegment: 7 });
    fill(journal, 20, 30);
    const found: number[] = [];
    let before: string | undefined;
    do {
      const page = await journal.page({ limit: 4, ...(before !== undefined && { before }) });
      found.push(...numbersOf(page));
      before = page.next;
    } while (before !== undefined);
    assert.deepEqual(
      found,
      Array.from({ length: 30 }, (_, at) => 29 - at),
    );
    // What the second run wrote went to the file that the first one left with room in it.
    assert.equal(filesIn(directory).length, 5);
  });

  it('names each entry, for who wants to do something with it', async () => {
    const journal = journalIn(folder(), { entriesOfSegment: 2 });
    fill(journal, 0, 5);
    const { entries } = await journal.page({});
    for (const { key, sopClassName, ...rest } of entries) {
      assert.equal(sopClassName, 'CT Image Storage');
      assert.deepEqual(await journal.find(key), rest);
    }
    for (const key of ['', '../x-1', '1-2', '0000000000000-00000000-0', entries[0]!.key.replace(/\d+$/, '3')])
      assert.equal(await journal.find(key), undefined, key);
  });

  it('finds a part of a UID, a peer, a status, or a name of a class, in whatever letters; and an outcome', async () => {
    const journal = journalIn(folder());
    journal.append(entry(1, { peer: 'PACS Müller', outcome: 'failed', status: 'A700' }));
    journal.append(entry(2, { text: 'refused: out of resources', outcome: 'refused' }));
    journal.append(entry(3, { patientName: 'Doe^Jane' }));
    const found = async (query: object): Promise<number[]> => numbersOf(await journal.page(query));
    assert.deepEqual(await found({ text: ' müller ' }), [1]);
    assert.deepEqual(await found({ text: 'a700' }), [1]);
    assert.deepEqual(await found({ text: '25.2' }), [2]);
    assert.deepEqual(await found({ text: 'ct image' }), [3, 2, 1]);
    assert.deepEqual(await found({ text: 'doe' }), [3]);
    assert.deepEqual(await found({ text: 'outcome' }), [], 'names of fields are no texts');
    assert.deepEqual(await found({ outcome: 'refused' }), [2]);
    assert.deepEqual(await found({ outcome: 'refused', text: 'müller' }), []);
  });

  it('keeps so many entries, and not more than a file beyond', async () => {
    const directory = folder();
    const journal = journalIn(directory, { entries: 50, entriesOfSegment: 10 });
    for (let from = 0; from < 500; from += 5) {
      fill(journal, from, from + 5);
      await journal.page({ limit: 1 });
      const lines = linesIn(directory);
      assert(lines >= Math.min(from + 5, 50) && lines <= 60, `${lines} lines`);
    }
    assert.deepEqual(numbersOf(await journal.page({ limit: 3 })), [499, 498, 497]);
    await journal.close();
    // Of a run with higher limits.
    await journalIn(directory, { entries: 20, entriesOfSegment: 10 }).page({});
    assert.equal(linesIn(directory), 20);
  });

  it('tells nothing that is older than its age, and removes it a day later', async () => {
    const directory = folder();
    const limits = { age: 60_000, ageOfSegment: 60_000 };
    const journal = journalIn(directory, limits);
    journal.append(entry(1, { at: new Date(Date.now() - 61_000).toISOString() }));
    journal.append(entry(2));
    assert.deepEqual(numbersOf(await journal.page({})), [2]);
    await journal.close();
    const [name = assert.fail()] = filesIn(directory);
    const old = name.replace(/^\d{13}/, String(Date.now() - 121_000));
    writeFileSync(join(directory, old), readFileSync(join(directory, name)));
    await journalIn(directory, limits).page({});
    assert.deepEqual(filesIn(directory), [name]);
  });

  it('reads over what was being written when the process ended, and over what is no entry', async () => {
    const directory = folder();
    const first = journalIn(directory);
    fill(first, 0, 3);
    await first.close();
    const [name = assert.fail()] = filesIn(directory);
    appendFileSync(join(directory, name), '{"at":"2026-01-01T00:00:0');
    const journal = journalIn(directory);
    fill(journal, 3, 5);
    assert.deepEqual(numbersOf(await journal.page({})), [4, 3, 2, 1, 0]);
    await journal.close();
    appendFileSync(join(directory, name), `\nnull\n[]\n7\n{"at":1}\n\n${'x'.repeat(200_000)}\n`);
    assert.deepEqual(numbersOf(await journalIn(directory).page({})), [4, 3]);
  });

  it('leaves alone what a later version has written, and reads over it', async () => {
    const directory = folder();
    const first = journalIn(directory);
    fill(first, 0, 1);
    await first.close();
    const later = `${Date.now() + 5_000}-00000000.journal`;
    writeFileSync(join(directory, later), `{"journal":2}\n${JSON.stringify(entry(1))}\n`);
    const journal = journalIn(directory);
    fill(journal, 2, 3);
    assert.deepEqual(numbersOf(await journal.page({})), [2, 0]);
    assert.equal(readFileSync(join(directory, later), 'utf8').split('\n').length, 3);
  });

  it('keeps the beginning of texts that are long, and characters of all kinds', async () => {
    const journal = journalIn(folder());
    journal.append(entry(1, { text: 'ä😀\n'.repeat(60_000), peer: 'Ж\u2028"\\' }));
    const { entries } = await journal.page({});
    assert.equal(entries[0]?.text?.length, 256);
    assert.equal(entries[0].peer, 'Ж\u2028"\\');
  });

  it('gives a page although entries come all the time', async () => {
    const journal = journalIn(folder());
    fill(journal, 0, 5);
    let isGiven = false;
    const page = journal.page({}).finally(() => (isGiven = true));
    // A page that waits until nothing comes is not given before the end.
    const end = performance.now() + 30_000;
    for (let number = 5; performance.now() < end && !isGiven; number += 1) {
      fill(journal, number, number + 1);
      await immediate();
    }
    assert.ok(isGiven, 'it is written without end');
    const [latest = -1] = numbersOf(await page);
    assert.ok(latest >= 4, 'what had come before it was asked for is in it');
  });

  it('is for the owner of the process only', async () => {
    const directory = folder();
    const journal = journalIn(directory);
    fill(journal, 0, 1);
    await journal.page({});
    assert.equal(statSync(directory).mode & 0o777, 0o700);
    assert.equal(statSync(join(directory, filesIn(directory)[0] ?? '')).mode & 0o777, 0o600);
  });

  it('tells once that it cannot be written, holds a bounded part, and disturbs nobody', async () => {
    const directory = folder();
    writeFileSync(join(root, String(folders)), 'a file where its folder should be');
    failures.length = 0;
    const journal = journalIn(directory);
    for (const number of [1, 20_000, 20_000]) {
      fill(journal, 0, number);
      assert.deepEqual(await journal.page({}), { entries: [] });
    }
    assert.equal(failures.length, 1);
    assert.match(failures[0]?.message ?? '', /ENOTDIR/);
    await journal.close();
  });

  it('is removed with its folder, and with that of the node where nothing else is in it', async () => {
    const directory = folder();
    const journal = journalIn(directory);
    fill(journal, 0, 1);
    await journal.close();
    writeFileSync(join(directory, 'notes.txt'), "somebody's own");
    await removeJournal(directory);
    assert.deepEqual(filesIn(directory), ['notes.txt']);
    rmSync(join(directory, 'notes.txt'));
    await removeJournal(directory);
    assert.equal(existsSync(join(directory, '..')), false);
    await removeJournal(directory);
  });
});

describe('a journal on a disk that is full', { skip: cannotMount }, () => {
  const mountPoint = join(root, 'small');
  before(() => {
    mkdirSync(mountPoint);
    mountMemoryDisk(mountPoint, 'size=128k');
  });
  after(() => unmount(mountPoint));

  it('loses entries, tells that once, and leaves no more files than before', async () => {
    failures.length = 0;
    const directory = join(mountPoint, 'journal');
    const journal = journalIn(directory, { entriesOfSegment: 100 });
    for (let from = 0; from < 2_000; from += 100) {
      fill(journal, from, from + 100);
      await journal.page({ limit: 1 });
    }
    assert.deepEqual(
      failures.map(({ message }) => message.slice(0, 6)),
      ['ENOSPC'],
    );
    const before = filesIn(directory);
    fill(journal, 0, 100);
    const { entries } = await journal.page({});
    assert(entries.length > 0, 'what was written can be read');
    assert.deepEqual(filesIn(directory), before);
    await journal.close();
  });
});
