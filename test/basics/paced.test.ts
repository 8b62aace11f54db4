import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { Paced } from '../../src/basics';

describe('Paced', () => {
  it('tells at once, then once per interval, and never forgets the last change', () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      let value = 0;
      const told: number[] = [];
      const paced = new Paced(100, () => told.push(value));
      const change = (to: number): void => {
        value = to;
        paced.changed();
      };
      change(1);
      change(2);
      change(3);
      assert.deepEqual(told, [1]);
      mock.timers.tick(100);
      assert.deepEqual(told, [1, 3]);
      mock.timers.tick(1_000);
      assert.deepEqual(told, [1, 3], 'nothing has changed');
      change(4);
      assert.deepEqual(told, [1, 3, 4], 'at once again');
      value = 5;
      paced.changed(true);
      assert.deepEqual(told, [1, 3, 4, 5], 'what is urgent, too');
      mock.timers.tick(1_000);
      assert.deepEqual(told, [1, 3, 4, 5], 'and not twice');
      change(6);
      change(7);
      paced.stop();
      mock.timers.tick(1_000);
      assert.deepEqual(told, [1, 3, 4, 5, 6]);
    } finally {
      mock.timers.reset();
    }
  });
});
