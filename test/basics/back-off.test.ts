import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BackOff } from '../../src/basics/back-off';

describe('a back-off', () => {
  it('doubles from the first to the last time, and stays there', () => {
    const backoff = new BackOff(100, 1_000);
    assert.deepEqual(
      [1, 2, 3, 4, 5, 6].map(() => backoff.wait()),
      [100, 200, 400, 800, 1_000, 1_000],
    );
  });

  it('begins anew once something has succeeded', () => {
    const backoff = new BackOff(100, 1_000);
    backoff.wait();
    backoff.wait();
    backoff.reset();
    assert.deepEqual([backoff.wait(), backoff.wait()], [100, 200]);
  });
});
