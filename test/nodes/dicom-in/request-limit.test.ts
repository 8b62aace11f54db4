import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RequestLimit } from '../../../nodes/dicom-in/runtime/request-limit';

describe('a limit of requests', () => {
  it('is of each address, in each window of time', () => {
    const limit = new RequestLimit({ windowMs: 1_000, each: 2, addresses: 10 });
    const passed = (address: string, now: number): boolean => limit.passes(address, now);
    assert.deepEqual(
      [passed('a', 0), passed('a', 1), passed('a', 2), passed('b', 3)],
      [true, true, false, true],
    );
    assert.equal(passed('a', 999), false);
    assert.equal(passed('a', 1_000), true);
  });

  it('tells a bounded number of addresses apart; those that it knows go on', () => {
    const limit = new RequestLimit({ windowMs: 1_000, each: 100, addresses: 2 });
    assert.deepEqual(
      ['a', 'b', 'c', 'a'].map((address) => limit.passes(address, 0)),
      [true, true, false, true],
    );
    assert.equal(limit.passes('c', 1_000), true);
  });
});
