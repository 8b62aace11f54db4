import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { NotPlaced } from '../../src/message/output/file-output';
import { placeCause, placeReason } from '../../src/message/output/place-cause';
import { Unplaced, type Unplaceable } from '../../src/delivery/unplaced';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = Date.UTC(2026, 0, 1);
const id = (number: number): string => String(number).padStart(6, '0');

/** Objects that wait, with a clock that the test sets. `retried` gives what is to be tried since the last time. */
function waiting(test: TestContext, placeForHours = 24) {
  test.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: START });
  let tried: string[] = [];
  const told: Unplaceable[] = [];
  const unplaced = new Unplaced(
    placeForHours,
    { retry: (ids) => tried.push(...ids), failing: (cause) => told.push({ ...cause }) },
    () => Date.now() - START,
  );
  const retried = (milliseconds: number): string[] => {
    for (let passed = 0; passed < milliseconds; passed += 1_000) test.mock.timers.tick(1_000);
    const since = tried;
    tried = [];
    return since;
  };
  return { unplaced, told, retried };
}

describe('objects that cannot be put in place', () => {
  it('are probed by a few of each cause, after times that double up to a quarter of an hour', (test) => {
    const { unplaced, retried } = waiting(test);
    for (let number = 0; number < 10_000; number += 1) unplaced.add(id(number), START, 'EACCES /out', 'no');
    const gaps: number[] = [];
    for (let second = 0, last = 0; gaps.length < 9; second += 1) {
      const ids = retried(1_000);
      if (ids.length === 0) continue;
      assert.equal(ids[0], id(0), 'the oldest is among them');
      assert.ok(ids.length <= 4, `${ids.length} of 10 000 are tried`);
      for (const probe of ids) assert.equal(unplaced.add(probe, START, 'EACCES /out', 'no'), true);
      gaps.push(second + 1 - last);
      last = second + 1;
    }
    assert.deepEqual(gaps, [15, 30, 60, 120, 240, 480, 900, 900, 900]);
    assert.equal(unplaced.size, 10_000);
  });

  it('all come when one of them gets its place, in order, and other causes are looked at', (test) => {
    const { unplaced, retried } = waiting(test);
    for (const number of [3, 1, 2, 0]) unplaced.add(id(number), START, 'ENOSPC', 'full');
    for (let number = 4; number < 20; number += 1) unplaced.add(id(number), START, 'ENOSPC', 'full');
    const [first = ''] = retried(15_000);
    unplaced.add(id(50), START, 'EACCES /other', 'no');
    unplaced.placed(first);
    const rest = retried(1_000);
    assert.deepEqual(
      rest.filter((one) => one !== id(50)),
      [...rest].filter((one) => one !== id(50)).sort(),
    );
    assert.ok(rest.includes(id(50)), 'the other cause');
    assert.ok(rest.includes(id(19)));
  });

  it('are looked at soon when any object gets its place', (test) => {
    const { unplaced, retried } = waiting(test);
    unplaced.add(id(1), START, 'EACCES /out', 'no');
    for (let second = 0; second < 600; second += 1)
      for (const probe of retried(1_000)) unplaced.add(probe, START, 'EACCES /out', 'no');
    retried(20_000);
    unplaced.placed(id(77));
    assert.deepEqual(retried(1_000), [id(1)]);
  });

  it('wait for the others of their cause only where that is what they wait for', (test) => {
    const { unplaced, retried } = waiting(test);
    for (let number = 0; number < 9; number += 1) unplaced.add(id(number), START, 'same', 'no');
    const seen = new Set<string>();
    for (let second = 0; second < 600; second += 1)
      for (const probe of retried(1_000)) {
        seen.add(probe);
        unplaced.add(probe, START, 'same', 'no');
      }
    assert.equal(seen.size, 9, 'each is tried at some time');
  });

  it('are told of once for each cause and hour, not for each object and attempt', (test) => {
    const { unplaced, told, retried } = waiting(test);
    for (let number = 0; number < 100; number += 1) unplaced.add(id(number), START, 'ENOSPC', 'full');
    for (let second = 0; second < 3_500; second += 1)
      for (const probe of retried(1_000)) unplaced.add(probe, START, 'ENOSPC', 'full');
    assert.deepEqual(told, [{ id: id(0), key: 'ENOSPC', reason: 'full', objects: 1 }]);
    for (let second = 0; second < 1_800; second += 1)
      for (const probe of retried(1_000)) unplaced.add(probe, START, 'ENOSPC', 'full');
    assert.equal(told.length, 2);
    assert.ok((told[1]?.objects ?? 0) > 90, 'with their number');
  });

  it('make few errors, however many causes they have', (test) => {
    const { unplaced, told } = waiting(test);
    for (let number = 0; number < 1_000; number += 1) unplaced.add(id(number), START, `E ${number}`, 'no');
    assert.equal(told.length, 10);
  });

  it('are given up after so many hours since they were received', (test) => {
    const { unplaced, retried } = waiting(test, 24);
    unplaced.add(id(1), START, 'EACCES /out', 'no');
    let gaveUpAt = 0;
    for (let second = 0; gaveUpAt === 0 && second < 26 * 3_600; second += 1)
      for (const probe of retried(1_000))
        if (!unplaced.add(probe, START, 'EACCES /out', 'no')) gaveUpAt = Date.now() - START;
    assert.ok(gaveUpAt >= 24 * HOUR && gaveUpAt <= 24 * HOUR + 16 * MINUTE, `${gaveUpAt / HOUR} h`);
    assert.equal(unplaced.size, 0);
  });

  it('do not begin anew with a restart, and are not given up at the first attempt of one', (test) => {
    const { unplaced, retried } = waiting(test, 24);
    const longAgo = START - 25 * HOUR;
    assert.equal(unplaced.add(id(1), longAgo, 'EACCES /out', 'no'), true);
    assert.deepEqual(retried(15_000), [id(1)]);
    assert.equal(unplaced.add(id(1), longAgo, 'EACCES /out', 'no'), false);
  });

  it('are tried for ever with 0 hours, and without a timer that overflows', (test) => {
    const { unplaced, retried } = waiting(test, 0);
    unplaced.add(id(1), START - 10_000 * HOUR, 'EACCES /out', 'no');
    assert.deepEqual(retried(15_000), [id(1)]);
    assert.equal(unplaced.add(id(1), START - 10_000 * HOUR, 'EACCES /out', 'no'), true);
    const year = waitingForAYear();
    assert.equal(year.add('x', START, 'EACCES /out', 'no'), true);
    year.stop();
  });
});

