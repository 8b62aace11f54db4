import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { ChangesTooLarge, DiskStudyStore, ObjectLost } from '../../src/study';
import { Bench, listed } from './support';

describe('Studies', () => {
  let bench: Bench;
  beforeEach(() => (bench = new Bench()));
  afterEach(() => bench.end());

  const only = (): (typeof bench.firings)[number] => {
    assert.equal(bench.firings.length, 1);
    return bench.firings[0] ?? assert.fail();
  };
  const success = { status: 0 };

  it('fires once when nothing came for the time, each study by itself', async () => {
    await bench.open();
    await bench.add('1', ['a', 'b']);
    await bench.add('2', ['c']);
    await bench.pass(30_000);
    await bench.add('1', ['d']);
    await bench.pass(30_000);
    assert.deepEqual(bench.firings.map(listed), [['c']]);
    await bench.pass(29_000);
    assert.equal(bench.firings.length, 1);
    await bench.pass(1_000);
    assert.deepEqual(bench.firings.map(listed), [['c'], ['a', 'b', 'd']]);
    const { reason, number, objects, listing } = bench.firings[1] ?? assert.fail();
    assert.deepEqual(
      [reason, number, objects, listing.added, listing.bytes, listing.callingAETs],
      ['idle', 1, 3, 3, 300, ['CT1']],
    );
    await bench.pass(600_000);
    assert.equal(bench.firings.length, 2);
  });

  it('counts from the receipt of an object, and not while something of the study waits', async () => {
    await bench.open();
    bench.clock.pass(100_000);
    const receivedAt = bench.clock.iso;
    bench.clock.pass(70_000);
    bench.queues.waiting.add('1');
    await bench.add('1', ['a'], { receivedAt });
    await bench.pass(2_000);
    assert.equal(bench.firings.length, 0);
    // A time that has passed would be shown as that of the next message.
    assert.deepEqual(bench.studies.summary(), { open: 1, heldUp: 1, next: Infinity, unacknowledged: 0 });
    const [shown] = bench.studies.openStudies(1).studies;
    assert.deepEqual([shown?.isHeldUp, shown?.next], [true, undefined]);
    bench.queues.waiting.clear();
    await bench.pass(2_000);
    assert.deepEqual(listed(only()), ['a']);
  });

  it('is not misled by a clock that is set', async () => {
    await bench.open();
    bench.clock.pass(100_000);
    const receivedAt = bench.clock.iso;
    bench.clock.set(86_400_000);
    await bench.add('1', ['a'], { receivedAt });
    await bench.pass(59_000);
    assert.equal(bench.firings.length, 0);
    bench.clock.set(-200_000_000);
    await bench.pass(500);
    assert.equal(bench.firings.length, 0);
    await bench.pass(1_000);
    assert.deepEqual(listed(only()), ['a']);
  });

  it('fires when associations have ended and a short time has passed', async () => {
    await bench.open({ associationEndMs: 5_000 });
    bench.queues.open.add('x');
    await bench.add('1', ['a'], { associationId: 'x' });
    await bench.pass(10_000);
    assert.equal(bench.firings.length, 0);
    bench.queues.open.clear();
    await bench.pass(1_000);
    assert.equal(only().reason, 'association-end');
    // What came through no association is not told of its end.
    await bench.add('2', ['b']);
    await bench.pass(10_000);
    assert.equal(bench.firings.length, 1);
  });

  it('fires when the expected number has come, and then not for each late object', async () => {
    await bench.open();
    await bench.studies.expect('1', 2, undefined);
    await bench.restart();
    await bench.add('1', ['a']);
    await bench.pass(250);
    assert.equal(bench.firings.length, 0);
    await bench.add('1', ['a', 'b']);
    await bench.pass(250);
    assert.deepEqual([only().reason, listed(only())], ['expected', ['a', 'b']]);
    await bench.add('1', ['c']);
    await bench.pass(250);
    assert.equal(bench.firings.length, 1);
    await bench.pass(60_000);
    assert.deepEqual(listed(bench.firings[1] ?? assert.fail()), ['c']);
  });

  it('fires when all named instances have come', async () => {
    await bench.open();
    await bench.add('1', ['a', 'x']);
    await bench.studies.expect('1', 0, ['a', 'b']);
    await bench.pass(250);
    assert.equal(bench.firings.length, 0);
    await bench.add('1', ['b']);
    await bench.pass(250);
    assert.equal(only().reason, 'expected');
  });

  it('waits for all named instances, however many of the study came before', async () => {
    await bench.open();
    await bench.add('1', ['a', 'b', 'c']);
    await bench.pass(60_000);
    await bench.studies.expect('1', 2, ['x', 'y']);
    await bench.add('1', ['x']);
    await bench.pass(1_000);
    assert.equal(bench.firings.length, 1);
    await bench.add('1', ['y']);
    await bench.pass(1_000);
    const { reason, listing } = bench.firings[1] ?? assert.fail();
    assert.deepEqual([reason, listing.added], ['expected', 2]);
  });

  it('looks for each named instance until it has come, and not again', async () => {
    await bench.open();
    await bench.add('1', ['a']);
    await bench.studies.expect('1', 0, [...Array<string>(5_000).fill('a'), 'b']);
    const [group] = bench.studies['groups'].all();
    const has = mock.method(group?.uids ?? assert.fail(), 'has');
    for (let turn = 0; turn < 20; turn += 1) await bench.pass(250);
    assert.ok(has.mock.callCount() < 5_200, String(has.mock.callCount()));
    await bench.add('1', ['b']);
    await bench.pass(250);
    assert.equal(only().reason, 'expected');
  });

  it('fires when the number that objects state has come, where that is wanted', async () => {
    await bench.open({ countsOfObjects: true });
    await bench.add('1', ['a', 'b'], { counted: 3 });
    await bench.pass(250);
    await bench.add('1', ['c'], { counted: 3 });
    await bench.pass(250);
    assert.deepEqual([only().reason, only().listing.added], ['expected', 3]);
  });

  it('fires when what is required is there, and at the latest after the ceiling', async () => {
    await bench.open({ required: ['CT', 'DOSE REPORT'], ceilingMs: 600_000, idleMs: 0 });
    await bench.add('1', ['a']);
    await bench.pass(30_000);
    await bench.add('1', ['b'], {
      seriesInstanceUID: '1.2',
      series: { Modality: 'SR', SeriesDescription: 'Dose Report' },
    });
    await bench.pass(5_000);
    assert.deepEqual([only().reason, only().listing.payload.series.length], ['required', 2]);
    await bench.add('2', ['c']);
    for (let minute = 0; minute < 9; minute += 1) await bench.pass(60_000);
    await bench.add('2', ['d']);
    await bench.pass(60_000);
    const { reason } = bench.firings[1] ?? assert.fail();
    assert.deepEqual([reason, listed(bench.firings[1] ?? assert.fail())], ['ceiling', ['c', 'd']]);
  });

  it('tells of what is late in a firing of its own, and of all objects that there are', async () => {
    await bench.open();
    await bench.add('1', ['a', 'b']);
    await bench.pass(60_000);
    await bench.studies.acknowledge(only().id, success);
    await bench.settle();
    await bench.restart();
    await bench.add('1', ['b', 'c']);
    await bench.pass(60_000);
    const { number, objects, listing } = only();
    assert.deepEqual([number, objects, listing.added, listing.resent], [2, 3, 2, 1]);
    assert.deepEqual(listed(only()), ['b', 'c']);
  });

  it('counts in a firing what had come when it was cut, not what came until it was sent', async () => {
    await bench.open();
    await bench.add('1', ['a', 'b']);
    bench.studies.fireNow('1');
    await bench.add('1', ['c']);
    await bench.settle();
    assert.deepEqual([only().objects, only().listing.added], [2, 2]);
    await bench.restart();
    assert.deepEqual([only().objects, only().redelivered], [2, 1]);
    await bench.pass(60_000);
    assert.equal(bench.firings[1]?.objects, 3);
  });

  it('shows the modalities of what is open, and no series descriptions among them', async () => {
    await bench.open();
    await bench.add('1', ['a'], { series: { Modality: 'CT', SeriesDescription: 'Axial' } });
    await bench.restart();
    assert.deepEqual(bench.studies.openStudies(9).studies[0]?.modalities, ['CT']);
  });

  it('lists of an object that came twice the last one, and lets both go', async () => {
    await bench.open();
    const [one, other] = [bench.object('1', 'a'), bench.object('1', 'a', { size: 200 })];
    await bench.studies.add(one);
    await bench.studies.add(other);
    await bench.pass(60_000);
    const [series] = only().listing.payload.series;
    assert.deepEqual(
      series?.instances.map(({ queueId, size }) => [queueId, size]),
      [[other.queueId, 200]],
    );
    assert.equal(bench.queues.parked.size, 2);
    assert.equal(await bench.studies.acknowledge(only().id, success), 'answered');
    await bench.settle();
    assert.deepEqual([bench.queues.parked.size, bench.queues.letGoWith.size], [0, 2]);
    assert.equal(await bench.studies.acknowledge(only().id, success), 'alreadyAnswered');
    assert.equal(await bench.studies.acknowledge('nothing', success), 'unknown');
  });

  it('sends what was not acknowledged again after a restart, and lets go what was', async () => {
    await bench.open();
    await bench.add('1', ['a']);
    await bench.add('2', ['b']);
    await bench.pass(60_000);
    assert.equal(bench.firings.length, 2);
    const first = bench.firings.find((each) => listed(each).includes('a'));
    bench.queues.isHeard = false;
    await bench.studies.acknowledge(first?.id ?? '', { status: 0xa700 });
    await bench.settle();
    bench.queues.isHeard = true;
    await bench.restart();
    assert.deepEqual([listed(only()), only().redelivered], [['b'], 1]);
    assert.deepEqual([...bench.queues.letGoWith.values()], [0xa700]);
  });

  it('goes on with what is pending after a restart, with time that does not count while it does not run', async () => {
    await bench.open({ ceilingMs: 100_000 });
    await bench.add('1', ['a']);
    await bench.pass(50_000);
    await bench.add('1', ['b']);
    bench.clock.pass(10_000_000);
    await bench.restart({ ceilingMs: 100_000 });
    await bench.pass(49_000);
    assert.equal(bench.firings.length, 0);
    await bench.pass(1_000);
    assert.deepEqual([only().reason, listed(only())], ['ceiling', ['a', 'b']]);
  });

  it('leaves out what its queue has not any more', async () => {
    await bench.open();
    const gone = bench.object('1', 'a');
    bench.queues.gone.add(gone.queueId ?? '');
    await assert.rejects(bench.studies.add(gone), ObjectLost);
    await bench.add('1', ['b', 'c']);
    const [name = ''] = bench.queues.parked.keys();
    bench.queues.gone.add(name);
    await bench.restart();
    await bench.pass(60_000);
    assert.deepEqual(listed(only()), ['c']);
    assert.equal(bench.lost, 2);
  });

  it('takes what is delivered again as what it is', async () => {
    await bench.open();
    const object = bench.object('1', 'a');
    await bench.studies.add(object);
    await bench.studies.add({ ...object, isRedelivered: true });
    await bench.pass(60_000);
    assert.equal(only().listing.added, 1);
    await bench.studies.add({ ...object, isRedelivered: true });
    await bench.pass(60_000);
    assert.equal(bench.firings.length, 1);
  });

  it('takes what could not be taken on, and is delivered again after its firing, for the next one', async () => {
    await bench.open();
    const object = bench.object('1', 'a');
    bench.queues.gone.add(object.queueId ?? '');
    await assert.rejects(bench.studies.add(object), ObjectLost);
    await bench.add('1', ['b']);
    await bench.pass(60_000);
    assert.deepEqual(listed(only()), ['b']);
    bench.queues.gone.clear();
    await bench.studies.add({ ...object, isRedelivered: true });
    await bench.pass(60_000);
    assert.deepEqual(bench.firings.map(listed), [['b'], ['a']]);
  });

  it('keeps equal changes once, and no more than 8 MB of them', async () => {
    await bench.open();
    const changes = (of: string, value: string) => ({
      version: 1 as const,
      of: { sopInstanceUID: of, size: 1 },
      operations: [{ op: 'set' as const, path: 'PatientID', value }],
    });
    const long = 'x'.repeat(3_000_000);
    for (const uid of ['a', 'b', 'c', 'd'])
      await bench.studies.add(bench.object('1', uid, { changes: changes(`old-${uid}`, long) }));
    await bench.studies.add(bench.object('1', 'e', { changes: changes('old-e', `${long}e`) }));
    await assert.rejects(
      bench.studies.add(bench.object('1', 'f', { changes: changes('old-f', `${long}f`) })),
      ChangesTooLarge,
    );
    await bench.restart();
    await bench.pass(60_000);
    await bench.settle();
    const instances = only().listing.payload.series.flatMap(({ instances: each }) => each);
    assert.deepEqual(
      instances.map(({ SOPInstanceUID: uid, changes: made }) => [uid, made?.of.sopInstanceUID]),
      ['a', 'b', 'c', 'd', 'e'].map((uid) => [uid, `old-${uid}`]),
    );
    assert.equal(instances[0]?.changes?.operations, instances[3]?.changes?.operations);
    const [file = ''] = readdirSync(bench.directory);
    assert.ok(readFileSync(join(bench.directory, file)).length < 7_000_000);
  });

  it('is fired, extended and forgotten on demand', async () => {
    await bench.open();
    assert.equal(bench.studies.fireNow('1'), false);
    await bench.add('1', ['a']);
    assert.equal(bench.studies.fireNow('1'), true);
    await bench.settle();
    assert.equal(only().reason, 'control');
    await bench.add('2', ['b']);
    assert.equal(await bench.studies.extend('2', 90_000), true);
    await bench.pass(60_000);
    assert.equal(bench.firings.length, 1);
    await bench.pass(30_000);
    assert.equal(bench.firings.length, 2);
    const forgotten = bench.object('3', 'c');
    await bench.studies.add(forgotten);
    assert.equal(await bench.studies.forget('3', { status: 0x0110 }), true);
    // Its queue may not have heard of it yet: nobody has to do anything any more.
    assert.ok(!bench.studies.openStudies(9).studies.some(({ key }) => key === '3'));
    await bench.pass(600_000);
    assert.equal(bench.firings.length, 2);
    assert.equal(bench.queues.letGoWith.get(forgotten.queueId ?? ''), 0x0110);
    assert.equal(await bench.studies.forget('3', { status: 0x0110 }), false);
    await bench.add('3', ['d']);
    await bench.pass(60_000);
    assert.equal(bench.firings[2]?.number, 1);
  });

  it('acknowledges by itself where that is wanted', async () => {
    await bench.open({ acknowledgesItself: true });
    await bench.add('1', ['a']);
    await bench.pass(60_000);
    await bench.settle();
    assert.deepEqual([bench.firings.length, bench.queues.parked.size], [1, 0]);
    await bench.restart();
    assert.equal(bench.firings.length, 0);
  });

  it('forgets nothing, and makes nothing up, where its log is cut off at any byte', async () => {
    await bench.open();
    await bench.add('1', ['a', 'b']);
    await bench.pass(60_000);
    await bench.add('1', ['c']);
    await bench.studies.close();
    const [file = ''] = readdirSync(bench.directory);
    const bytes = readFileSync(join(bench.directory, file));
    const copy = mkdtempSync(join(tmpdir(), 'dicom-study-cut-'));
    const seen = new Set<string>();
    for (let length = 0; length < bytes.length; length += 3) {
      writeFileSync(join(copy, file), bytes.subarray(0, length));
      const store = new DiskStudyStore(copy, () => assert.fail('it is not damaged'));
      const uids: string[] = [];
      for (const group of await store.open())
        for await (const records of store.read(group, 0))
          for (const { record } of records)
            if ('i' in record) uids.push(record.i);
            else if ('fired' in record) uids.push('fired');
      seen.add(uids.join());
      await store.close();
    }
    rmSync(copy, { recursive: true });
    assert.deepEqual([...seen], ['', 'a', 'a,b', 'a,b,fired']);
  });

  it('goes on behind what was cut off, and passes over what a disk has spoilt', async () => {
    await bench.open();
    await bench.add('1', ['a', 'b']);
    await bench.studies.close();
    const [file = ''] = readdirSync(bench.directory);
    const path = join(bench.directory, file);
    const lines = readFileSync(path, 'utf8').split('\n');
    // The line of the first object.
    const spoilt = lines.map((line) => (line.startsWith('{"i":"a"') ? `#${line.slice(1)}` : line));
    writeFileSync(path, `${spoilt.join('\n')}{"i":"half`);
    await bench.open();
    await bench.add('1', ['c']);
    await bench.pass(60_000);
    assert.deepEqual(listed(only()), ['b', 'c']);
    assert.ok(bench.damaged > 0);
  });

  it('passes over records that are none, whatever they have in the place of what they should have', async () => {
    await bench.open();
    await bench.add('1', ['a', 'b']);
    await bench.studies.close();
    const [file = ''] = readdirSync(bench.directory);
    const spoilt = [
      ...['[]', '5', 'null', '{}', '{"__proto__":{"i":"x"}}', '{"i":5,"s":"1","t":0}', '{"i":"x","t":0}'],
      ...['{"i":"x","s":"1","t":"0"}', '{"i":"x","s":"1","t":0,"q":7}', '{"i":"x","s":"1","t":0,"of":null}'],
      ...['{"series":"x"}', '{"series":"x","fields":null}', '{"study":null}', '{"operations":5,"number":0}'],
      ...['{"expect":"x"}', '{"expect":1,"instances":5}', '{"expect":1,"instances":[5]}', '{"extend":"x"}'],
      ...['{"fired":"x","reason":"idle","at":"x"}', '{"fired":1e99,"reason":"idle","at":"x"}', '{"uids":5}'],
      ...['{"known":"x","since":"x"}', '{"present":null}', '{"acknowledged":1}', '{"lost":5,"of":1}'],
      ...['{"forget":true}', '{"fire":1}', '{"released":"x"}', '{"acknowledged":1,"status":{}}'],
    ];
    appendFileSync(join(bench.directory, file), `${spoilt.join('\n')}\n`);
    await bench.open();
    assert.equal(bench.damaged, 1);
    await bench.add('1', ['c']);
    await bench.pass(60_000);
    assert.deepEqual([only().number, listed(only()), bench.errors], [1, ['a', 'b', 'c'], []]);
  });

  it('keeps a log aside of which the head is spoilt, and goes on with the others', async () => {
    await bench.open();
    await bench.add('1', ['a']);
    await bench.add('2', ['b']);
    await bench.studies.close();
    for (const file of readdirSync(bench.directory)) {
      const path = join(bench.directory, file);
      const text = readFileSync(path, 'utf8');
      if (text.includes('"key":"1"')) writeFileSync(path, text.replace('"key":"1"', '"key":1'));
    }
    await bench.open();
    assert.deepEqual(
      readdirSync(bench.directory)
        .map((file) => file.slice(16))
        .sort(),
      ['.study', '.study.damaged'],
    );
    assert.deepEqual([bench.damaged, bench.kept.length], [2, 1]);
    await bench.add('1', ['c']);
    await bench.pass(60_000);
    assert.deepEqual(bench.firings.map(listed).sort(), [['b'], ['c']]);
  });

  it('does not end the process with a fault of its own', async () => {
    await bench.open();
    await bench.add('1', ['a']);
    bench.studies['look'] = () => assert.fail('a fault');
    for (let turn = 0; bench.errors.length === 0 && turn < 100; turn += 1)
      await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(bench.errors[0]?.message, 'a fault');
  });

  it('has nothing of an object that cannot be written', async () => {
    await bench.open();
    await bench.add('1', ['a']);
    renameSync(bench.directory, `${bench.directory}-away`);
    await assert.rejects(bench.add('1', ['x']), { code: 'ENOENT' });
    await assert.rejects(bench.add('2', ['b']), { code: 'ENOENT' });
    renameSync(`${bench.directory}-away`, bench.directory);
    await bench.pass(1_000);
    await bench.add('1', ['b']);
    await bench.add('2', ['c']);
    await bench.pass(60_000);
    assert.deepEqual(bench.firings.map(listed).sort(), [['a', 'b'], ['c']]);
  });
});
