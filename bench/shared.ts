/**
 * A queue in PostgreSQL: `npm run bench -- --shared`. Needs Debian's postgresql.
 *
 *     --only load,waiting,growth  load (default): one, two and three Node-REDs that share the queue beside one with
 *                                 `queue: disk-synced`, by turns; waiting: what the database spends on an object while others wait;
 *                                 growth: what the tables take while objects come and go
 *     --rounds 3                  of load
 *     --instances 1,2,3           of load: this many Node-REDs share a queue
 *     --scale 0.1                 a part of the objects, to see that it works
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { soManyAtATime } from '../src/basics';
import type { PostgresQueue } from '../src/queue';
import { freePort } from '../test/support/machine/free-port';
import { startNodeRed, type NodeRed } from '../test/support/node-red/node-red';
import { Postgres } from '../test/support/queues/postgres';
import { openQueue } from '../test/support/queues/postgres-queue';
import { machine } from './report';
import { number, table } from './support/markdown';
import { median } from './support/median';
import { cpuMilliseconds } from './support/proc';
import { countingFlow, messageCount, pause } from './support/receivers';
import { sendLoad } from './support/store-load';
import { ct512K, sr5K, type Work } from './support/work';

async function main(args: readonly string[]): Promise<void> {
  const option = (name: string): string | undefined =>
    args.includes(name) ? args[args.indexOf(name) + 1] : undefined;
  const rounds = Number(option('--rounds') ?? 3);
  const scale = Number(option('--scale') ?? 1);
  const of = (count: number): number => Math.max(1, Math.round(count * scale));
  const parts: Readonly<Record<string, () => Promise<void>>> = {
    load: () => compareLoads((option('--instances') ?? '1,2,3').split(',').map(Number), rounds, of),
    waiting: () => measureWaiting(of),
    growth: () => measureGrowth(of),
  };
  console.log(`${machine(rounds)}\n`);
  for (const part of (option('--only') ?? 'load').split(',')) {
    if (parts[part] === undefined)
      throw new Error(`--only ${part}: there are ${Object.keys(parts).join(', ')}`);
    await parts[part]();
  }
}

type Scaled = (count: number) => number;

const load = (): string => `load ${number(loadavg()[0] ?? NaN, 1)}`;

// One, two and three instances

/** What takes part: Node-REDs with one queue. */
interface Kind {
  name: string;
  instances: number;
  /** Settings of dicom-queue; undefined: there is one machine with a queue of its own. */
  queue?: Record<string, unknown>;
}

interface Load {
  work: Work;
  count: number;
  /** Objects before the first round, for each Node-RED: what runs for weeks is not measured while it is compiled. */
  warmUp: number;
}

interface Contestant extends Kind {
  ports: number[];
  nodeReds: NodeRed[];
  postgres: Postgres | undefined;
  stop(): Promise<void>;
}

interface Figures {
  answered: number;
  /** Delivered to the flow, and counted there. */
  delivered: number;
  nodeRedCpu: number;
  /** NaN: there is none. */
  postgresCpu: number;
}

/** What a shared queue is to reach. */
interface Target {
  /** Objects delivered a second, as a part of those of `disk-synced`. */
  least: number;
  /** Milliseconds of the database's CPU for an object. */
  most: number;
}

const BASE = 'disk-synced';
const DIRECTORY = 'shared directory';
const ASSOCIATIONS = [1, 6];
/** Shared out evenly among one, two or three. */
const WARM_UP_ASSOCIATIONS = 6;

