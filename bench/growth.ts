import { freePort } from '../test/support/free-port';
import { startNodeRed, type NodeRed } from '../test/support/node-red';
import { cpuMilliseconds, memoryMB } from './support/proc';
import { countingFlow, pause } from './support/receivers';
import { sendLoad } from './support/store-load';
import { ctOf, sr5K, type Work } from './support/work';

/** What a unit of work costs as something grows. */
export interface Curve {
  title: string;
  /** What grows. */
  x: string;
  /** The unit of the cost. */
  y: string;
  points: readonly { x: number; label: string; cost: number; memoryMB: number }[];
}

const KIB = 1024;
const MIB = KIB * KIB;
const BACKLOGS = [100, 1_000, 10_000, 100_000];
const ASSOCIATIONS = [1, 2, 5, 10, 20, 50, 100, 200];
const SIZES = [KIB, 16 * KIB, 256 * KIB, 4 * MIB, 64 * MIB, 1024 * MIB];
/** So many objects are measured at the end of each backlog. */
const SAMPLE = 2_000;

/** A queue that nobody drains: what one more object costs when so many wait. */
export function backlog(): Promise<Curve> {
  const nobody = { queue: 'disk', acknowledge: true, maxInFlight: '1', acknowledgeTimeoutSeconds: '86400' };
  return withNode(nobody, async (nodeRed, port) => {
    const work = sr5K();
    await sendLoad(port, work, SAMPLE, 1);
    let queued = SAMPLE;
    const points: Curve['points'][number][] = [];
    for (const size of BACKLOGS) {
      const missing = size - queued - SAMPLE;
      if (missing > 0) await sendLoad(port, work, missing, 4);
      queued += Math.max(missing, 0) + SAMPLE;
      const cost = await cpuOf(nodeRed, () => sendLoad(port, work, SAMPLE, 1), SAMPLE);
      const count = Math.max(size, queued);
      points.push({
        x: count,
        label: count.toLocaleString('en'),
        cost,
        memoryMB: memoryMB(nodeRed.pid, 'VmRSS'),
      });
    }
    return {
      title: 'Objects in a queue that nobody drains',
      x: 'objects waiting',
      y: 'CPU ms an object',
      points,
    };
  });
}

export function associations(): Promise<Curve> {
  return withNode({ queue: 'disk' }, async (nodeRed, port) => {
    const work = sr5K();
    const count = 2 * SAMPLE;
    await sendLoad(port, work, 3 * count, 4);
    const points: Curve['points'][number][] = [];
    for (const open of ASSOCIATIONS) {
      const cost = await cpuOf(nodeRed, () => sendLoad(port, work, count, open), count);
      points.push({ x: open, label: String(open), cost, memoryMB: memoryMB(nodeRed.pid, 'VmRSS') });
    }
    return { title: 'Associations at the same time', x: 'associations', y: 'CPU ms an object', points };
  });
}

/** Small objects cost what an object costs, large ones what their bytes cost: so the cost is per object and MB. */
export function sizes(): Promise<Curve> {
  return withNode({ queue: 'disk' }, async (nodeRed, port) => {
    await sendLoad(port, ctOf(16 * KIB), 5_000, 4);
    const points: Curve['points'][number][] = [];
    for (const size of SIZES) {
      const work: Work = ctOf(size);
      const count = Math.max(1, Math.min(2_000, Math.round((512 * MIB) / size)));
      const cost = await cpuOf(nodeRed, () => sendLoad(port, work, count, 1), count);
      const units = 1 + size / MIB;
      points.push({
        x: size,
        label: work.name,
        cost: cost / units,
        memoryMB: memoryMB(nodeRed.pid, 'VmHWM'),
      });
    }
    return { title: 'Size of an object', x: 'size', y: 'CPU ms for an object and each of its MB', points };
  });
}

async function withNode(
  settings: Record<string, unknown>,
  measure: (nodeRed: NodeRed, port: number) => Promise<Curve>,
): Promise<Curve> {
  const port = await freePort();
  const nodeRed = await startNodeRed({ flows: countingFlow(port, settings) });
  try {
    await nodeRed.waitForLine(/listening on/);
    return await measure(nodeRed, port);
  } finally {
    await nodeRed.stop();
  }
}

const IDLE_MS = 500;

async function cpuOf({ pid }: NodeRed, load: () => Promise<unknown>, count: number): Promise<number> {
  await pause(IDLE_MS);
  const before = cpuMilliseconds(pid);
  await load();
  await pause(IDLE_MS);
  return (cpuMilliseconds(pid) - before) / count;
}
