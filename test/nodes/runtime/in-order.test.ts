import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, it } from 'node:test';
import { InOrder } from '../../../nodes/runtime/in-order';

const unexpected = (error: Error): never => assert.fail(error);

describe('work on several messages', () => {
  it('is done in the order in which they came, however long each takes and however it ends', async () => {
    const order = new InOrder(3, unexpected);
    const finished: string[] = [];
    for (let number = 0; number < 20; number += 1)
      order.add(
        async () => {
          await pause((number * 7) % 13);
          if (number % 5 === 0) throw new Error(`no ${number}`);
          return number;
        },
        (outcome) =>
          finished.push(
            outcome.status === 'fulfilled' ? String(outcome.value) : (outcome.reason as Error).message,
          ),
      );
    assert.equal(order.size, 20);
    await order.idle;
    assert.equal(order.size, 0);
    assert.deepEqual(
      finished,
      Array.from({ length: 20 }, (_, number) => (number % 5 === 0 ? `no ${number}` : String(number))),
    );
  });

  it('goes on for so many at a time, and waits for none that comes before', async () => {
    const order = new InOrder(2, unexpected);
    let [running, most] = [0, 0];
    let release = (): void => undefined;
    const first = new Promise<void>((resolve) => {
      release = resolve;
    });
    let begun = 0;
    order.add(
      () => first,
      () => undefined,
    );
    for (let count = 0; count < 10; count += 1)
      order.add(
        async () => {
          begun += 1;
          running += 1;
          most = Math.max(most, running);
          await pause(1);
          running -= 1;
        },
        () => undefined,
      );
    await pause(200);
    assert.deepEqual([begun, most, order.size], [10, 1, 11]);
    release();
    await order.idle;
    assert.equal(order.size, 0);
  });

  it('goes on where one cannot be finished, such as a message that the flow has frozen', async () => {
    const [finished, failed]: [number[], string[]] = [[], []];
    const order = new InOrder(2, ({ message }) => failed.push(message));
    for (const number of [1, 2, 3])
      order.add(
        () => Promise.resolve(number),
        () => {
          finished.push(number);
          if (number === 2) throw new Error('frozen');
        },
      );
    await order.idle;
    assert.deepEqual([finished, failed, order.size], [[1, 2, 3], ['frozen'], 0]);
  });
});
