import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Answers } from '../../src/delivery/answers';

const answers = (timedOut: (id: string) => void = () => assert.fail('timed out')): Answers =>
  new Answers(30, timedOut);

describe('Answers', () => {
  it('resolves with the first answer; a second one is told that it is one', async () => {
    const some = answers();
    const waits = some.wait('a');
    assert.equal(some.answer('a', { status: 0xa700 }), true);
    assert.deepEqual(await waits, { status: 0xa700 });
    assert.equal(some.answer('a', { status: 0 }), false);
    assert.equal(some.outcome('a'), 'alreadyAnswered');
    assert.equal(some.outcome('b'), 'unknown');
  });

  it('answers 0110 by itself when nobody else does in time', async (test) => {
    test.mock.timers.enable({ apis: ['setTimeout'] });
    const late: string[] = [];
    const some = answers((id) => late.push(id));
    const waits = some.wait('a');
    test.mock.timers.tick(30_000);
    assert.equal((await waits).status, 0x0110);
    assert.deepEqual(late, ['a']);
    assert.equal(some.outcome('a'), 'tooLate');
  });

  it('takes as many further answers for no mistake as messages of the object went out', () => {
    const some = answers();
    some.remember('a', 'alreadyAnswered', 2);
    assert.deepEqual(
      [1, 2, 3].map(() => some.outcome('a')),
      ['answered', 'answered', 'alreadyAnswered'],
    );
  });

  it('remembers a bounded number of answers', () => {
    const some = answers();
    for (let id = 0; id < 20_000; id += 1) some.remember(String(id), 'alreadyAnswered');
    assert.equal(some.outcome('0'), 'unknown');
    assert.equal(some.outcome('19999'), 'alreadyAnswered');
  });

  it('answers what waits at the end, and what still comes', async () => {
    const some = answers();
    const waits = some.wait('a');
    some.close({ status: 0xa700 });
    assert.equal((await waits).status, 0xa700);
    assert.equal((await some.wait('b')).status, 0xa700);
  });
});