function waitingForAYear(): Unplaced {
  return new Unplaced(8_760, { retry: () => assert.fail('at once'), failing: () => undefined });
}

describe('why an object has no place', () => {
  const notPlaced = (code: string, path: string, syscall = 'mkdir'): NotPlaced => {
    const cause = Object.assign(new Error(`${code}: no, ${syscall} '${path}'`), { code, path, syscall });
    return new NotPlaced(cause.message, { cause });
  };

  it('is one cause for the whole disk, and one for each folder', () => {
    assert.equal(placeCause(notPlaced('ENOSPC', '/out/a')), placeCause(notPlaced('ENOSPC', '/out/b')));
    assert.notEqual(placeCause(notPlaced('EACCES', '/out/a')), placeCause(notPlaced('EACCES', '/out/b')));
    assert.equal(
      placeCause(notPlaced('EACCES', '/out/a/1.dcm', 'open')),
      placeCause(notPlaced('EACCES', '/out/a/2.dcm', 'open')),
    );
    assert.equal(placeCause(new NotPlaced('no name is free')), 'no name is free');
  });

  it('is told without names that may be a patient’s', () => {
    assert.equal(
      placeReason(notPlaced('EACCES', "/out/DOE^JOHN's/1.dcm", 'open'), '/out'),
      "EACCES: no, open '/out/…'",
    );
    assert.equal(placeReason(notPlaced('EACCES', '/out'), '/out/'), "EACCES: no, mkdir '/out'");
  });
});
