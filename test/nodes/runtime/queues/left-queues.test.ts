import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { NodeAPI } from 'node-red';
import { leftQueues } from '../../../../nodes/runtime/queues/left-queues';

const root = mkdtempSync(join(tmpdir(), 'dicom-left-'));
after(() => rmSync(root, { recursive: true, force: true }));

type Runtime = Pick<NodeAPI, 'events' | 'settings'>;
let runs = 0;
function run(): Runtime {
  runs += 1;
  return { events: new EventEmitter(), settings: { userDir: join(root, `user-${runs}`) } } as Runtime;
}

/** A queue directory with an object, a dead letter, or nothing in it. */
function queue(path: string, holds: 'object' | 'dead letter' | 'nothing' = 'object'): string {
  const directory = join(path, holds === 'dead letter' ? 'dead-letter' : '.');
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, holds === 'nothing' ? 'lock' : '1795786774518-0000000001-a.dcm'), 'x');
  return path;
}

describe('a queue that a node has left', () => {
  it('is found where its directory was changed while Node-RED runs', async () => {
    const RED = run();
    const [one, two] = [queue(join(root, 'one')), queue(join(root, 'two'), 'nothing')];
    assert.deepEqual(await leftQueues(RED, 'node', one, true), []);
    assert.deepEqual(await leftQueues(RED, 'node', two, true), [one]);
    assert.deepEqual(await leftQueues(RED, 'other', two, true), [], 'of another node');
    assert.deepEqual(await leftQueues(RED, 'node', one, true), [], 'it is back, and the other one is empty');
  });

  it('is found after a restart in the usual directory, and in that of a node without a queue', async () => {
    const RED = run();
    const usual = queue(join(RED.settings.userDir ?? '', 'dicom', 'node'), 'dead letter');
    const set = queue(join(root, 'set'));
    assert.deepEqual(await leftQueues(RED, 'node', '', true), []);
    assert.deepEqual(await leftQueues(RED, 'node', set, true), [usual]);
    assert.deepEqual(await leftQueues(RED, 'node', set, false), [usual, set]);
    assert.deepEqual(await leftQueues(run(), 'node', '', false), [], 'there is no directory');
  });
});
