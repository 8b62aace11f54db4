import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { OutcomeRecord } from '../../src/sender/outcome-record';
import type { SendJob, SendOutcome } from '../../src/sender/send-job';

const folder = mkdtempSync(join(tmpdir(), 'dicom-outcomes-'));
after(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
const newPath = (): string => join(folder, `${(count += 1)}`, 'outcomes.log');
const recordAt = (path: string): OutcomeRecord => new OutcomeRecord(path, (error) => assert.fail(error));
const SENT: SendOutcome = { kind: 'sent', text: 'success', status: 0, attempts: 1, milliseconds: 5 };
const FAILED: SendOutcome = {
  kind: 'failed',
  failure: 'refused',
  text: 'refused',
  attempts: 3,
  milliseconds: 9,
};

/** Settles the job of this name. Resolves when its owner hears it. */
function settle(record: OutcomeRecord, id: string, outcome: SendOutcome): Promise<SendOutcome> {
  return new Promise((settled) => {
    const job: SendJob = {
      id: `job of ${id}`,
      policy: { firstMs: 1, lastMs: 1, giveUpMs: 1 },
      facts: {},
      isChanged: false,
      isStored: false,
      open: () => assert.fail('it is not opened'),
      settled,
    };
    record.kept(id, job).settled(outcome);
  });
}

describe('what became of an object', () => {
  it('is on the disk before it is told, until it has been heard', async () => {
    const path = newPath();
    const record = recordAt(path);
    assert.deepEqual(await settle(record, 'a', SENT), SENT);
    assert.deepEqual(recordAt(path).of('a'), SENT);
    await Promise.all([settle(record, 'b', FAILED), settle(record, 'c', SENT)]);
    record.forget('a');
    record.forget('never kept');
    await record.close();
    const next = recordAt(path);
    assert.deepEqual([next.of('a'), next.of('b'), next.of('c')], [undefined, FAILED, SENT]);
  });

  it('is known where another line was spoilt, or was being written when the process ended', async () => {
    const path = newPath();
    const record = recordAt(path);
    await settle(record, 'a', SENT);
    appendFileSync(path, '{"id":"b","at":1e99,"outcome":{"kind":"gone"}}\nnull\n"\n{"id":"c","at":17');
    const next = recordAt(path);
    assert.deepEqual([next.of('a'), next.of('b'), next.of('c')], [SENT, undefined, undefined]);
    await settle(next, 'd', FAILED);
    assert.deepEqual([recordAt(path).of('a'), recordAt(path).of('d')], [SENT, FAILED]);
  });

  it('is of no use after a week', () => {
    const path = newPath();
    const lineAt = (id: string, daysAgo: number): string =>
      JSON.stringify({ id, at: Date.now() - daysAgo * 86_400_000, outcome: SENT });
    const file = join(folder, 'old.log');
    writeFileSync(file, [lineAt('old', 8), lineAt('new', 6), ''].join('\n'));
    const record = recordAt(file);
    assert.deepEqual([record.of('old'), record.of('new')], [undefined, SENT]);
    assert.ok(!existsSync(path));
  });

  it('takes a bounded part of the disk, however many there have been', async () => {
    const path = newPath();
    const record = recordAt(path);
    for (let round = 0; round < 40; round += 1) {
      const ids = Array.from({ length: 250 }, (_, at) => `${round} ${at}`);
      await Promise.all(ids.map((id) => settle(record, id, SENT)));
      for (const id of ids) record.forget(id);
    }
    await record.close();
    assert.ok(statSync(path).size < 700_000, `${statSync(path).size} bytes`);
    assert.equal(recordAt(path).of('39 249'), undefined);
  });

  it('is told also where it cannot be kept, and that once', async () => {
    const path = join(folder, 'a file');
    writeFileSync(path, '');
    const failures: Error[] = [];
    const record = new OutcomeRecord(join(path, 'outcomes.log'), (error) => failures.push(error));
    for (const id of ['a', 'b']) assert.deepEqual(await settle(record, id, SENT), SENT);
    assert.equal(failures.length, 1);
    assert.match(failures[0]?.message ?? '', /ENOTDIR/);
  });
});
