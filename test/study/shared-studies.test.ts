import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { needs } from '../support/machine/needs';
import { firingsOf, onlyFiringOf, SharedBench, type Instance } from './shared-support';
import { listed } from './support';

const IDLE = 60_000;
const DONE = { status: 0 };
const FAILED = { status: 0x0110 };

const numberOf = ({ studies }: Instance): number => studies['state'].number;

describe('studies of several instances', { skip: needs('postgres') }, () => {
  let bench: SharedBench;
  before(async () => {
    bench = await SharedBench.start();
  });
  afterEach(() => bench.closeAll());
  after(() => bench.end());

  it('are one message of exactly what came, wherever it came, and are acknowledged anywhere', async () => {
    const [a, b, c] = await bench.three();
    for (const [at, instance] of [a, b, c, a, b, c].entries()) await bench.add(instance, '1', `1.${at}`);
    await bench.add(b, '2', '2.1');
    await bench.settle();
    assert.deepEqual(firingsOf([a, b, c]), []);
    assert.equal([a, b, c].filter(({ studies }) => studies.summary().open > 0).length > 0, true);
    await bench.pass(IDLE);
    const firings = firingsOf([a, b, c]).sort((one, other) => one.listing.added - other.listing.added);
    assert.deepEqual(
      firings.map((firing) => listed(firing).sort()),
      [['2.1'], ['1.0', '1.1', '1.2', '1.3', '1.4', '1.5']],
    );
    const [, firing = assert.fail()] = firings;
    assert.deepEqual(
      [firing.number, firing.objects, firing.redelivered, firing.reason, firing.listing.resent],
      [1, 6, 0, 'idle', 0],
    );
    assert.deepEqual(firing.listing.payload['PatientID'], 'P');
    assert.equal(firing.listing.payload.series[0]?.['Modality'], 'CT');
    const others = [a, b, c].filter(({ firings: its }) => !its.includes(firing));
    assert.equal(await others[0]?.studies.isUnacknowledged(firing.id), true);
    assert.equal(bench.queues.parked.size, 7);
    assert.equal(await others[0]?.studies.acknowledge(firing.id, DONE), 'answered');
    assert.equal(await others[1]?.studies.acknowledge(firing.id, DONE), 'alreadyAnswered');
    await bench.settle();
    assert.equal(bench.queues.parked.size, 1);
    assert.equal(await a.studies.acknowledge(firing.id, DONE), 'alreadyAnswered');
    assert.equal(await a.studies.acknowledge('0123456789abcdef-0000001', DONE), 'unknown');
    assert.equal(firingsOf([a, b, c]).length, 2);
  });

  it('are sent again, with the same id, where the instance that sent them is killed, and go on elsewhere', async () => {
    const [a, b, c] = await bench.three();
    await bench.add(a, '1', '1.1', '1.2');
    await bench.settle();
    await bench.add(c, '1', '1.3');
    await bench.pass(IDLE);
    const firing = onlyFiringOf([a, b, c]);
    const sender = [a, b, c].find(({ firings }) => firings.length > 0) ?? assert.fail();
    const others = [a, b, c].filter((each) => each !== sender);
    await bench.kill(sender);
    await bench.settle();
    const again = onlyFiringOf(others);
    assert.deepEqual(
      [again.id, again.number, again.redelivered, listed(again).sort()],
      [firing.id, 1, 1, ['1.1', '1.2', '1.3']],
    );
    await others[0]?.studies.acknowledge(again.id, DONE);
    await bench.settle();
    assert.equal(bench.queues.parked.size, 0);
    assert.equal(firingsOf(others).length, 1);
  });

  it('that were not complete when their instance was killed are complete a full time later', async () => {
    const [a, b, c] = await bench.three();
    await bench.add(a, '1', '1.1');
    await bench.settle();
    await bench.add(b, '1', '1.2');
    const has = [a, b, c].find(({ studies }) => studies.summary().open > 0) ?? assert.fail();
    const others = [a, b, c].filter((each) => each !== has);
    bench.clock.pass(IDLE - 1_000);
    await bench.kill(has);
    await bench.settle();
    await bench.pass(2_000);
    assert.deepEqual(firingsOf(others), [], 'senders begin anew');
    await bench.pass(IDLE);
    assert.deepEqual(listed(onlyFiringOf(others)).sort(), ['1.1', '1.2']);
  });

  it('are told of what is late in a message of its own, whoever gets it', async () => {
    const [a, b, c] = await bench.three();
    await bench.add(a, '1', '1.1', '1.2');
    await bench.pass(IDLE);
    await a.studies.acknowledge(onlyFiringOf([a, b, c]).id, DONE);
    await bench.settle();
    for (const instance of [a, b, c])
      assert.equal(instance.studies['ours'].size, 0, 'nobody has what is done');
    await bench.add(c, '1', '1.2', '1.3');
    await bench.pass(IDLE);
    const [, late = assert.fail()] = firingsOf([a, b, c]).sort((one, other) => one.number - other.number);
    assert.deepEqual(
      [late.number, late.objects, late.listing.added, late.listing.resent, listed(late).sort()],
      [2, 3, 2, 1, ['1.2', '1.3']],
    );
  });

  it('do not fire where something has come elsewhere meanwhile', async () => {
    const [a, b, c] = await bench.three();
    await bench.add(a, '1', '1.1');
    await bench.settle();
    const has = [a, b, c].find(({ studies }) => studies.summary().open > 0) ?? assert.fail();
    const [other = assert.fail()] = [a, b, c].filter((each) => each !== has);
    const [ours = assert.fail()] = [...has.studies['ours'].values()];
    bench.clock.pass(IDLE);
    await bench.add(other, '1', '1.2');
    // It knows nothing of that yet.
    ours.due = { trigger: { reason: 'idle', quiet: true }, period: 1, objects: 1 };
    await has.studies['fireDue'](ours);
    await bench.settle();
    assert.deepEqual(firingsOf([a, b, c]), []);
    await bench.pass(IDLE);
    assert.deepEqual(listed(onlyFiringOf([a, b, c])).sort(), ['1.1', '1.2']);
  });

  it('are fired, extended, expected and forgotten from any instance', async () => {
    const [a, b, c] = await bench.three();
    assert.equal(await b.studies.fireNow('1'), false);
    assert.equal(await b.studies.extend('1', 1_000), false);
    await b.studies.expect('1', 2, undefined);
    await bench.add(a, '1', '1.1');
    await bench.settle();
    assert.deepEqual(firingsOf([a, b, c]), []);
    await bench.add(c, '1', '1.2');
    await bench.settle();
    assert.equal(onlyFiringOf([a, b, c]).reason, 'expected');
    await bench.add(a, '1', '1.3');
    assert.equal(await c.studies.extend('1', 2 * IDLE), true);
    await bench.pass(IDLE);
    assert.equal(firingsOf([a, b, c]).length, 1);
    assert.equal(await b.studies.fireNow('1'), true);
    await bench.settle();
    const fired = firingsOf([a, b, c]).find(({ number }) => number === 2) ?? assert.fail();
    assert.deepEqual([fired.reason, listed(fired)], ['control', ['1.3']]);

    await bench.add(a, '1', '1.4');
    assert.equal(await c.studies.forget('1', FAILED), true);
    assert.equal(await c.studies.forget('1', FAILED), false);
    await bench.settle();
    assert.deepEqual(
      [...bench.queues.letGoWith.values()].filter((status) => status !== 0),
      [FAILED.status],
    );
    await bench.add(a, '1', '1.4');
    await bench.pass(IDLE);
    const anew = firingsOf([a, b, c]).filter((each) => listed(each).includes('1.4'));
    assert.deepEqual(
      anew.map(({ number, objects }) => [number, objects]),
      [[1, 1]],
      'it begins anew',
    );
    for (const { id } of firingsOf([a, b, c])) await b.studies.acknowledge(id, DONE);
    await bench.settle();
    assert.equal(bench.queues.parked.size, 0);
  });

  it('are found by their study, shown on all instances, and sent again on demand', async () => {
    const [a, b, c] = await bench.three({ groupBy: 'PatientID' });
    for (const instance of [a, b])
      await instance.studies.add(bench.object('1.2.3', `1.${numberOf(instance)}`, { key: 'Ä\u0000' }));
    assert.deepEqual(await c.studies.keysOf('1.2.3'), ['Ä\u0000']);
    assert.deepEqual(await c.studies.keysOf('1.2.4'), []);
    await bench.settle();
    for (const { studies } of [a, b, c]) {
      const { studies: open, total } = await studies.openStudies(10);
      assert.deepEqual(
        [total, open[0]?.key, open[0]?.pending, open[0]?.unacknowledged],
        [1, 'Ä\u0000', 2, 0],
      );
    }
    await bench.pass(IDLE);
    const { id } = onlyFiringOf([a, b, c]);
    assert.equal(await c.studies.repeat('Ä\u0000'), true);
    await bench.settle();
    assert.deepEqual(
      firingsOf([a, b, c]).map((each) => [each.id, each.redelivered]),
      [
        [id, 0],
        [id, 1],
      ],
    );
    assert.equal(await b.studies.giveBack(id), true);
    await bench.settle();
    assert.equal(firingsOf([a, b, c]).length, 2, 'not at once');
    await bench.pass(11_000);
    assert.equal(firingsOf([a, b, c]).length, 3);
    await b.studies.acknowledge(id, DONE);
    assert.equal(await b.studies.giveBack(id), false);
  });

  it('wait for associations that are open at another instance', async () => {
    const [a, b] = await bench.open(2, { idleMs: 0, associationEndMs: 5_000 });
    if (a === undefined || b === undefined) return assert.fail();
    const say = (associations: string, ago: string): void => {
      bench.postgres.run(
        `INSERT INTO dicom.presence VALUES (${numberOf(b)}, 'main', clock_timestamp() - interval '${ago}', '${associations}')
         ON CONFLICT (session) DO UPDATE SET at = excluded.at, associations = excluded.associations`,
      );
    };
    say('{x,y}', '0 s');
    await a.studies.add(bench.object('1', '1.1', { associationId: 'x' }));
    await bench.pass(5_000);
    assert.deepEqual(firingsOf([a, b]), [], 'it is open');
    say('{y}', '1 hour');
    await bench.pass(1_000);
    assert.deepEqual(firingsOf([a, b]), [], 'who has not said anything since may have it');
    say('{y}', '0 s');
    await bench.pass(1_000);
    assert.equal(onlyFiringOf([a, b]).reason, 'association-end');
  });

  it('take what is delivered again as what it is, and leave out what its queue has not any more', async () => {
    const [a, b, c] = await bench.three();
    const first = bench.object('1', '1.1');
    const gone = bench.object('1', '1.2');
    bench.queues.gone.add(gone.queueId ?? '');
    await a.studies.add(first);
    await assert.rejects(b.studies.add(gone), { name: 'ObjectLost' });
    await b.studies.add({ ...first, isRedelivered: true });
    await bench.pass(IDLE);
    const firing = onlyFiringOf([a, b, c]);
    assert.deepEqual([listed(firing), firing.objects >= 1], [['1.1'], true]);
    bench.queues.parked.clear();
    await c.studies.add({ ...first, isRedelivered: true });
    assert.equal(bench.queues.parked.size, 1, 'its firing has it');
    await bench.pass(IDLE);
    assert.equal(firingsOf([a, b, c]).length, 1);
    // What could not be taken on is there after all.
    bench.queues.gone.clear();
    await b.studies.add({ ...gone, isRedelivered: true });
    await bench.pass(IDLE);
    const [, next = assert.fail()] = firingsOf([a, b, c]).sort((one, other) => one.number - other.number);
    assert.deepEqual([next.number, listed(next)], [2, ['1.2']]);
    for (const { id } of [firing, next]) await b.studies.acknowledge(id, DONE);
    await bench.settle();
    assert.equal(bench.queues.parked.size, 0);
  });

  it('leave little behind, for a week', async () => {
    const [a] = await bench.open(1);
    if (a === undefined) return assert.fail();
    await bench.add(a, '1', ...Array.from({ length: 30 }, (_, at) => `1.${at}`));
    await bench.pass(IDLE);
    await a.studies.acknowledge(onlyFiringOf([a]).id, DONE);
    await bench.settle();
    const count = (table: string): number =>
      Number(
        bench.postgres.run(
          `SELECT count(*) FROM dicom.${table} r JOIN dicom.study_group g ON g.id = r.grp
           WHERE g.node = '${a.studies['options'].nodeId}'`,
        ),
      );
    assert.deepEqual([count('study_record'), count('study_firing')], [3, 0]);
    bench.postgres.run(`UPDATE dicom.study_group SET used = used - interval '8 days'`);
    a.studies['sweepAt'] = 0;
    await bench.settle();
    assert.equal(count('study_record'), 0);
  });
});
