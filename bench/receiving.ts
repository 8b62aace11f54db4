import { spawnSync } from 'node:child_process';
import { memoryMB, cpuMilliseconds, forgetPeak } from './support/proc';
import { median, percentile } from './support/median';
import {
  dimseServer,
  floor,
  orthanc,
  ourNode,
  storescp,
  type Receiver,
  type ReceiverKind,
} from './support/receivers';
import { sendLoad } from './support/store-load';
import { ct20M, ct512K, multiFrame1G, sr5K, type Work } from './support/work';

/** One receiver's, or sender's, figures for one load: medians of the rounds. */
export interface Figures {
  perSecond: number;
  megabytesPerSecond: number;
  p50: number;
  p99: number;
  cpuPerObject: number;
  /** NaN where it means nothing. */
  peakMB: number;
  loopP99: number;
}

/** The same load for each receiver, or sender. A text instead of figures says why there are none. */
export interface Comparison {
  work: string;
  /** With whom the others are compared. */
  beside: string;
  kind: LoadKind;
  associations: number;
  figures: Map<string, Figures | string>;
}

/** What a load tells: what an object costs, what a usual one costs, or what its bytes cost. */
export type LoadKind = 'small' | 'usual' | 'large';

export interface LoadPlan {
  work: Work;
  kind: LoadKind;
  count: number;
  /** Objects before the first round, over four associations: what runs for weeks is not measured while it is compiled. */
  warmUp: number;
  associations: readonly number[];
}

export const RECEIVERS: readonly ReceiverKind[] = [
  storescp,
  ourNode('memory'),
  ourNode('disk'),
  ourNode('disk-synced'),
  orthanc,
  dimseServer,
  floor,
];

/**
 * Objects of a gigabyte come over several associations, too, one on each; that measures the disk above all, so one round of it
 * is enough.
 * @param scale a part of it all, to see that it works
 */
export function plans(scale = 1): Record<string, LoadPlan> {
  const of = (count: number): number => Math.max(1, Math.round(count * scale));
  const several = [1, 4, 16];
  return {
    sr: { work: sr5K(), kind: 'small', count: of(2_000), warmUp: of(8_000), associations: several },
    ct: { work: ct512K(), kind: 'usual', count: of(400), warmUp: of(3_000), associations: several },
    '20mb': { work: ct20M(), kind: 'large', count: of(20), warmUp: of(20), associations: several },
    '1gb': { work: multiFrame1G(), kind: 'large', count: 1, warmUp: 1, associations: several },
  };
}

interface Contestant {
  kind: ReceiverKind;
  receiver: Receiver;
  /** Why it cannot take part in this load. */
  failure: string | undefined;
  measured: Figures[];
}

const WARM_UP_ASSOCIATIONS = 4;

/**
 * Every load with every receiver, by turns, so that a busy moment of the machine meets all of them.
 */
export async function compareReceivers(
  kinds: readonly ReceiverKind[],
  loads: readonly LoadPlan[],
  rounds: number,
  tell: (comparison: Comparison) => void,
): Promise<Comparison[]> {
  const comparisons: Comparison[] = [];
  for (const load of loads) {
    const { work, warmUp, associations } = load;
    // New processes for each kind of work: what one has left behind in memory is not to be the next one's.
    const contestants: Contestant[] = [];
    try {
      for (const kind of kinds)
        contestants.push({ kind, receiver: await kind.start(), failure: undefined, measured: [] });
      for (const contestant of contestants)
        if (!takesOnce(contestant, load)) await attempt(contestant, work, warmUp, WARM_UP_ASSOCIATIONS);
      for (const each of associations) {
        const comparison = await compare(contestants, load, each, rounds);
        comparisons.push(comparison);
        tell(comparison);
      }
    } finally {
      for (const { receiver } of contestants) await receiver.stop();
    }
  }
  return comparisons;
}

async function compare(
  contestants: Contestant[],
  load: LoadPlan,
  associations: number,
  rounds: number,
): Promise<Comparison> {
  const { work, kind: loadKind } = load;
  const count = Math.max(load.count, associations);
  const roundsHere = count > load.count ? 1 : rounds;
  for (const contestant of contestants) {
    const { maxAssociations = associations } = contestant.kind;
    contestant.measured = [];
    if (associations > maxAssociations) contestant.failure ??= `serves ${maxAssociations} at a time`;
    if (associations > 1 && takesOnce(contestant, load))
      contestant.failure ??= 'needs several gigabytes of memory for each association';
  }
  for (let round = 0; round < roundsHere; round += 1) {
    for (const contestant of contestants) {
      if (round > 0 && takesOnce(contestant, load)) continue;
      const figures = await attempt(contestant, work, count, associations);
      // Small files stay: where many have been deleted, the system takes longer to create the next ones.
      if (loadKind === 'large') contestant.receiver.forget?.();
      if (figures !== undefined) contestant.measured.push(figures);
    }
  }
  const figures = new Map(
    contestants.map(({ kind, failure, measured }) => [kind.name, failure ?? medians(measured)]),
  );
  return { work: work.name, beside: storescp.name, kind: loadKind, associations, figures };
}

/** Half a minute for a single object: once is enough. */
function takesOnce({ kind }: Contestant, { count }: LoadPlan): boolean {
  return kind.isSlow === true && count === 1;
}

/** Undefined: it failed, now or before. */
async function attempt(
  contestant: Contestant,
  work: Work,
  count: number,
  associations: number,
): Promise<Figures | undefined> {
  if (contestant.failure !== undefined) return undefined;
  try {
    return await measure(contestant, work, count, associations);
  } catch (error) {
    contestant.failure = (error as Error).message;
    return undefined;
  }
}

async function measure(
  { kind, receiver }: Contestant,
  work: Work,
  planned: number,
  associations: number,
): Promise<Figures> {
  const { port, pid, protocol } = receiver;
  const count = kind.isSlow === true ? Math.max(Math.ceil(planned / 4), 1) : planned;
  // Nobody is to wait for what another one has left in the system's memory for the disk.
  spawnSync('sync');
  await receiver.loopDelays?.();
  forgetPeak(pid);
  const cpuBefore = cpuMilliseconds(pid);
  const { seconds, latencies } = await sendLoad(port, work, count, associations, protocol);
  await receiver.settled(count);
  const cpuPerObject = (cpuMilliseconds(pid) - cpuBefore) / count;
  const peakMB = kind.isOneProcess ? memoryMB(pid, 'VmHWM') : NaN;
  const delays = await receiver.loopDelays?.();
  const perSecond = count / seconds;
  return {
    perSecond,
    megabytesPerSecond: (perSecond * (work.dataSet.length + work.filling)) / 1e6,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    cpuPerObject,
    peakMB,
    loopP99: delays?.p99 ?? NaN,
  };
}

function medians(measured: readonly Figures[]): Figures {
  const of = (field: keyof Figures): number => median(measured.map((figures) => figures[field]));
  return {
    perSecond: of('perSecond'),
    megabytesPerSecond: of('megabytesPerSecond'),
    p50: of('p50'),
    p99: of('p99'),
    cpuPerObject: of('cpuPerObject'),
    peakMB: of('peakMB'),
    loopP99: of('loopP99'),
  };
}
