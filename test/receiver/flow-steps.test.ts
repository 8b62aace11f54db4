import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { isStepStatus } from '../../src/receiver/steps/flow-steps';
import { DimseClient, MPPS } from '../support/peers/find-client';
import { receiversForFile, type InProcessReceiver } from '../support/workers/in-process-receiver';
import { IMPLICIT } from '../support/connections/pdus';
import { until } from '../support/machine/until';

const receivers = receiversForFile('flow-steps');

function start(
  folder = receivers.folder(),
  settings: Record<string, unknown> = {},
  options: Parameters<typeof receivers.start>[2] = {},
): Promise<InProcessReceiver> {
  return receivers.start(folder, { answerMpps: 'at-once', ...settings }, options);
}

const open = (port: number): Promise<DimseClient> => DimseClient.open(port, MPPS);

const IN_PROGRESS = {
  PerformedProcedureStepStatus: 'IN PROGRESS',
  PerformedProcedureStepID: 'PPS1',
  PerformedProcedureStepStartDate: '20261126',
  PerformedProcedureStepEndDate: null,
  Modality: 'CT',
  PatientID: '12345',
  PatientName: 'Doe^John',
  ScheduledStepAttributesSequence: [{ StudyInstanceUID: '1.2.3', AccessionNumber: 'A1' }],
  PerformedSeriesSequence: null,
};
const image = (uid: string): object => ({
  ReferencedSOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
  ReferencedSOPInstanceUID: uid,
});
const SERIES = {
  PerformedSeriesSequence: [
    { SeriesInstanceUID: '1.2.3.1', ReferencedImageSequence: [image('1.2.3.1.1'), image('1.2.3.1.2')] },
    {
      SeriesInstanceUID: '1.2.3.2',
      SeriesDescription: 'Dose',
      ReferencedNonImageCompositeSOPInstanceSequence: [image('1.2.3.2.1')],
    },
  ],
};
const COMPLETED = {
  PerformedProcedureStepStatus: 'COMPLETED',
  PerformedProcedureStepEndDate: '20261126',
  ...SERIES,
};
/** Private elements of a group with a megabyte and a half of text together, in explicit VR little endian. */
function privateTexts(group: number): Buffer {
  const value = Buffer.alloc(1_000, 'x');
  const texts = Array.from({ length: 1_500 }, (_, at) => {
    const header = Buffer.from([group, 0, 0, 0, 0x55, 0x54, 0, 0, 0, 0, 0, 0]);
    header.writeUInt16LE(0x1000 + at, 2);
    header.writeUInt32LE(value.length, 8);
    return [header, value];
  });
  return Buffer.concat(texts.flat());
}
const DISCONTINUED = { PerformedProcedureStepStatus: 'DISCONTINUED' };

