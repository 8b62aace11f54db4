import { freePort } from '../test/support/machine/free-port';
import { startNodeRed, type FlowNode, type NodeRed } from '../test/support/node-red/node-red';
import type { Curve } from './support/curve';
import { cpuMilliseconds, memoryMB } from './support/proc';
import { countingFlow, drainedFlow, pause } from './support/receivers';
import { sendLoad } from './support/store-load';
import { ctOf, sr5K, type Work } from './support/work';

const KIB = 1024;
const MIB = KIB * KIB;
const BACKLOGS = [100, 3_000, 10_000, 30_000, 100_000];
const ASSOCIATIONS = [1, 2, 5, 10, 20, 50, 100, 200];
const SIZES = [KIB, 16 * KIB, 256 * KIB, 4 * MIB, 64 * MIB, 1024 * MIB];
/** Objects that are measured behind each backlog. */
const SAMPLE = 2_000;

/** A queue that nobody drains: what one more object costs when this many wait. Before, while it is warming up, it is drained. */
export function backlog(): Promise<Curve> {
  const settings = { queue: 'disk', acknowledge: true, acknowledgeTimeoutSeconds: '86400' };
  const flows = (port: number): FlowNode[] => drainedFlow(port, settings);
  return withNode(flows, async (nodeRed, port) => {
    const work = sr5K();
    await sendLoad(port, work, 3 * SAMPLE, 4);
    await untilIdle(nodeRed);
    await fetch(`${nodeRed.url}/stop-draining`);
    let waiting = 0;
    const points: Curve['points'][number][] = [];
    for (const size of BACKLOGS) {
      await sendLoad(port, work, size - waiting, 4);
      const cost = await cpuOf(nodeRed, () => sendLoad(port, work, SAMPLE, 1), SAMPLE);
      waiting = size + SAMPLE;
      const label = size.toLocaleString('en');
      points.push({ x: size, label, cost, memoryMB: memoryMB(nodeRed.pid, 'VmRSS') });
    }
    return {
      title: 'Objects in a queue that nobody drains',
      x: 'objects waiting',
      y: 'CPU ms an object',
      points,
    };
  });
}

const countingOnDisk = (port: number): FlowNode[] => countingFlow(port, { queue: 'disk' });

export function associations(): Promise<Curve> {
  return withNode(countingOnDisk, async (nodeRed, port) => {
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
  return withNode(countingOnDisk, async (nodeRed, port) => {
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
  flows: (port: number) => FlowNode[],
  measure: (nodeRed: NodeRed, port: number) => Promise<Curve>,
): Promise<Curve> {
  const port = await freePort();
  const nodeRed = await startNodeRed({ flows: flows(port) });
  try {
    await nodeRed.waitForLine(/listening on/);
    return await measure(nodeRed, port);
  } finally {
    await nodeRed.stop();
  }
}

const IDLE_MS = 500;
/** What Node-RED does when nothing happens. */
const IDLE_CPU_MS = 30;

async function untilIdle({ pid }: NodeRed): Promise<void> {
  let spent: number;
  do {
    const before = cpuMilliseconds(pid);
    await pause(IDLE_MS);
    spent = cpuMilliseconds(pid) - before;
  } while (spent > IDLE_CPU_MS);
}

async function cpuOf({ pid }: NodeRed, load: () => Promise<unknown>, count: number): Promise<number> {
  await pause(IDLE_MS);
  const before = cpuMilliseconds(pid);
  await load();
  await pause(IDLE_MS);
  return (cpuMilliseconds(pid) - before) / count;
}
