import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { deployedNodes } from '../../../../nodes/runtime/deployed-nodes';
import { type HeldObject, holdObject } from '../../../../nodes/runtime/objects';
import { QueueOwner } from '../../../../nodes/runtime/queues';
import type { QueueHost } from '../../../../src/delivery';
import { Status } from '../../../../src/network';

/** A node with a queue in which one object is in flight; notes what it hears of that. */
class Owner extends QueueOwner {
  readonly isAcknowledged = true;
  readonly answersWithinSeconds = undefined;
  readonly heard: string[] = [];
  readonly receiver = {
    ask: (name: string) => {
      if (name !== 'extend') this.heard.push(name);
      return Promise.resolve(name === 'answer' ? 'answered' : true);
    },
  } as unknown as QueueHost;
}

describe('an object in flight that two nodes hold', () => {
  let owner: Owner;
  let one: HeldObject | undefined;
  let other: HeldObject | undefined;
  const success = { status: Status.success };

  beforeEach(async () => {
    owner = new Owner();
    deployedNodes.add('in', owner);
    one = await holdObject('in:1', 'one/wait-1');
    other = await holdObject('in:1', 'other/wait-1');
  });
  afterEach(() => deployedNodes.remove('in'));

  it('is acknowledged when both are done', async () => {
    await one?.done(success);
    assert.deepEqual(owner.heard, []);
    await other?.done(success);
    assert.deepEqual(owner.heard, ['answer']);
  });

  it('comes again, and is not acknowledged, when one gives it back before the other is done', async () => {
    await one?.giveBack();
    assert.deepEqual(owner.heard, [], 'the other one has it still');
    await other?.done(success);
    assert.deepEqual(owner.heard, ['release']);
  });

  it('comes again, and is not acknowledged, when one gives it back after the other is done', async () => {
    await other?.done({ status: Status.cannotUnderstand });
    await one?.leave();
    assert.deepEqual(owner.heard, ['release']);
  });

  it('is acknowledged when both are done with it that came again', async () => {
    await one?.giveBack();
    await other?.done(success);
    const again = await holdObject('in:1', 'one/wait-2');
    await again?.done(success);
    assert.deepEqual(owner.heard, ['release', 'answer']);
  });
});
