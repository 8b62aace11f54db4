import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Fifo } from '../../src/basics/fifo';

describe('Fifo', () => {
  it('gives everything once and in order, however pushing and shifting alternate', () => {
    const fifo = new Fifo([0, 1, 2]);
    let pushed = 3;
    let shifted = 0;
    for (let round = 1; round <= 200; round += 1) {
      for (let count = 0; count < (round * 37) % 100; count += 1) fifo.push(pushed++);
      for (let count = 0; count < (round * 53) % 97; count += 1) {
        const item = fifo.shift();
        assert.equal(item, shifted < pushed ? shifted++ : undefined);
      }
      assert.equal(fifo.size, pushed - shifted);
    }
    while (fifo.size > 0) assert.equal(fifo.shift(), shifted++);
    assert.equal(shifted, pushed);
    assert.equal(fifo.shift(), undefined);
    assert(pushed > 5_000);
  });
});