describe('a performed procedure step (PS3.4 F.7)', () => {
  it('is told of when it begins, changes and is completed, with its series and instances', async () => {
    const { port, steps } = await start();
    const client = await open(port);
    client.create('1.2.9', IN_PROGRESS);
    const created = await client.next();
    assert.deepEqual(
      [created.status, created.command.get(0x0100), created.command.get(0x1000), created.command.get(0x0002)],
      [0, 0x8140, '1.2.9', MPPS],
    );
    client.set('1.2.9', SERIES);
    assert.equal((await client.next()).status, 0);
    client.set('1.2.9', COMPLETED);
    const set = await client.next();
    assert.deepEqual([set.status, set.command.get(0x0100), set.command.get(0x1000)], [0, 0x8120, '1.2.9']);
    await until(() => steps.length === 3, 'three messages');
    const dicoms = steps.map(({ message }) => message.dicom as Record<string, unknown>);
    assert.deepEqual(
      dicoms.map(({ state }) => state),
      ['in-progress', 'in-progress', 'completed'],
    );
    const [first, , last] = steps.map(({ message }) => message);
    assert.deepEqual([first?.series, first?.study], [[], undefined]);
    const { payload, topic } = last ?? assert.fail();
    const attributes = payload as Record<string, unknown>;
    assert.equal(topic, '1.2.3');
    assert.deepEqual(attributes['PatientName'], { Alphabetic: 'Doe^John' });
    assert.equal(attributes['PerformedProcedureStepEndDate'], '20261126');
    assert.deepEqual(last?.study, {
      StudyInstanceUID: '1.2.3',
      expected: 3,
      instances: ['1.2.3.1.1', '1.2.3.1.2', '1.2.3.2.1'],
    });
    const SOPClassUID = '1.2.840.10008.5.1.4.1.1.2';
    assert.deepEqual(last?.series, [
      {
        SeriesInstanceUID: '1.2.3.1',
        Modality: 'CT',
        SeriesDescription: '',
        instances: [
          { SOPInstanceUID: '1.2.3.1.1', SOPClassUID },
          { SOPInstanceUID: '1.2.3.1.2', SOPClassUID },
        ],
      },
      {
        SeriesInstanceUID: '1.2.3.2',
        Modality: 'CT',
        SeriesDescription: 'Dose',
        instances: [{ SOPInstanceUID: '1.2.3.2.1', SOPClassUID }],
      },
    ]);
    const { mppsId, callingAET, sopInstanceUID, redelivered } = dicoms[2] ?? {};
    assert.deepEqual(
      { mppsId, callingAET, sopInstanceUID, redelivered },
      { mppsId: `test:${steps[2]?.id}`, callingAET: 'FINDER', sopInstanceUID: '1.2.9', redelivered: 0 },
    );
    client.close();
  });

  it('has the statuses of the Standard where it cannot be created or changed', async () => {
    const { port, steps } = await start();
    const client = await open(port);
    const without: Record<string, unknown> = { ...IN_PROGRESS };
    delete without['PerformedProcedureStepStatus'];
    const create = async (uid: string | undefined, attributes: unknown): Promise<unknown[]> => {
      client.create(uid, attributes);
      const { status, command } = await client.next();
      return [status, command.get(0x0903)];
    };
    const set = async (uid: string, changes: unknown): Promise<unknown[]> => {
      client.set(uid, changes);
      const { status, command } = await client.next();
      return [status, command.get(0x0903)];
    };
    const none = undefined;
    assert.deepEqual(await set('1.2.9', COMPLETED), [0x0112, none], 'of an unknown instance');
    assert.deepEqual(await create('1.2.9', without), [0x0120, none], 'without its state');
    assert.deepEqual(
      await create('1.2.9', { ...IN_PROGRESS, ...COMPLETED }),
      [0x0106, none],
      'in another state',
    );
    assert.deepEqual(await create('1.2..9', IN_PROGRESS), [0x0117, none], 'by no UID');
    assert.deepEqual(await create('1.2.9', Buffer.from('no data set')), [0x0110, none], 'of garbage');
    assert.deepEqual(await create('1.2.9', Buffer.alloc(2_097_154)), [0x0213, none], 'too long');
    assert.deepEqual(await create('1.2.9', IN_PROGRESS), [0, none]);
    assert.deepEqual(await create('1.2.9', IN_PROGRESS), [0x0111, none], 'twice');
    assert.deepEqual(await set('1.2.9', { PerformedProcedureStepStatus: 'DONE' }), [0x0106, none]);
    assert.deepEqual(await set('', COMPLETED), [0x0117, none], 'without an instance');
    assert.deepEqual(await set('1.2.9', DISCONTINUED), [0, none]);
    assert.deepEqual(await set('1.2.9', COMPLETED), [0x0110, 0xa710], 'after its end');
    assert.deepEqual(await create('1.2.9', IN_PROGRESS), [0x0111, none]);
    client.request({ 0x0002: '1.2.840.10008.1.1', 0x0100: 0x0140, 0x0110: 1 });
    assert.equal((await client.next()).status, 0x0118, 'of another class');
    client.request({ 0x0002: MPPS, 0x0100: 0x0140, 0x0110: 1, 0x1000: '1.2.10' });
    assert.equal((await client.next()).status, 0x0120, 'without attributes');
    for (const field of [0x0110, 0x0130, 0x0150]) {
      client.request({ 0x0003: MPPS, 0x0100: field, 0x0110: 1, 0x1001: '1.2.9' });
      assert.equal((await client.next()).status, 0x0211, 'N-GET, N-ACTION, N-DELETE');
    }
    assert.equal(steps.length, 2);
    client.close();
  });

  it('gets an instance UID where the modality gives it none', async () => {
    const { port, steps } = await start();
    const client = await DimseClient.open(port, MPPS, { syntax: IMPLICIT });
    client.create(undefined, IN_PROGRESS);
    const { status, command } = await client.next();
    const uid = String(command.get(0x1000));
    assert.equal(status, 0);
    assert.match(uid, /^2\.25\.\d{30,39}$/);
    client.set(uid, COMPLETED);
    assert.equal((await client.next()).status, 0);
    assert.equal(steps.length, 2);
    client.close();
  });

  it('outlives a restart; what the flow has not heard of comes again, as it was last', async () => {
    const folder = receivers.folder();
    const before = await start(folder, {}, { handOver: false });
    const client = await open(before.port);
    client.create('1.2.9', IN_PROGRESS);
    await client.next();
    client.create('1.2.10', IN_PROGRESS);
    await client.next();
    client.set('1.2.9', COMPLETED);
    await client.next();
    await until(() => before.steps.length === 3, 'the messages');
    // One is heard of: the last of 1.2.10.
    before.receiver.stepTold(before.steps[1]?.id ?? '');
    await until(() => !existsSync(join(folder, 'mpps', '1.2.10.untold')), 'its mark to go');
    client.close();
    await receivers.stop(before);
    assert.deepEqual(readdirSync(join(folder, 'mpps')).sort(), [
      '1.2.10.open.json',
      '1.2.9.over.json',
      '1.2.9.untold',
    ]);
    if (process.platform !== 'win32')
      assert.equal(statSync(join(folder, 'mpps', '1.2.9.over.json')).mode & 0o777, 0o600);

    const after = await start(folder);
    await until(() => after.steps.length === 1, 'the message');
    const [{ message } = assert.fail()] = after.steps;
    const { state, redelivered, callingAET } = message.dicom as Record<string, unknown>;
    assert.deepEqual([state, redelivered, callingAET], ['completed', 1, 'FINDER']);
    assert.deepEqual((message.study as { expected: number }).expected, 3);
    await until(() => !existsSync(join(folder, 'mpps', '1.2.9.untold')), 'its mark to go');
    const again = await open(after.port);
    again.set('1.2.9', COMPLETED);
    assert.equal((await again.next()).status, 0x0110);
    again.set('1.2.10', COMPLETED);
    assert.equal((await again.next()).status, 0);
    again.close();
  });

  it('is forgotten a week after its end, and a month after it was last in progress', async () => {
    const folder = receivers.folder();
    const before = await start(folder);
    const client = await open(before.port);
    for (const uid of ['1.1', '1.2', '1.3', '1.4']) {
      client.create(uid, IN_PROGRESS);
      await client.next();
    }
    for (const uid of ['1.3', '1.4']) {
      client.set(uid, COMPLETED);
      await client.next();
    }
    client.close();
    await receivers.stop(before);
    const age = (name: string, days: number): void => {
      const then = Date.now() / 1_000 - days * 86_400;
      utimesSync(join(folder, 'mpps', name), then, then);
    };
    age('1.1.open.json', 31);
    age('1.2.open.json', 29);
    age('1.3.over.json', 8);
    age('1.4.over.json', 6);
    writeFileSync(join(folder, 'mpps', 'note.txt'), 'not ours');
    const after = await start(folder);
    const names = (): string[] => readdirSync(join(folder, 'mpps')).sort();
    const isOld = (name: string): boolean => ['1.1.open.json', '1.3.over.json'].includes(name);
    await until(() => !names().some(isOld), 'the old ones to go');
    assert.deepEqual(names(), ['1.2.open.json', '1.4.over.json', 'note.txt']);
    await receivers.stop(after);
  });

  it('that cannot be kept is refused, and people are told; one of another version, too', async () => {
    const folder = receivers.folder();
    const { port, faults, steps } = await start(folder);
    const client = await open(port);
    mkdirSync(join(folder, 'mpps'), { recursive: true });
    writeFileSync(join(folder, 'mpps', '1.5.open.json'), '{"version":2}');
    client.set('1.5', COMPLETED);
    assert.equal((await client.next()).status, 0x0110);
    mkdirSync(join(folder, 'mpps', '1.6.part'));
    client.create('1.6', IN_PROGRESS);
    const { status, command } = await client.next();
    // Nothing of where it is kept.
    assert.deepEqual([status, command.get(0x0902)], [0x0110, 'the procedure step could not be kept']);
    assert.deepEqual(
      faults.map(({ kind }) => kind),
      ['mppsNotKept', 'mppsNotKept'],
    );
    assert.deepEqual(steps, []);
    client.close();
    chmodSync(join(folder, 'mpps', '1.6.part'), 0o700);
  });

  it('that is damaged keeps no other one back from the flow, and people hear nothing of what it says', async () => {
    const folder = receivers.folder();
    const first = await start(folder, {}, { handOver: false });
    const client = await open(first.port);
    for (const uid of ['1.1', '1.2', '1.3', '1.4', '1.5', '1.6']) {
      client.create(uid, IN_PROGRESS);
      assert.equal((await client.next()).status, 0);
    }
    client.close();
    await receivers.stop(first);
    const pathOf = (uid: string): string => join(folder, 'mpps', `${uid}.open.json`);
    const whole = readFileSync(pathOf('1.1'), 'utf8');
    writeFileSync(pathOf('1.1'), '');
    writeFileSync(pathOf('1.2'), whole.slice(0, 60));
    writeFileSync(pathOf('1.3'), 'Doe^John');
    writeFileSync(pathOf('1.4'), '{"version":1,"state":"in-progress"}');
    writeFileSync(pathOf('1.5'), 'null');
    const { steps, faults } = await start(folder);
    await until(() => steps.length > 0 && faults.length > 0, 'the step again');
    assert.deepEqual(
      steps.map(({ message }) => (message.dicom as { sopInstanceUID: string }).sopInstanceUID),
      ['1.6'],
    );
    assert.match(JSON.stringify(faults), /1\.\d\.open\.json is damaged/);
    assert.doesNotMatch(JSON.stringify(faults), /Doe/);
  });

  it('is changed by one at a time', async () => {
    const { port, steps } = await start();
    const clients = await Promise.all(Array.from({ length: 8 }, () => open(port)));
    for (const client of clients) client.create('1.2.9', IN_PROGRESS);
    const created = await Promise.all(clients.map((client) => client.next()));
    assert.deepEqual(created.map(({ status }) => status).sort(), [0, ...Array<number>(7).fill(0x0111)]);
    for (const client of clients) client.set('1.2.9', COMPLETED);
    const set = await Promise.all(clients.map((client) => client.next()));
    assert.deepEqual(set.map(({ status }) => status).sort(), [0, ...Array<number>(7).fill(0x0110)]);
    assert.equal(steps.length, 2);
    for (const client of clients) client.close();
  });

  it('is refused beyond 64 that the flow has not got yet', async () => {
    const { port, receiver, steps } = await start(undefined, {}, { handOver: false });
    const client = await open(port);
    const create = async (number: number): Promise<number> => {
      client.create(`1.2.${number}`, IN_PROGRESS);
      return (await client.next()).status;
    };
    for (let number = 1; number <= 64; number += 1) assert.equal(await create(number), 0);
    assert.equal(await create(65), 0x0213);
    receiver.stepTold(steps[0]?.id ?? '');
    assert.equal(await create(65), 0);
    client.close();
  });

  it('is refused while its disk has too little space left, of which people hear', async () => {
    const folder = receivers.folder();
    const { port, events, steps } = await start(folder, { minFreeDiskMB: 900_000_000 });
    const client = await open(port);
    client.create('1.2.9', IN_PROGRESS);
    const { status, command } = await client.next();
    assert.equal(status, 0x0213);
    assert.match(String(command.get(0x0902)), /^the disk of the queue has only \d+ MB left$/);
    client.set('1.2.9', COMPLETED);
    assert.equal((await client.next()).status, 0x0213);
    assert.deepEqual(events.filter(({ event }) => event === 'disk-low').length, 1, 'told once in a while');
    assert.deepEqual([steps.length, existsSync(join(folder, 'mpps'))], [0, false]);
    client.close();
  });

  it('does not grow without end, whatever N-SETs add to it, and can be completed then', async () => {
    const { port, faults } = await start(undefined, { maxPduLength: 1_048_576 });
    const client = await open(port);
    client.create('1.2.9', IN_PROGRESS);
    assert.equal((await client.next()).status, 0);
    const statuses: number[] = [];
    for (let group = 0x0011; group < 0x001b; group += 2) {
      client.set('1.2.9', privateTexts(group));
      statuses.push((await client.next()).status);
    }
    assert.deepEqual(statuses, [0, 0, 0x0213, 0x0213, 0x0213]);
    client.set('1.2.9', COMPLETED);
    assert.equal((await client.next()).status, 0);
    assert.deepEqual(faults, []);
    client.close();
  });

  it('is refused where nobody asks for it', async () => {
    const { port } = await start(undefined, { answerMpps: 'off' });
    const client = await open(port);
    client.create('1.2.9', IN_PROGRESS);
    assert.equal((await client.peer.next())?.type, 7, 'its context was not accepted');
    client.close();
  });
});

