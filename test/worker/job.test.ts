import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { JobFailed, JobOutdated, runJob } from '../../src/worker';
import { PROTOCOL } from '../../src/worker/protocol';
import type { Told } from './workers/job';

const LONG_MS = 60_000;

function run(told: Told, timeMs = LONG_MS, transfer: ArrayBuffer[] = [], name = 'job'): Promise<number> {
  const file = join(__dirname, 'workers', `${name}.js`);
  return runJob<Told, number>({ file, name: 'test', heapMB: 32 }, told, { timeMs, transfer });
}

function failing(reason: RegExp) {
  return (error: unknown): boolean => error instanceof JobFailed && reason.test(error.message);
}

describe('a job in a thread of its own', () => {
  it('gives its result, and takes memory with it', async () => {
    const bytes = new Uint8Array([1, 2, 3]);
    assert.equal(await run({ bytes }, LONG_MS, [bytes.buffer]), 6);
    assert.equal(bytes.length, 0, 'it has moved');
  });

  it('fails where it throws, ends, takes too much memory, or too long', async () => {
    await assert.rejects(run('throw'), failing(/no work today/));
    await assert.rejects(run('exit'), failing(/exit code 7/));
    await assert.rejects(run('memory'), failing(/memory/));
    await assert.rejects(run('loop', 2_000), failing(/more than 2 s/));
  });

  it('is not done by a thread of another version, or for a host of one', async () => {
    await assert.rejects(run('loop', LONG_MS, [], 'of-another-version'), JobOutdated);
    const worker = new Worker(join(__dirname, 'workers', 'job.js'), {
      workerData: { protocol: PROTOCOL + 1, job: 'throw' },
    });
    assert.deepEqual(await new Promise((resolve) => worker.once('message', resolve)), { protocol: PROTOCOL });
  });
});
