import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StatusDisplay, type ShownStatus } from '../../../nodes/runtime/status-display';

describe('how often a status is shown', () => {
  it('at most once a second, and then as it is; only when it has changed', (test) => {
    test.mock.timers.enable({ apis: ['setTimeout'] });
    const shown: string[] = [];
    let current: ShownStatus = { state: 'starting', text: 'starting' };
    const display = new StatusDisplay(
      () => current,
      ({ text = '' }) => shown.push(text),
    );
    const becomes = (text: string): void => {
      current = { state: 'listening', text };
      display.refresh();
    };
    display.refresh();
    becomes('listening :104');
    assert.deepEqual(shown, ['starting', 'listening :104'], 'a start is not held up');
    for (let count = 1; count <= 500; count += 1) becomes(`${count} in, 1 open`);
    assert.equal(shown.length, 2);
    test.mock.timers.tick(999);
    assert.equal(shown.length, 2);
    test.mock.timers.tick(1);
    assert.deepEqual(shown.slice(2), ['500 in, 1 open']);
    becomes('501 in, 1 open');
    becomes('500 in, 1 open');
    test.mock.timers.tick(5_000);
    assert.equal(shown.length, 3, 'what was so for less than a second is not shown');
    becomes('501 received');
    assert.equal(shown.length, 4, 'at once, after a quiet second');
    becomes('502 received');
    display.close();
    test.mock.timers.tick(5_000);
    assert.equal(shown.length, 4, 'nothing once the node is closed');
  });
});