async function compareLoads(instances: readonly number[], rounds: number, of: Scaled): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-shared-'));
  const kinds: Kind[] = [
    { name: BASE, instances: 1 },
    ...instances.map((each) => ({ name: `shared, ${each}`, instances: each, queue: {} })),
    // Whatever its size, so that slices are there.
    { name: DIRECTORY, instances: 1, queue: { sharedDirectory: folder, sharedDirectoryFromMB: 0 } },
  ];
  const contestants: Contestant[] = [];
  try {
    for (const kind of kinds) {
      const contestant = await startKind(kind);
      if (contestant === undefined) console.log(`${kind.name} is left out: it does not start\n`);
      else contestants.push(contestant);
    }
    const small = ({ name }: Kind): Target => ({ least: name === DIRECTORY ? NaN : 0.5, most: NaN });
    const slice = ({ name }: Kind): Target =>
      name === DIRECTORY ? { least: 0.6, most: 0.5 } : { least: 0.4, most: 3.5 };
    await compareLoad(contestants, { work: sr5K(), count: of(2_000), warmUp: of(8_000) }, rounds, small);
    await compareLoad(contestants, { work: ct512K(), count: of(1_000), warmUp: of(3_000) }, rounds, slice);
  } finally {
    for (const contestant of contestants) await contestant.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compareLoad(
  contestants: readonly Contestant[],
  { work, count, warmUp }: Load,
  rounds: number,
  targetOf: (kind: Kind) => Target,
): Promise<void> {
  for (const contestant of contestants)
    await measure(contestant, work, warmUp * contestant.instances, WARM_UP_ASSOCIATIONS);
  for (const associations of ASSOCIATIONS) {
    const before = load();
    const measured = new Map(contestants.map(({ name }): [string, Figures[]] => [name, []]));
    for (let round = 0; round < rounds; round += 1)
      for (const contestant of contestants)
        measured.get(contestant.name)?.push(await measure(contestant, work, count, associations));
    const title = `### ${work.name}, ${associations} association${associations > 1 ? 's' : ''}, ${count} objects`;
    console.log(`${title} (${before}, then ${load()})\n`);
    console.log(`${loadTable(contestants, measured, targetOf)}\n`);
  }
}

/** Undefined: it does not start. */
async function startKind(kind: Kind): Promise<Contestant | undefined> {
  const postgres = kind.queue && (await Postgres.start());
  const nodeReds: NodeRed[] = [];
  const ports: number[] = [];
  const stop = async (): Promise<void> => {
    for (const nodeRed of nodeReds) await nodeRed.stop();
    await postgres?.stop();
  };
  try {
    for (let index = 0; index < kind.instances; index += 1) {
      const port = await freePort();
      ports.push(port);
      const queue = {
        id: 'queue',
        type: 'dicom-queue',
        host: '127.0.0.1',
        port: postgres?.port,
        database: 'postgres',
      };
      const flows =
        postgres === undefined
          ? countingFlow(port, { queue: BASE })
          : [{ ...queue, ...kind.queue }, ...countingFlow(port, { sharedQueue: 'queue' })];
      const nodeRed = await startNodeRed({ flows, env: { PGUSER: 'postgres' } });
      nodeReds.push(nodeRed);
      await nodeRed.waitForLine(/listening on/, { timeoutMs: 15_000 });
    }
  } catch (error) {
    await stop();
    if (kind.name !== DIRECTORY) throw error;
    return undefined;
  }
  return { ...kind, ports, nodeReds, postgres, stop };
}

const POLL_MS = 20;
/** What has been delivered is removed after that. */
const REMOVED_MS = 300;

async function measure(
  { ports, nodeReds, postgres }: Contestant,
  work: Work,
  count: number,
  associations: number,
): Promise<Figures> {
  spawnSync('sync');
  const delivered = async (): Promise<number> =>
    (await Promise.all(nodeReds.map(messageCount))).reduce((sum, each) => sum + each, 0);
  const cpuOfNodeReds = (): number => nodeReds.reduce((sum, { pid }) => sum + cpuMilliseconds(pid), 0);
  const cpuOfPostgres = (): number => (postgres === undefined ? NaN : cpuMilliseconds(postgres.pid));
  const until = (await delivered()) + count;
  const [ours, theirs] = [cpuOfNodeReds(), cpuOfPostgres()];
  const began = performance.now();
  const { seconds } = await sendLoad(ports, work, count, associations);
  while ((await delivered()) < until) await pause(POLL_MS);
  const whole = (performance.now() - began) / 1_000;
  await pause(REMOVED_MS);
  return {
    answered: count / seconds,
    delivered: count / whole,
    nodeRedCpu: (cpuOfNodeReds() - ours) / count,
    postgresCpu: (cpuOfPostgres() - theirs) / count,
  };
}

function loadTable(
  kinds: readonly Kind[],
  measured: ReadonlyMap<string, readonly Figures[]>,
  targetOf: (kind: Kind) => Target,
): string {
  const of = (name: string, field: keyof Figures): number =>
    median((measured.get(name) ?? []).map((figures) => figures[field]));
  /** Beside the other one in the same round. */
  const ratio = (name: string, field: keyof Figures): number =>
    median(
      (measured.get(name) ?? []).map(
        (figures, round) => figures[field] / (measured.get(BASE)?.[round]?.[field] ?? NaN),
      ),
    );
  const rows = kinds.map((kind) => {
    const { name } = kind;
    const { least, most } = kind.queue === undefined ? { least: NaN, most: NaN } : targetOf(kind);
    const [beside, cpu] = [ratio(name, 'delivered'), of(name, 'postgresCpu')];
    return [
      name,
      number(of(name, 'answered'), 0),
      number(ratio(name, 'answered'), 2),
      number(of(name, 'delivered'), 0),
      number(beside, 2),
      reached(least, beside >= least, '≥'),
      number(of(name, 'nodeRedCpu'), 2),
      number(cpu, 2),
      reached(most, cpu <= most, '≤'),
    ];
  });
  return table(
    [
      ...['queue, Node-REDs', 'answered/s', `× ${BASE}`, 'delivered/s', `× ${BASE}`, 'target'],
      ...['Node-RED ms/object', 'PostgreSQL ms/object', 'target'],
    ],
    rows,
  );
}

function reached(limit: number, isReached: boolean, sign: string): string {
  return Number.isNaN(limit) ? '–' : `${sign} ${limit}: ${isReached ? 'yes' : '**no**'}`;
}

// What the database spends, and takes

const SMALL = Buffer.alloc(5_000, 'x');
const BACKLOGS = [100, 1_000, 10_000, 100_000];
const SAMPLE = 2_000;
const AT_A_TIME = 64;
const CLAIMED = 16;
const BACKLOG_ASSOCIATIONS = 100;
/** As modalities send that open an association for each image. */
const OWN = 10_000;

/** What it costs to put an object, to claim it and to remove it while this many others wait. */
async function measureWaiting(of: Scaled): Promise<void> {
  const rows: string[][] = [];
  const sample = of(SAMPLE);
  const measureOne = async (
    queue: PostgresQueue,
    postgres: Postgres,
    what: string,
    associationOf: AssociationOf,
  ): Promise<void> => {
    // What filling it has left to do is not these objects' cost.
    postgres.run('VACUUM (ANALYZE) dicom.object, dicom.chunk');
    postgres.run('CHECKPOINT');
    const puts = await cpuOf(postgres, () => put(queue, sample, associationOf), sample);
    const others = await cpuOf(postgres, () => deliver(queue, sample), sample);
    rows.push([what, number(puts, 3), number(others, 3), number(puts + others, 3), load()]);
  };
  await withQueue(async (queue, postgres) => {
    await put(queue, sample);
    await deliver(queue, sample);
    let waiting = 0;
    for (const backlog of BACKLOGS.map(of)) {
      await put(queue, backlog - waiting);
      waiting = backlog;
      await measureOne(queue, postgres, backlog.toLocaleString('en'), ofFew);
    }
  });
  await withQueue(async (queue, postgres) => {
    await put(queue, of(OWN), ofItsOwn);
    const what = `${of(OWN).toLocaleString('en')}, each on an association of its own`;
    await measureOne(queue, postgres, what, ofItsOwn);
  });
  const header = ['objects waiting', 'put', 'claimed and removed', 'together', 'load of the machine'];
  console.log(
    `### The database's CPU for an object of 5 KB, ms, while others wait\n\n${table(header, rows)}\n`,
  );
}

const GROWTH_OBJECTS = 200_000;
const GROWTH_POINTS = 8;
const GROWTH_ROUND = 1_000;
const TABLES = ['object', 'chunk', 'lease', 'session'];

/** What the tables take, with all that belongs to them, while objects come and go and about a thousand wait. */
async function measureGrowth(of: Scaled): Promise<void> {
  await withQueue(async (queue, postgres) => {
    const rows: string[][] = [];
    const began = performance.now();
    const sizes = (): string[] =>
      TABLES.map((name) =>
        number(Number(postgres.run(`SELECT pg_total_relation_size('dicom.${name}')`)) / 1e6, 1),
      );
    await put(queue, of(GROWTH_ROUND));
    let done = 0;
    for (let point = 1; point <= GROWTH_POINTS; point += 1) {
      for (; done < (point * of(GROWTH_OBJECTS)) / GROWTH_POINTS; done += of(GROWTH_ROUND))
        await Promise.all([put(queue, of(GROWTH_ROUND)), deliver(queue, of(GROWTH_ROUND))]);
      const seconds = (performance.now() - began) / 1_000;
      const vacuums = postgres.run(
        `SELECT string_agg(autovacuum_count::text, '/' ORDER BY relname = 'chunk') FROM pg_stat_user_tables
         WHERE relname IN ('object', 'chunk')`,
      );
      rows.push([done.toLocaleString('en'), number(seconds, 0), ...sizes(), vacuums, load()]);
    }
    const header = [
      ...['objects put and removed', 'after s', ...TABLES.map((name) => `${name} MB`)],
      ...['vacuums of object/chunk', 'load of the machine'],
    ];
    console.log(`### Size of the tables, objects of 5 KB\n\n${table(header, rows)}\n`);
  });
}

async function withQueue(work: (queue: PostgresQueue, postgres: Postgres) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-shared-'));
  const postgres = await Postgres.start();
  try {
    const queue = await openQueue(postgres, folder, { maxObjects: 10_000_000 });
    await work(queue, postgres);
    await queue.close();
  } finally {
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

type AssociationOf = (index: number) => string;
const ofFew: AssociationOf = (index) => String(index % BACKLOG_ASSOCIATIONS);
let ownAssociations = 0;
const ofItsOwn: AssociationOf = () => `own ${(ownAssociations += 1)}`;

async function put(queue: PostgresQueue, count: number, associationOf = ofFew): Promise<void> {
  const numbers = Array.from({ length: Math.max(0, count) }, (_, index) => index);
  await soManyAtATime(AT_A_TIME, numbers, async (index) => {
    const association = associationOf(index);
    await queue.begin(SMALL).complete({ studyInstanceUID: '1.2.3', association });
  });
}

/** Those that have waited longest. */
async function deliver(queue: PostgresQueue, count: number): Promise<void> {
  for (let done = 0; done < count;) {
    const objects = await queue.claim(Math.min(CLAIMED, count - done));
    for (const { id } of objects) queue.delivered(id);
    await Promise.all(objects.map(({ id }) => queue.remove(id)));
    done += objects.length;
  }
}

async function cpuOf({ pid }: Postgres, work: () => Promise<void>, count: number): Promise<number> {
  const before = cpuMilliseconds(pid);
  await work();
  return (cpuMilliseconds(pid) - before) / count;
}

void main(process.argv.slice(2));
