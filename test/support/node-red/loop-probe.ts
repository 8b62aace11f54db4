import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeRed } from './node-red';

/** Delays of an event loop, in milliseconds. */
export interface LoopDelays {
  p50: number;
  p99: number;
  max: number;
  /** The most that the thread computed at a stretch: other than `max`, not longer on a busy machine. */
  maxCpu: number;
}

/** Loaded into Node-RED's main thread: at every SIGWINCH, which Node-RED has no use for, it prints the delays since the last. */
const PROBE = `
const { isMainThread } = require('node:worker_threads');
const { monitorEventLoopDelay } = require('node:perf_hooks');
const { readFileSync } = require('node:fs');
const resolution = 5;
if (isMainThread) {
  // Nanoseconds of the main thread on a processor, by the scheduler's account.
  const cpu = () => Number(readFileSync('/proc/self/task/' + process.pid + '/schedstat', 'latin1').split(' ')[0]);
  let maxCpu = 0;
  let last = cpu();
  setInterval(() => {
    const now = cpu();
    maxCpu = Math.max(maxCpu, now - last);
    last = now;
  }, resolution).unref();
  const delay = monitorEventLoopDelay({ resolution });
  delay.enable();
  process.on('SIGWINCH', () => {
    const ms = (value) => Math.max(value / 1e6 - resolution, 0);
    console.log('LOOP ' + JSON.stringify({ p50: ms(delay.percentile(50)), p99: ms(delay.percentile(99)), max: ms(delay.max), maxCpu: maxCpu / 1e6 }));
    delay.reset();
    maxCpu = 0;
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
