import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as immediate } from 'node:timers/promises';
import { Lease } from '../../src/basics';
import { FlowFeed } from '../../src/delivery';
import { Boundary } from '../../src/worker';

const json = JSON.stringify({ payload: {}, dicom: {} });

function feed() {
  const told: string[] = [];
  const errors: Error[] = [];
  const one = new FlowFeed(new Boundary((error) => errors.push(error)), {
    message: () => told.push('message'),
    delivered: (id) => told.push(`delivered ${id}`),
    notDelivered: (id) => told.push(`not delivered ${id}`),
  });
  return { one, told, errors };
}
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn += 1) await immediate();
};

describe('messages of a worker on their way to the flow', () => {
  it('get there, and the worker hears of it', async () => {
    const { one, told } = feed();
    one.add({ id: 'a', json });
    await settled();
    assert.deepEqual(told, ['message', 'delivered a']);
  });

  it('wait while nodes of the flow are deployed', async () => {
    const { one, told } = feed();
    one.add({ id: 'a', json });
    one.hold();
    one.add({ id: 'b', json });
    await settled();
    assert.deepEqual(told, []);
    one.goOn();
    await settled();
    assert.deepEqual(told, ['message', 'message', 'delivered a', 'delivered b']);
  });

  it('do not get there when somebody else may have delivered them by now: the process was stopped in between', async () => {
    const { one, told, errors } = feed();
    const lease = new Lease();
    lease.extendTo(Lease.now() + 60_000);
    one.add({ id: 'a', json, lease: lease.memory });
    one.add({ id: 'b', json, lease: lease.memory });
    lease.end();
    await settled();
    assert.deepEqual(told, ['not delivered a', 'not delivered b']);
    assert.deepEqual(errors, []);
    lease.extendTo(Lease.now() + 60_000);
    one.add({ id: 'c', json, lease: lease.memory });
    await settled();
    assert.deepEqual(told.slice(2), ['message', 'delivered c']);
  });
});
