import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { soManyAtATime } from '../../src/basics';

describe('work on many items', () => {
  it('is begun in their order, so many at a time, and lets others have their turn though it waits for nothing', async () => {
    const order: number[] = [];
    let turns = 0;
    let isDone = false;
    const others = (async (): Promise<void> => {
      for (; !isDone; turns += 1) await nextTurn();
    })();
    const items = [1, 2, 3, 4, 5, 6];
    await soManyAtATime(2, items, (item) => {
      order.push(item);
      // It computes for longer than anybody should.
      for (const until = performance.now() + 15; performance.now() < until;);
      return Promise.resolve();
    });
    isDone = true;
    await others;
    assert.deepEqual(order, items);
    assert.ok(turns >= items.length / 2, `${turns} turns`);
  });

  it('ends with the first that fails', async () => {
    const begun: number[] = [];
    const failing = soManyAtATime(1, [1, 2, 3], async (item) => {
      begun.push(item);
      await nextTurn();
      if (item === 2) throw new Error('two');
    });
    await assert.rejects(failing, /two/);
    assert.deepEqual(begun, [1, 2]);
  });
});
