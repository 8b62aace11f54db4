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
  isInFlight = true;
  /** Before that, nobody hears whether it is. */
  answered = Promise.resolve();
  readonly receiver = {
    ask: (name: string) => {
      if (name === 'extend') return this.answered.then(() => this.isInFlight);
      this.heard.push(name);
      return Promise.resolve(name === 'answer' ? 'answered' : name !== 'park');
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
  afterEach(async () => {
    await one?.done(undefined);
    await other?.done(undefined);
    deployedNodes.remove('in');
  });

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

  it('comes again when one gives it back while the queue is being asked for another', async () => {
    const third = await holdObject('in:2', 'one/wait-3');
    let answer = (): void => undefined;
    owner.answered = new Promise((resolve) => (answer = resolve));
    const fourth = holdObject('in:2', 'other/wait-3');
    await third?.giveBack();
    answer();
    await (await fourth)?.done(success);
    assert.deepEqual(owner.heard, ['release']);
  });

  it('does not wait for one to whom the queue does not give it', async () => {
    const third = await holdObject('in:3', 'one/wait-4');
    owner.isInFlight = false;
    const fourth = holdObject('in:3', 'other/wait-4');
    await third?.done(success);
    assert.equal(await fourth, undefined);
    assert.deepEqual(owner.heard.toSorted(), ['answer', 'park']);
  });

  it('is acknowledged when both are done with it that came again', async () => {
    await one?.giveBack();
    await other?.done(success);
    const again = await holdObject('in:1', 'one/wait-2');
    await again?.done(success);
    assert.deepEqual(owner.heard, ['release', 'answer']);
  });
});
