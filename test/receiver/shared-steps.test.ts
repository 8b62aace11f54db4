import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { SharedQueue } from '../../src/receiver';
import { DimseClient, MPPS } from '../support/peers/find-client';
import { receiversForFile, type InProcessReceiver } from '../support/workers/in-process-receiver';
import { needs } from '../support/machine/needs';
import { Postgres } from '../support/queues/postgres';
import { databaseOf } from '../support/queues/postgres-queue';
import { until } from '../support/machine/until';

const IN_PROGRESS = {
  PerformedProcedureStepStatus: 'IN PROGRESS',
  Modality: 'CT',
  PatientName: 'Dö^John',
  ScheduledStepAttributesSequence: [{ StudyInstanceUID: '1.2.3' }],
  PerformedSeriesSequence: null,
};
const COMPLETED = {
  PerformedProcedureStepStatus: 'COMPLETED',
  PerformedSeriesSequence: [
    {
      SeriesInstanceUID: '1.2.3.1',
      ReferencedImageSequence: [
        { ReferencedSOPClassUID: '1.2.840.10008.5.1.4.1.1.2', ReferencedSOPInstanceUID: '1.2.3.1.1' },
      ],
    },
  ],
};

describe('procedure steps of several instances', { skip: needs('postgres') }, () => {
  const receivers = receiversForFile('shared-steps');
  let postgres: Postgres;
  let queues = 0;
  before(async () => {
    postgres = await Postgres.start();
  });
  // After the receivers, which the hook of `receiversForFile` stops first.
  after(() => postgres.stop());

  const cluster = (
    settings: Record<string, unknown> = {},
  ): ((options?: Parameters<typeof receivers.start>[2], folder?: string) => Promise<InProcessReceiver>) => {
    const queue = `q${(queues += 1)}`;
    const shared: SharedQueue = { database: databaseOf(postgres), schema: 'dicom', queue };
    return (options = {}, folder = receivers.folder()) =>
      receivers.start(folder, { answerMpps: 'at-once', ...settings }, { ...options, shared });
  };
  const open = (port: number): Promise<DimseClient> => DimseClient.open(port, MPPS);
  const stateOf = ({ steps }: InProcessReceiver, at: number): unknown[] => {
    const { state, redelivered } = (steps[at]?.message.dicom ?? {}) as Record<string, unknown>;
    return [state, redelivered];
  };
  const untold = (): number =>
    Number(postgres.run(`SELECT count(*) FROM dicom.step WHERE queue = 'q${queues}' AND teller IS NOT NULL`));

  it('are created at one and completed at another, which tells its flow all of it', async () => {
    const start = cluster();
    const [a, b] = [await start(), await start()];
    const [one, other] = [await open(a.port), await open(b.port)];
    one.create('1.2.9', IN_PROGRESS);
    assert.equal((await one.next()).status, 0);
    other.create('1.2.9', IN_PROGRESS);
    assert.equal((await other.next()).status, 0x0111);
    other.set('1.2.9', COMPLETED);
    assert.equal((await other.next()).status, 0);
    one.set('1.2.9', COMPLETED);
    const late = await one.next();
    assert.deepEqual([late.status, late.command.get(0x0903)], [0x0110, 0xa710]);
    one.set('1.2.8', COMPLETED);
    assert.equal((await one.next()).status, 0x0112);
    await until(() => a.steps.length === 1 && b.steps.length === 1, 'a message at each');
    assert.deepEqual(
      [stateOf(a, 0), stateOf(b, 0)],
      [
        ['in-progress', 0],
        ['completed', 0],
      ],
    );
    const { payload, study } = b.steps[0]?.message ?? assert.fail();
    assert.deepEqual((payload as Record<string, unknown>)['PatientName'], { Alphabetic: 'Dö^John' });
    assert.deepEqual(study, { StudyInstanceUID: '1.2.3', expected: 1, instances: ['1.2.3.1.1'] });
    await until(() => untold() === 0, 'the flows to have heard of it');
    one.close();
    other.close();
  });

  it('are created once, and completed once, where several instances are asked at the same time', async () => {
    const start = cluster();
    const instances = [await start(), await start(), await start()];
    const clients = await Promise.all(instances.flatMap(({ port }) => [open(port), open(port)]));
    for (const client of clients) client.create('1.2.9', IN_PROGRESS);
    const created = await Promise.all(clients.map((client) => client.next()));
    assert.deepEqual(created.map(({ status }) => status).sort(), [0, ...Array<number>(5).fill(0x0111)]);
    // Each changes something else, and nothing is lost.
    for (const [at, client] of clients.entries()) client.set('1.2.9', { [KEYWORDS[at] ?? '']: String(at) });
    for (const client of clients) assert.equal((await client.next()).status, 0);
    for (const client of clients) client.set('1.2.9', COMPLETED);
    const set = await Promise.all(clients.map((client) => client.next()));
    assert.deepEqual(set.map(({ status }) => status).sort(), [0, ...Array<number>(5).fill(0x0110)]);
    await until(() => instances.flatMap(({ steps }) => steps).length === 8, 'their messages');
    const completed = instances
      .flatMap(({ steps }) => steps)
      .filter(({ message }) => (message.dicom as { state: string }).state === 'completed');
    assert.equal(completed.length, 1);
    const { payload } = completed[0]?.message ?? assert.fail();
    for (const [at, keyword] of KEYWORDS.entries())
      assert.equal((payload as Record<string, unknown>)[keyword], String(at), keyword);
    for (const client of clients) client.close();
  });

  it('of which the flow has not heard are told to another flow when their instance has ended', async () => {
    const start = cluster();
    const [a, b] = [await start({ handOver: false }), await start()];
    const client = await open(a.port);
    client.create('1.2.9', IN_PROGRESS);
    assert.equal((await client.next()).status, 0);
    await until(() => a.steps.length === 1, 'the message');
    const { number } = a.receiver['shared']?.state ?? assert.fail();
    postgres.run(
      `UPDATE dicom.session SET until = clock_timestamp() - interval '1 hour' WHERE number = ${number}`,
    );
    await b.receiver['steps']?.resume();
    await until(() => b.steps.length === 1, 'the message elsewhere');
    assert.deepEqual(stateOf(b, 0), ['in-progress', 1]);
    await until(() => untold() === 0, 'it to be told');
    client.close();
  });

  it('are told again where they were when they were written and nobody knew; without a database they are refused', async () => {
    const start = cluster();
    const a = await start();
    const client = await open(a.port);
    const state = a.receiver['shared']?.state as unknown as {
      rows: (...args: unknown[]) => Promise<unknown>;
    };
    const { rows } = state;
    // The answer to the statement is lost.
    state.rows = async (...args) => {
      await rows.apply(state, args);
      if (String(args[0]).includes('INSERT')) throw new Error('lost');
      return rows.apply(state, args);
    };
    client.create('1.2.9', IN_PROGRESS);
    assert.equal((await client.next()).status, 0x0110);
    assert.deepEqual(
      a.faults.map(({ kind, values }) => [kind, values]),
      [['mppsNotShared', { reason: 'lost' }]],
    );
    state.rows = rows;
    assert.deepEqual(a.steps, []);
    await a.receiver['steps']?.resume();
    await until(() => a.steps.length === 1, 'the message');
    client.set('1.2.9', COMPLETED);
    assert.equal((await client.next()).status, 0);
    client.close();
  });

  it('are kept where the flow says so, at whatever instance they are changed', async () => {
    const start = cluster({ answerMpps: 'flow' });
    const [a, b] = [await start(), await start()];
    const [one, other] = [await open(a.port), await open(b.port)];
    const answered = async (
      { receiver, steps }: InProcessReceiver,
      at: number,
      status: number,
    ): Promise<void> => {
      await until(() => steps.length > at, 'the message');
      await receiver.answerStep(steps[at]?.id ?? '', { status });
    };
    one.create('1.2.9', IN_PROGRESS);
    await answered(a, 0, 0);
    assert.equal((await one.next()).status, 0);
    other.set('1.2.9', COMPLETED);
    await answered(b, 0, 0x0110);
    assert.equal((await other.next()).status, 0x0110);
    // Both flows say yes, and it can be completed once.
    one.set('1.2.9', COMPLETED);
    other.set('1.2.9', COMPLETED);
    await Promise.all([answered(a, 1, 0), answered(b, 1, 0)]);
    const statuses = [(await one.next()).status, (await other.next()).status];
    assert.deepEqual(statuses.sort(), [0, 0x0110]);
    assert.equal(untold(), 0);
    one.close();
    other.close();
  });

  it('are forgotten when their time is over', async () => {
    const start = cluster();
    const folder = receivers.folder();
    const a = await start({}, folder);
    const client = await open(a.port);
    for (const uid of ['1.1', '1.2', '1.3', '1.4']) {
      client.create(uid, IN_PROGRESS);
      await client.next();
    }
    for (const uid of ['1.3', '1.4']) {
      client.set(uid, COMPLETED);
      await client.next();
    }
    client.close();
    for (const [uid, days] of [
      ['1.1', 31],
      ['1.2', 29],
      ['1.3', 8],
      ['1.4', 6],
    ])
      postgres.run(
        `UPDATE dicom.step SET changed = clock_timestamp() - interval '${days} days' WHERE uid = '${uid}'`,
      );
    await receivers.stop(a);
    const again = await start({}, folder);
    const uids = (): string =>
      postgres.run(`SELECT uid FROM dicom.step WHERE queue = 'q${queues}' ORDER BY uid`);
    await until(() => !uids().includes('1.3'), 'the old ones to go');
    assert.deepEqual(uids().split(/\s+/), ['1.2', '1.4']);
    await receivers.stop(again);
  });
});

/** Of text, and of one value. */
const KEYWORDS = [
  'PerformedProcedureStepID',
  'PerformedStationName',
  'PerformedLocation',
  'PerformedProcedureStepDescription',
  'CommentsOnThePerformedProcedureStep',
  'StudyID',
];
