/**
 * Delay of Node-RED's own event loop while four associations saturate a dicom-in node: the thread that everything else in
 * that Node-RED shares. Idle and under load alternate; medians. `node dist/bench/event-loop.js [rounds]`. Needs the corpus.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dicomIn } from '../test/support/flows';
import { freePort } from '../test/support/free-port';
import { corpus } from '../test/support/needs';
import { startNodeRed, type NodeRed } from '../test/support/node-red';
import { readWork, sendLoad, type Work } from './support/store-load';

const ASSOCIATIONS = 4;
const WINDOW_SECONDS = 4;
const TARGET_MS = 20;
const WORK: readonly Work[] = [
  readWork('SR 5 KB', join(corpus, 'good/sr-comprehensive-3d/highdicom__sr_document.dcm')),
  readWork('CT 512 KB', join(corpus, 'good/ct/libdicom__ct_brain_single.dcm')),
];

/** Loaded into Node-RED's main thread: at every SIGWINCH, which Node-RED has no use for, it prints the delays since the last. */
const PROBE = `
const { isMainThread } = require('node:worker_threads');
const { monitorEventLoopDelay } = require('node:perf_hooks');
const resolution = 1;
if (isMainThread) {
  const delay = monitorEventLoopDelay({ resolution });
  delay.enable();
  process.on('SIGWINCH', () => {
    const ms = (value) => Math.max(value / 1e6 - resolution, 0);
    console.log('LOOP ' + JSON.stringify({ p50: ms(delay.percentile(50)), p99: ms(delay.percentile(99)), max: ms(delay.max) }));
    delay.reset();
  });
}`;

interface Delays {
  p50: number;
  p99: number;
  max: number;
}

void main(Number(process.argv[2] ?? 3));

async function main(rounds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'dicom-probe-'));
  const probe = join(folder, 'probe.js');
  writeFileSync(probe, PROBE);
  const port = await freePort();
  const nodeRed = await startNodeRed({
    flows: [
      { id: 'tab', type: 'tab', label: 'bench' },
      { ...dicomIn('bench-in', port, [['bench-out']], { queue: 'disk' }), z: 'tab' },
      {
        id: 'bench-out',
        type: 'function',
        z: 'tab',
        func: 'return null;',
        outputs: 0,
        x: 300,
        y: 100,
        wires: [],
      },
    ],
    env: { NODE_OPTIONS: `--require ${probe}` },
  });
  try {
    await nodeRed.waitForLine(/listening on/);
    for (const work of WORK) await compare(nodeRed, port, work, rounds);
  } finally {
    await nodeRed.stop();
    rmSync(folder, { recursive: true });
  }
}

async function compare(nodeRed: NodeRed, port: number, work: Work, rounds: number): Promise<void> {
  await loadFor(port, work);
  const [idle, loaded]: [Delays[], Delays[]] = [[], []];
  let objects = 0;
  for (let round = 0; round < rounds; round += 1) {
    await delays(nodeRed);
    await new Promise((resolve) => setTimeout(resolve, WINDOW_SECONDS * 1000));
    idle.push(await delays(nodeRed));
    objects += await loadFor(port, work);
    loaded.push(await delays(nodeRed));
  }
  const rate = Math.round(objects / rounds / WINDOW_SECONDS);
  const above = median(loaded, 'p99') - median(idle, 'p99');
  console.log(`${work.name}, ${ASSOCIATIONS} associations, ${rate} objects/s`);
  for (const [name, measured] of Object.entries({ idle, loaded })) {
    const [p50, p99, max] = (['p50', 'p99', 'max'] as const).map((key) => median(measured, key).toFixed(1));
    console.log(`  ${name.padEnd(6)}  p50 ${p50} ms  p99 ${p99} ms  max ${max} ms`);
  }
  console.log(`  p99 above idle: ${above.toFixed(1)} ms (target: below ${TARGET_MS} ms)`);
}

/** Keeps the associations busy for a window; returns how many objects that were. */
async function loadFor(port: number, work: Work): Promise<number> {
  const until = Date.now() + WINDOW_SECONDS * 1000;
  const batch = 40;
  let objects = 0;
  for (; Date.now() < until; objects += batch) await sendLoad(port, work, batch, ASSOCIATIONS);
  return objects;
}

async function delays(nodeRed: NodeRed): Promise<Delays> {
  const from = nodeRed.lines.length;
  process.kill(nodeRed.pid, 'SIGWINCH');
  const line = await nodeRed.waitForLine(/^LOOP /, { from });
  return JSON.parse(line.slice('LOOP '.length)) as Delays;
}

function median(measured: readonly Delays[], key: keyof Delays): number {
  const sorted = measured.map((delay) => delay[key]).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
