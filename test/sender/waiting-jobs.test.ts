import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { JobProgress } from '../../src/sender/send-job';
import { WaitingJobs } from '../../src/sender/waiting-jobs';

function job(id: string, giveUpMs = 60_000): JobProgress {
  return new JobProgress({
    id,
    policy: { firstMs: 10, lastMs: 10, giveUpMs },
    facts: {},
    isChanged: false,
    isStored: false,
    open: () => Promise.reject(new Error('not opened')),
    settled: () => undefined,
  });
}

const idsOf = (jobs: readonly JobProgress[]): string[] => jobs.map(({ job: { id } }) => id);

function takeAll(waiting: WaitingJobs): string[] {
  const taken: JobProgress[] = [];
  for (let next = waiting.take(); next !== undefined; next = waiting.take()) taken.push(next);
  return idsOf(taken);
}

describe('what waits to be sent to a peer', () => {
  it('stays in its order however often the peer cannot be reached', () => {
    for (const looks of [0, 1, 2, 3]) {
      const waiting = new WaitingJobs();
      for (const id of ['1', '2', '3', '4']) waiting.add(job(id));
      for (let look = 0; look < looks; look += 1) {
        const first = waiting.take();
        if (first !== undefined) waiting.giveBack(first);
        assert.deepEqual(waiting.takeOverdue(performance.now()), []);
      }
      assert.equal(waiting.size, 4);
      assert.deepEqual(takeAll(waiting), ['1', '2', '3', '4'], `${looks} looks`);
    }
  });

  it('is taken out when it has waited too long; the next one to do so is known', () => {
    const waiting = new WaitingJobs();
    waiting.add(job('early', -1));
    waiting.add(job('late'));
    waiting.giveBack(job('never', Infinity));
    const now = performance.now();
    assert.deepEqual(idsOf(waiting.takeOverdue(now)), ['early']);
    assert.ok(waiting.nextOverdue > now + 50_000 && waiting.nextOverdue < now + 61_000);
    assert.deepEqual(takeAll(waiting), ['never', 'late']);
    assert.equal(waiting.nextOverdue, Infinity);
  });

  it('is not looked through for each that comes, while none can have waited for too long', () => {
    const waiting = new WaitingJobs();
    let looks = 0;
    for (let count = 0; count < 1_000; count += 1) {
      const one = job(String(count));
      const { givesUpAt } = one;
      Object.defineProperty(one, 'givesUpAt', { get: () => ((looks += 1), givesUpAt) });
      waiting.add(one);
      assert.deepEqual(waiting.takeOverdue(performance.now()), []);
      assert.ok(waiting.nextOverdue <= givesUpAt);
    }
    assert.ok(looks <= 2_000, `${looks} looks`);
  });

  it('is withdrawn the oldest first, without what was cancelled', () => {
    const waiting = new WaitingJobs();
    const [rests, cancelled, gone] = [job('rests'), job('cancelled'), job('gone')];
    waiting.rest(rests, 60_000, () => assert.fail('it was withdrawn'));
    waiting.rest(gone, 60_000, () => assert.fail('it was cancelled'));
    waiting.add(cancelled);
    waiting.add(job('new'));
    waiting.giveBack(job('old'));
    cancelled.isCancelled = true;
    waiting.cancel('gone');
    assert.equal(waiting.restingCount, 1);
    assert.deepEqual(idsOf(waiting.withdraw()), ['old', 'new', 'rests']);
    assert.deepEqual([waiting.size, waiting.restingCount], [0, 0]);
  });
});
