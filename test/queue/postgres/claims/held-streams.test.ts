import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HeldStreams } from '../../../../src/queue/postgres/claims/held-streams';

describe('associations that an instance has', () => {
  it('lets the next object be claimed as it is put only where nothing of its association may wait', () => {
    const held = new HeldStreams();
    assert.equal(held.leaseForNext(1), undefined, 'it is not this one’s');
    held.leased(1, 7);
    assert.equal(held.leaseForNext(1), undefined, 'what it was leased for waits');
    held.caughtUp(held.now);
    assert.equal(held.leaseForNext(1), 7);
    const before = held.now;
    held.fellBehind(1);
    held.caughtUp(before);
    assert.equal(held.leaseForNext(1), undefined, 'it came after that');
    held.leased(2, 8);
    held.caughtUp(held.now);
    assert.deepEqual([held.leaseForNext(1), held.leaseForNext(2)], [7, 8]);
    held.allFellBehind();
    assert.deepEqual([held.leaseForNext(1), held.leaseForNext(2)], [undefined, undefined]);
  });

  it('has one that comes with its first object once that is there', () => {
    const held = new HeldStreams();
    held.coming(3, 3);
    assert.deepEqual([held.has(3), held.leaseForNext(3)], [false, undefined]);
    held.came(3, true);
    assert.deepEqual([held.has(3), held.leaseForNext(3)], [true, 3]);
    held.coming(4, 4);
    held.fellBehind(4);
    held.came(4, true);
    assert.equal(held.leaseForNext(4), undefined, 'another object of it was put meanwhile');
    held.coming(5, 5);
    held.came(5, false);
    assert.equal(held.has(5), false);
  });

  it('has no others than those that are kept', () => {
    const held = new HeldStreams();
    for (const stream of [1, 2]) held.leased(stream, stream);
    held.keepOnly(new Set([2]));
    assert.deepEqual([held.has(1), held.has(2)], [false, true]);
    held.clear();
    assert.equal(held.has(2), false);
    // What becomes of a put is told although its session is over.
    held.came(2, true);
    held.fellBehind(2);
    assert.equal(held.has(2), false);
  });
});
