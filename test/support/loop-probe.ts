import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeRed } from './node-red';

/** Delays of an event loop, in milliseconds. */
export interface LoopDelays {
  p50: number;
  p99: number;
  max: number;
}

/** Loaded into Node-RED's main thread: at every SIGWINCH, which Node-RED has no use for, it prints the delays since the last. */
const PROBE = `
const { isMainThread } = require('node:worker_threads');
const { monitorEventLoopDelay } = require('node:perf_hooks');
const resolution = 5;
if (isMainThread) {
  const delay = monitorEventLoopDelay({ resolution });
  delay.enable();
  process.on('SIGWINCH', () => {
    const ms = (value) => Math.max(value / 1e6 - resolution, 0);
    console.log('LOOP ' + JSON.stringify({ p50: ms(delay.percentile(50)), p99: ms(delay.percentile(99)), max: ms(delay.max) }));
    delay.reset();
  });
}`;

export interface LoopProbe {
  /** For the process of Node-RED. */
  env: Record<string, string>;
  /** The delays since the last call. */
  read(nodeRed: NodeRed): Promise<LoopDelays>;
  remove(): void;
}

export function loopProbe(): LoopProbe {
  const folder = mkdtempSync(join(tmpdir(), 'bench-probe-'));
  const script = join(folder, 'probe.js');
  writeFileSync(script, PROBE);
  return {
    env: { NODE_OPTIONS: `--require ${script}` },
    async read(nodeRed) {
      const from = nodeRed.lines.length;
      process.kill(nodeRed.pid, 'SIGWINCH');
      const line = await nodeRed.waitForLine(/^LOOP /, { from });
      return JSON.parse(line.slice('LOOP '.length)) as LoopDelays;
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}
