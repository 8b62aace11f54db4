import { spawnSync } from 'node:child_process';
import { startNodeRed } from '../test/support/node-red/node-red';
import { flowNode, TAB } from '../test/support/node-red/flows';
import { DICOM_OUT } from '../src/settings';
import type { Comparison, Figures, LoadKind } from './receiving';
import { ObjectFiles } from './support/object-files';
import { median } from './support/median';
import { memoryMB } from './support/proc';
import { ourNode, pause, storescpIgnoring, type Receiver, type ReceiverKind } from './support/receivers';
import {
  benchPeer,
  dcmsend,
  dimseClient,
  ourOut,
  storescu,
  type Sender,
  type SenderKind,
  type Sent,
} from './support/senders';
import { ct20M, ct512K, multiFrame1G, sr5K, type Work } from './support/work';

export const SENDERS: readonly SenderKind[] = [
  dcmsend,
  storescu,
  ourOut('wait'),
  ourOut('store-and-forward'),
  dimseClient,
];

/** To whom the objects go. */
const RECEIVERS: readonly ReceiverKind[] = [storescpIgnoring, ourNode('disk')];

export interface SendingPlan {
  work: Work;
  kind: LoadKind;
  count: number;
  associations: readonly number[];
  /** How often all of it is sent before it is measured: what runs for weeks is not measured while it is compiled. */
  warmUps: number;
}

/** @param scale a part of it all, to see that it works */
export function sendingPlans(scale = 1): Record<string, SendingPlan> {
  const of = (count: number): number => Math.max(4, Math.round(count * scale));
  return {
    'send-sr': { work: sr5K(), kind: 'small', count: of(2_000), associations: [1, 4], warmUps: 3 },
    'send-ct': { work: ct512K(), kind: 'usual', count: of(400), associations: [1, 4], warmUps: 3 },
    'send-20mb': { work: ct20M(), kind: 'large', count: of(20), associations: [1, 4], warmUps: 1 },
    'send-1gb': { work: multiFrame1G(), kind: 'large', count: 1, associations: [1], warmUps: 1 },
  };
}

interface Contestant {
  kind: SenderKind;
  sender: Sender;
  /** Why it cannot take part in this load. */
  failure: string | undefined;
  measured: Sent[];
}

/** Every load from every sender to every receiver, by turns, so that a busy moment of the machine meets all of them. */
export async function compareSenders(
  kinds: readonly SenderKind[],
  plans: readonly SendingPlan[],
  rounds: number,
  tell: (comparison: Comparison) => void,
): Promise<Comparison[]> {
  const comparisons: Comparison[] = [];
  for (const plan of plans) {
    const files = ObjectFiles.of(plan.work, plan.count);
    const contestants: Contestant[] = [];
    try {
      for (const kind of kinds)
        contestants.push({ kind, sender: await kind.start(), failure: undefined, measured: [] });
      for (const receiverKind of RECEIVERS)
        for (const associations of plan.associations) {
          const comparison = await compare(contestants, receiverKind, plan, files, associations, rounds);
          comparisons.push(comparison);
          tell(comparison);
        }
    } finally {
      for (const { sender } of contestants) await sender.stop();
      files.remove();
    }
  }
  return comparisons;
}

async function compare(
  contestants: readonly Contestant[],
  receiverKind: ReceiverKind,
  plan: SendingPlan,
  files: ObjectFiles,
  associations: number,
  rounds: number,
): Promise<Comparison> {
  const { work, kind } = plan;
  const receiver = await receiverKind.start();
  try {
    for (const contestant of contestants) {
      contestant.measured = [];
      contestant.failure = undefined;
      const isOurs = contestant.kind.name.startsWith('dicom-out');
      for (let time = 0; time < (isOurs ? plan.warmUps : 1); time += 1)
        await attempt(contestant, receiver, files, associations);
      contestant.measured = [];
    }
    for (let round = 0; round < rounds; round += 1)
      for (const contestant of contestants) await attempt(contestant, receiver, files, associations);
  } finally {
    await receiver.stop();
  }
  const bytes = work.dataSet.length + work.filling;
  const figures = new Map(
    contestants.map(({ kind: { name }, failure, measured }) => [
      name,
      failure ?? figuresOf(measured, files.paths.length, bytes),
    ]),
  );
  return {
    work: `${work.name}, sent to ${receiverKind.name}`,
    beside: dcmsend.name,
    kind,
    associations,
    figures,
  };
}

async function attempt(
  contestant: Contestant,
  receiver: Receiver,
  files: ObjectFiles,
  associations: number,
): Promise<void> {
  if (contestant.failure !== undefined) return;
  // Nobody is to wait for what another one has left in the system's memory for the disk.
  spawnSync('sync');
  try {
    contestant.measured.push(await contestant.sender.send(receiver.port, files, associations));
    await receiver.settled(files.paths.length);
  } catch (error) {
    contestant.failure = (error as Error).message.split('\n')[0] ?? '';
  }
}

function figuresOf(measured: readonly Sent[], count: number, bytes: number): Figures {
  const of = (value: (sent: Sent) => number): number => median(measured.map(value));
  return {
    perSecond: of(({ seconds }) => count / seconds),
    megabytesPerSecond: of(({ seconds }) => (count * bytes) / seconds / 1e6),
    p50: NaN,
    p99: NaN,
    cpuPerObject: of(({ cpuMs }) => cpuMs / count),
    peakMB: of(({ growthMB }) => growthMB),
    loopP99: of(({ loopP99 }) => loopP99),
  };
}

const PEERS = 10;
const SETTLE_MS = 2_000;

/** Resident memory that ten idle peers, each with a `dicom-out` node, and the worker for them add, in MB. */
export async function idlePeersMB(rounds: number): Promise<number> {
  const measured: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const nodeRed = await startNodeRed({ flows: [{ id: TAB, type: 'tab', label: 'bench' }] });
    try {
      const settled = async (): Promise<number> => {
        await pause(SETTLE_MS);
        return memoryMB(nodeRed.pid, 'VmRSS');
      };
      const before = await settled();
      const numbers = [...Array(PEERS).keys()];
      await nodeRed.deploy([
        { id: TAB, type: 'tab', label: 'bench' },
        ...numbers.map((number) => benchPeer(`peer${number}`, 104)),
        ...numbers.map((number) =>
          flowNode(`out${number}`, 'dicom-out', {
            ...DICOM_OUT.defaults,
            peer: `peer${number}`,
            wires: [[]],
          }),
        ),
      ]);
      measured.push((await settled()) - before);
    } finally {
      await nodeRed.stop();
    }
  }
  return median(measured);
}
