import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { Lease } from '../../src/basics';

describe('a lease', () => {
  it('is over until it is extended, and after its moment, and at once when it is ended', () => {
    const lease = new Lease();
    assert.equal(lease.isOver, true);
    lease.extendTo(Lease.now() + 60_000);
    assert.equal(lease.isOver, false);
    lease.extendTo(Lease.now());
    assert.equal(lease.isOver, true);
    lease.extendTo(Lease.now() + 60_000);
    lease.end();
    assert.equal(lease.isOver, true);
  });

  it('is the same for another thread, by the same clock', async () => {
    const lease = new Lease();
    const here = Lease.now();
    const worker = new Worker(
      `const { workerData } = require('node:worker_threads');
       const [seconds, nanoseconds] = process.hrtime();
       new Float64Array(workerData)[0] = seconds * 1000 + nanoseconds / 1e6 + 60_000;`,
      { eval: true, workerData: lease.memory },
    );
    await new Promise((resolve) => worker.once('exit', resolve));
    assert.equal(new Lease(lease.memory).isOver, false);
    const until = new Float64Array(lease.memory)[0] ?? 0;
    assert.ok(until >= here + 60_000 && until <= Lease.now() + 60_000);
  });
});
