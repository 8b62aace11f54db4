import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { EditHost, hasFailed, WorkerBroken, WorkInterrupted, type Given } from '../../src/edit';
import { DICOM_IN } from '../../src/settings';
import { WorkerNotRunning } from '../../src/worker';
import { impatient } from '../support/workers/impatient';
import { SAMPLE } from '../support/peers/store-client';

const folder = mkdtempSync(join(tmpdir(), 'dicom-edit-'));
const failed: unknown[] = [];
const host = new EditHost(
  (news) => failed.push(news),
  (error) => failed.push(error),
);
const user = {};
host.addUser(user);
after(async () => {
  await host.removeUser(user);
  rmSync(folder, { recursive: true, force: true });
});

const { settings: payload } = DICOM_IN.parse({ includeTagsNode: false });
const bytes = readFileSync(SAMPLE);

async function parsed(given: Given): Promise<Record<string, Record<string, unknown>>> {
  const made = await host.ask('parse', given, undefined, payload);
  assert.ok(!hasFailed(made), JSON.stringify(made));
  return JSON.parse(made.json) as Record<string, Record<string, unknown>>;
}

async function failure(given: Given): Promise<string> {
  const made = await host.ask('parse', given, undefined, payload);
  assert.ok(hasFailed(made));
  return made.failure.code;
}

describe('the worker that reads and changes objects', () => {
  it('gives the message of a file and of bytes', async () => {
    const fromBytes = await parsed({ place: { kind: 'bytes', bytes } });
    const fromFile = await parsed({ place: { kind: 'file', path: SAMPLE } });
    assert.deepEqual(fromFile, fromBytes);
    const { sopInstanceUID, sopClassName } = fromBytes['dicom'] ?? {};
    assert.equal(sopClassName, 'CT Image Storage');
    const { CommonFields } = fromBytes['payload'] as { CommonFields: Record<string, unknown> };
    assert.equal(CommonFields['SOPInstanceUID'], sopInstanceUID);
  });

  it('gives the message of the object with its pending changes', async () => {
    const { dicom } = await parsed({ place: { kind: 'bytes', bytes } });
    const { sopInstanceUID, size } = dicom as { sopInstanceUID: string; size: number };
    const changed = await parsed({
      place: { kind: 'bytes', bytes },
      changes: {
        version: 1,
        of: { sopInstanceUID, size },
        operations: [{ op: 'set', path: 'PatientID', value: 'P-4711' }],
      },
    });
    const { CommonFields } = changed['payload'] as { CommonFields: Record<string, unknown> };
    assert.equal(CommonFields['PatientID'], 'P-4711');
  });

  it('says by a code why there is no message', async () => {
    const text = join(folder, 'text');
    writeFileSync(text, 'no object');
    assert.equal(await failure({ place: { kind: 'file', path: text } }), 'no-file-meta');
    assert.equal(await failure({ place: { kind: 'file', path: join(folder, 'missing') } }), 'ENOENT');
    assert.equal(await failure({ place: { kind: 'bytes', bytes }, sopInstanceUID: '1.2' }), 'not-the-object');
  });

  it('answers many requests in their order, some at a time', async () => {
    const answered: number[] = [];
    await Promise.all(
      Array.from({ length: 40 }, async (_, at) => {
        await parsed({ place: { kind: 'bytes', bytes } });
        answered.push(at);
      }),
    );
    assert.deepEqual(
      answered,
      answered.toSorted((one, other) => one - other),
    );
    assert.deepEqual(failed, []);
  });
});

describe('an object that ends the worker', () => {
  const limits = { ...impatient(2_000), restartFirstMs: 20 };
  const begun: [EditHost, object][] = [];
  after(() => Promise.all(begun.map(([each, node]) => each.removeUser(node))));

  function breakable(): { ask: (name: string) => Promise<unknown>; close: () => Promise<void> } {
    const made = { file: join(__dirname, 'breaking-worker.js'), limits };
    const each = new EditHost(() => undefined, assert.fail, made);
    const node = {};
    begun.push([each, node]);
    each.addUser(node);
    const place = { kind: 'bytes', bytes: new Uint8Array() } as const;
    return {
      ask: (sopInstanceUID) =>
        each
          .ask('parse', { place, sopInstanceUID }, undefined, payload)
          .catch((error: unknown) => (error as Error).constructor),
      close: () => each.removeUser(node),
    };
  }
  const done = (name: string): object => ({ json: name });

  for (const way of ['breaks', 'hangs'])
    it(`shows itself: it ${way}; what was at work beside it can be done again, and what comes waits`, async () => {
      const { ask } = breakable();
      const first = await Promise.all(['a', way, 'b', 'c', 'd', 'e'].map(ask));
      assert.deepEqual(first.slice(0, 4), new Array(4).fill(WorkInterrupted));
      assert.deepEqual(first.slice(4), [done('d'), done('e')]);
      // One by one now.
      const again = await Promise.all(['a', way, 'b'].map(ask));
      assert.deepEqual(again, [done('a'), WorkerBroken, done('b')]);
    });

  it('keeps nobody waiting, and begins no worker, where no node needs it any more', async () => {
    const { ask, close } = breakable();
    const asked = ['a', 'b', 'c', 'd', 'e', 'f'].map(ask);
    await close();
    const results = await Promise.all(asked);
    assert.deepEqual(results.slice(4), [WorkerNotRunning, WorkerNotRunning]);
    assert.equal(await ask('late'), WorkerNotRunning);
  });
});
