import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Starting } from '../../src/delivery';
import { until } from '../support/machine/until';

it('what cannot start says so once, and again where the reason is another one', async () => {
  const reasons = ['ECONNREFUSED', 'ECONNREFUSED', '28P01', '28P01'];
  const told: unknown[] = [];
  const starting = new Starting({
    firstMs: 1,
    lastMs: 1,
    attempt: () => {
      const reason = reasons.shift();
      return Promise.resolve(reason === undefined ? undefined : { kind: 'databaseAway', values: { reason } });
    },
    fault: ({ values }) => told.push(values.reason),
  });
  starting.start();
  await until(() => reasons.length === 0 && starting.fault === undefined, 'the start');
  await starting.stop();
  assert.deepEqual(told, ['ECONNREFUSED', '28P01']);
});
