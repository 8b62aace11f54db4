import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Outbox } from '../../src/worker/outbox';

const MEGABYTE = 1_000_000;

function outbox(isPatient?: boolean): { box: Outbox<number>; posted: number[][]; moved: ArrayBuffer[][] } {
  const posted: number[][] = [];
  const moved: ArrayBuffer[][] = [];
  const box = new Outbox<number>((messages, transfer) => {
    posted.push(messages);
    moved.push(transfer);
  }, isPatient);
  return { box, posted, moved };
}

describe('Outbox', () => {
  it('posts the first at once, and those that follow together, in order', (test) => {
    test.mock.timers.enable({ apis: ['setTimeout'] });
    const { box, posted } = outbox();
    for (const message of [1, 2, 3]) box.add(message);
    assert.deepEqual(posted, [[1]]);
    test.mock.timers.tick(10);
    assert.deepEqual(posted, [[1], [2, 3]]);
  });

  it('posts sixteen without waiting, and each where somebody waits for it', () => {
    const { box, posted } = outbox();
    for (let message = 0; message <= 16; message += 1) box.add(message);
    assert.deepEqual(
      posted.map(({ length }) => length),
      [1, 16],
    );
    const impatient = outbox(false);
    for (const message of [1, 2, 3]) impatient.box.add(message);
    assert.equal(impatient.posted.length, 3);
  });

  it('bounds the bytes of a batch; one that is larger goes alone', (test) => {
    test.mock.timers.enable({ apis: ['setTimeout'] });
    const { box, posted } = outbox();
    box.add(0);
    box.add(1, { bytes: 1.5 * MEGABYTE });
    box.add(2, { bytes: 1.5 * MEGABYTE });
    assert.deepEqual(posted, [[0], [1]]);
    box.add(3, { bytes: 60 * MEGABYTE });
    assert.deepEqual(posted, [[0], [1], [2], [3]]);
    box.add(4, { bytes: 10 });
    test.mock.timers.tick(10);
    assert.deepEqual(posted.at(-1), [4]);
  });

  it('moves memory with the batch that needs it', () => {
    const { box, moved } = outbox(false);
    const memory = new ArrayBuffer(8);
    box.add(1, { bytes: 8, transfer: [memory] });
    box.add(2);
    assert.deepEqual(moved, [[memory], []]);
  });
});