describe('a procedure step that the flow answers', () => {
  it('is kept with success and with a warning, and not with a failure', async () => {
    const { port, receiver, steps } = await start(undefined, { answerMpps: 'flow' });
    const client = await open(port);
    const create = async (status: number): Promise<number> => {
      const before = steps.length;
      client.create('1.2.9', IN_PROGRESS);
      await until(() => steps.length > before, 'the message');
      const outcome = await receiver.answerStep(steps[before]?.id ?? '', { status, comment: 'why' });
      assert.deepEqual(outcome, { outcome: 'answered' });
      return (await client.next()).status;
    };
    assert.equal(await create(0x0213), 0x0213);
    assert.equal(await create(0x0107), 0x0107);
    client.set('1.2.9', COMPLETED);
    await until(() => steps.length > 2, 'the message');
    await receiver.answerStep(steps[2]?.id ?? '', { status: 0x0110 });
    assert.equal((await client.next()).status, 0x0110);
    client.set('1.2.9', COMPLETED);
    await until(() => steps.length > 3, 'the message');
    assert.equal(
      await receiver.answerStep(steps[3]?.id ?? '', { status: 0 }).then(({ outcome }) => outcome),
      'answered',
    );
    assert.equal((await client.next()).status, 0, 'it was not changed before');
    assert.equal((await receiver.answerStep(steps[3]?.id ?? '', { status: 0 })).outcome, 'alreadyAnswered');
    client.close();
  });

  it('has every status that the Standard lists, and no other one (PS3.7 10.1.3.1.8, 10.1.5.1.8)', async () => {
    const listed = [
      0x0000, 0x0001, 0x0105, 0x0106, 0x0107, 0x0110, 0x0111, 0x0112, 0x0116, 0x0117, 0x0118, 0x0119, 0x0120,
      0x0121, 0x0122, 0x0124, 0x0210, 0x0211, 0x0212, 0x0213,
    ];
    const { port, receiver, steps } = await start(undefined, { answerMpps: 'flow' });
    const client = await open(port);
    for (const [at, status] of [...listed, 0xa700, 0xb000, 0xc000, 0xfe00, 0xff00, 0x0300].entries()) {
      client.create(`1.2.${at}`, IN_PROGRESS);
      await until(() => steps.length > at, 'the message');
      const { outcome } = await receiver.answerStep(steps[at]?.id ?? '', { status });
      const isListed = listed.includes(status);
      assert.equal(isStepStatus(status), isListed, status.toString(16));
      assert.equal(outcome, isListed ? 'answered' : 'wrongStatus');
      assert.equal((await client.next()).status, isListed ? status : 0x0110, status.toString(16));
    }
    client.close();
  });

  it('is answered 0110 where the flow does not, and is not kept', async () => {
    const { port, receiver, steps, faults } = await start(undefined, {
      answerMpps: 'flow',
      queryDeadlineSeconds: 1,
    });
    const client = await open(port);
    client.create('1.2.9', IN_PROGRESS);
    assert.equal((await client.next()).status, 0x0110);
    assert.deepEqual(
      faults.map(({ kind }) => kind),
      ['mppsTimedOut'],
    );
    assert.equal((await receiver.answerStep(steps[0]?.id ?? '', { status: 0 })).outcome, 'tooLate');
    client.set('1.2.9', COMPLETED);
    assert.equal((await client.next()).status, 0x0112);
    client.close();
  });

  it('needs no answer where they are answered at once', async () => {
    const { port, receiver, steps } = await start();
    const client = await open(port);
    client.create('1.2.9', IN_PROGRESS);
    await client.next();
    await until(() => steps.length > 0, 'the message');
    assert.equal((await receiver.answerStep(steps[0]?.id ?? '', { status: 0 })).outcome, 'notAwaited');
    client.close();
  });
});
