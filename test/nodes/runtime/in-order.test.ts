import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InOrder } from '../../../nodes/runtime/in-order';

describe('messages that are worked on several at a time', () => {
  it('are done with in the order in which they came, also where one fails or takes longer', async () => {
    const [done, failed]: [string[], string[]] = [[], []];
    const order = new InOrder(2, ({ message }) => failed.push(message));
    let running = 0;
    let most = 0;
    const work = (name: string, milliseconds: number) => async (): Promise<string> => {
      most = Math.max(most, (running += 1));
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      running -= 1;
      if (name === 'fails') throw new Error(name);
      return name;
    };
    const finish = (outcome: PromiseSettledResult<string>): void => {
      const name = outcome.status === 'fulfilled' ? outcome.value : (outcome.reason as Error).message;
      done.push(name);
      // As a message that the flow has frozen.
      if (name === 'throws') throw new Error('cannot be finished');
    };
    order.add(work('slow', 60), finish);
    order.add(work('throws', 1), finish);
    order.add(work('fails', 1), finish);
    order.add(work('last', 1), finish);
    assert.equal(order.size, 4);
    await order.idle;
    assert.deepEqual(done, ['slow', 'throws', 'fails', 'last']);
    assert.deepEqual(failed, ['cannot be finished']);
    assert.deepEqual([order.size, most], [0, 2]);
  });
});
