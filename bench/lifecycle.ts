import { connect } from 'node:net';
import { dicomIn } from '../test/support/node-red/flows';
import { freePort } from '../test/support/machine/free-port';
import { startNodeRed, type NodeRed } from '../test/support/node-red/node-red';
import { loopProbe } from '../test/support/node-red/loop-probe';
import { median } from './support/median';
import { memoryMB } from './support/proc';
import { countingFlow, pause } from './support/receivers';
import { sendLoad } from './support/store-load';
import { ct512K, multiFrame1G } from './support/work';

/** What a node costs by being there, and what a deploy costs its senders. */
export interface Lifecycle {
  /** From the deploy that adds the node to the end of its start, in milliseconds. */
  startToListening: number;
  /** How long connections are refused in a full deploy, in milliseconds. */
  redeployGap: number;
  /** Resident memory that a second, idle node adds, in MB. */
  secondNode: number;
  /** By how much 200 associations that each send 512 KB at the same time make memory grow at most, in MB. */
  associations200: number;
  /** By how much an object of 1 GB makes it grow at most, in MB. */
  object1G: number;
  /** 99th percentile of the delay of Node-RED's main event loop while nothing happens, in milliseconds. */
  idleLoopP99: number;
}

const SETTLE_MS = 2_000;
const ASSOCIATIONS = 200;

export async function measureLifecycle(rounds: number): Promise<Lifecycle> {
  const measured: Lifecycle[] = [];
  for (let round = 0; round < rounds; round += 1) measured.push(await measureOnce());
  const of = (field: keyof Lifecycle): number => median(measured.map((each) => each[field]));
  return {
    startToListening: of('startToListening'),
    redeployGap: of('redeployGap'),
    secondNode: of('secondNode'),
    associations200: of('associations200'),
    object1G: of('object1G'),
    idleLoopP99: of('idleLoopP99'),
  };
}

async function measureOnce(): Promise<Lifecycle> {
  const [port, secondPort] = [await freePort(), await freePort()];
  const probe = loopProbe();
  const nodeRed = await startNodeRed({ env: probe.env });
  try {
    const flow = countingFlow(port, { queue: 'disk' });
    const startToListening = await timeToListen(nodeRed, () => nodeRed.deploy(flow));
    // Everything is loaded and compiled, so that growth is the load's.
    await sendLoad(port, ct512K(), 400, 4);
    await probe.read(nodeRed);
    await pause(SETTLE_MS);
    const { p99: idleLoopP99 } = await probe.read(nodeRed);
    const redeployGap = await gapWhile(port, () => timeToListen(nodeRed, () => nodeRed.deploy(flow)));
    await sendLoad(port, ct512K(), 400, 4);
    const associations200 = await growthWhile(nodeRed, () =>
      sendLoad(port, ct512K(), 2 * ASSOCIATIONS, ASSOCIATIONS),
    );
    const object1G = await growthWhile(nodeRed, () => sendLoad(port, multiFrame1G(), 1, 1));
    const before = await settledMemory(nodeRed);
    await timeToListen(nodeRed, () =>
      nodeRed.deploy([...flow, dicomIn('second', secondPort, [[]])], 'nodes'),
    );
    const secondNode = (await settledMemory(nodeRed)) - before;
    return { startToListening, redeployGap, secondNode, associations200, object1G, idleLoopP99 };
  } finally {
    await nodeRed.stop();
    probe.remove();
  }
}

async function timeToListen(nodeRed: NodeRed, deploy: () => Promise<void>): Promise<number> {
  const from = nodeRed.lines.length;
  const started = performance.now();
  const listening = nodeRed.waitForLine(/listening on/, { from });
  await deploy();
  await listening;
  return performance.now() - started;
}

async function settledMemory({ pid }: NodeRed): Promise<number> {
  await pause(SETTLE_MS);
  return memoryMB(pid, 'VmRSS');
}

/** Sampled: the peak that the kernel keeps cannot be told from what was before. */
async function growthWhile(nodeRed: NodeRed, load: () => Promise<unknown>): Promise<number> {
  const before = await settledMemory(nodeRed);
  let peak = before;
  const sampling = setInterval(() => (peak = Math.max(peak, memoryMB(nodeRed.pid, 'VmRSS'))), 10);
  await load();
  clearInterval(sampling);
  return peak - before;
}

/** The longest time without a connection that was accepted. */
async function gapWhile(port: number, deploy: () => Promise<unknown>): Promise<number> {
  let [last, longest, ended] = [performance.now(), 0, false];
  const probing = (async () => {
    while (!ended) {
      const accepted = await isAccepted(port);
      const now = performance.now();
      if (accepted) {
        longest = Math.max(longest, now - last);
        last = now;
      }
      await pause(2);
    }
  })();
  await deploy();
  await pause(100);
  ended = true;
  await probing;
  return longest;
}

function isAccepted(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const done = (accepted: boolean): void => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', () => done(true)).once('error', () => done(false));
  });
}
