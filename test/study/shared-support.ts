import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  SharedStudies,
  type Clock,
  type StudiesOptions,
  type StudyFiring,
  type StudyObject,
} from '../../src/study';
import { Postgres } from '../support/queues/postgres';
import { databaseOf } from '../support/queues/postgres-queue';
import { OPTIONS, TestClock, TestQueues } from './support';

/** One of several Node-REDs, with what its flow has got. */
export interface Instance {
  studies: SharedStudies;
  firings: StudyFiring[];
  errors: Error[];
}

const LEASE_SECONDS = 3;

/** What they fire, all of it. */
export const firingsOf = (instances: readonly Instance[]): StudyFiring[] =>
  instances.flatMap(({ firings }) => firings);

/** The one that they fire, without an error. */
export function onlyFiringOf(instances: readonly Instance[]): StudyFiring {
  const firings = firingsOf(instances);
  assert.deepEqual(
    instances.flatMap(({ errors }) => errors),
    [],
  );
  assert.equal(firings.length, 1);
  return firings[0] ?? assert.fail();
}

/** Instances that share a queue in PostgreSQL. */
export class SharedBench {
  readonly clock = new TestClock();
  readonly queues = new TestQueues();
  private readonly directory = mkdtempSync(join(tmpdir(), 'dicom-shared-study-'));
  private readonly instances = new Set<Instance>();
  private count = 0;
  private node = '';

  private constructor(readonly postgres: Postgres) {}

  static async start(): Promise<SharedBench> {
    return new SharedBench(await Postgres.start());
  }

  /** Instances of a node of their own. */
  async open(
    size: number,
    options: Partial<StudiesOptions> = {},
    clock: Clock = this.clock,
  ): Promise<Instance[]> {
    this.node = `study${(this.count += 1)}`;
    this.queues.parked.clear();
    this.queues.letGoWith.clear();
    const opened: Instance[] = [];
    for (let index = 0; index < size; index += 1) opened.push(await this.openOne(`${index}`, options, clock));
    return opened;
  }

  /** One more of the same node, or one that starts again. */
  async openOne(
    name: string,
    options: Partial<StudiesOptions> = {},
    clock: Clock = this.clock,
  ): Promise<Instance> {
    const [firings, errors]: [StudyFiring[], Error[]] = [[], []];
    const studies = new SharedStudies(
      { ...OPTIONS, ...options, nodeId: this.node },
      {
        database: databaseOf(this.postgres),
        schema: 'dicom',
        queue: 'main',
        directory: join(this.directory, name),
        leaseSeconds: LEASE_SECONDS,
      },
      this.queues,
      {
        fire: (firing) => firings.push(firing),
        changed: () => undefined,
        failed: (error) => errors.push(error),
        lost: () => undefined,
      },
      clock,
    );
    const instance = { studies, firings, errors };
    this.instances.add(instance);
    await studies.open();
    return instance;
  }

  async three(options: Parameters<SharedBench['open']>[1] = {}): Promise<[Instance, Instance, Instance]> {
    const [a = assert.fail(), b = assert.fail(), c = assert.fail()] = await this.open(3, options);
    return [a, b, c];
  }

  object(study: string, uid: string, facts: Partial<StudyObject> = {}): StudyObject {
    this.count += 1;
    const number = String(this.count).padStart(10, '0');
    return {
      key: study,
      studyInstanceUID: study,
      seriesInstanceUID: `${study}.1`,
      sopInstanceUID: uid,
      study: { PatientID: 'P', StudyInstanceUID: study },
      series: { SeriesInstanceUID: `${study}.1`, Modality: 'CT', SeriesNumber: 1 },
      size: 100,
      queueId: `in:1763900000000-${number}-100`,
      isReceived: true,
      callingAET: 'CT1',
      ...facts,
    };
  }

  async add({ studies }: Instance, study: string, ...uids: string[]): Promise<void> {
    for (const uid of uids) await studies.add(this.object(study, uid));
  }

  /** Time goes by, and all that live do what is due. */
  async pass(milliseconds: number): Promise<void> {
    // What has come has come before.
    await this.settle();
    this.clock.pass(milliseconds);
    await this.settle();
  }

  /** What is due is done, with what follows from it. */
  async settle(): Promise<void> {
    for (let step = 0; step < 3; step += 1)
      for (const { studies } of this.instances) {
        await studies.tick();
        await new Promise((resolve) => setImmediate(resolve));
        await studies['work'].settled();
      }
  }

  /** The process is killed: the database hears nothing of it, but that its session is over. */
  async kill(instance: Instance): Promise<void> {
    this.instances.delete(instance);
    const inside = instance.studies as unknown as {
      isClosed: boolean;
      timer: NodeJS.Timeout;
      work: { isClosed: boolean };
      state: { number: number; link: { session: { stop(): void }; database: { end(): Promise<void> } } };
    };
    inside.isClosed = true;
    inside.work.isClosed = true;
    clearTimeout(inside.timer);
    const { number, link } = inside.state;
    link.session.stop();
    await link.database.end();
    this.endSession(number);
  }

  /** As if it had not said for too long that it lives. */
  endSession(number: number): void {
    this.postgres.run(
      `UPDATE dicom.session SET until = clock_timestamp() - interval '1 second' WHERE number = ${number}`,
    );
  }

  /** What is not open any more is not asked any more. */
  async closeAll(): Promise<void> {
    for (const instance of this.instances) await instance.studies.close();
    this.instances.clear();
  }

  async end(): Promise<void> {
    await this.closeAll();
    await this.postgres.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
