import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeRed } from './node-red';

/** Loaded into all threads of Node-RED: at SIGWINCH, which Node-RED has no use for, each collects its garbage. */
const PROBE = `
const { BroadcastChannel, isMainThread, threadId } = require('node:worker_threads');
require('node:v8').setFlagsFromString('--expose-gc');
const gc = require('node:vm').runInNewContext('gc');
const channel = new BroadcastChannel('test-garbage');
channel.unref();
const collect = () => {
  gc();
  gc();
};
if (!isMainThread) channel.onmessage = ({ data }) => {
  if (data !== 'collect') return;
  collect();
  channel.postMessage(threadId);
};
else {
  const threads = new Set();
  let awaited = new Set();
  const tell = () => {
    if (awaited.size === 0) console.log('COLLECTED');
  };
  const isDone = (thread) => {
    if (awaited.delete(thread)) tell();
  };
  process.on('worker', (worker) => {
    const thread = worker.threadId;
    threads.add(thread);
    worker.once('exit', () => {
      threads.delete(thread);
      isDone(thread);
    });
  });
  channel.onmessage = ({ data }) => isDone(data);
  process.on('SIGWINCH', () => {
    collect();
    awaited = new Set(threads);
    channel.postMessage('collect');
    tell();
  });
}`;

export interface MemoryProbe {
  /** For the process of Node-RED. */
  env: Record<string, string>;
  /** Its resident set in MB, once all its threads have collected their garbage: of that, a busy machine has more. */
  residentMb(nodeRed: NodeRed): Promise<number>;
  remove(): void;
}

export function memoryProbe(): MemoryProbe {
  const folder = mkdtempSync(join(tmpdir(), 'memory-probe-'));
  const script = join(folder, 'probe.js');
  writeFileSync(script, PROBE);
  return {
    env: { NODE_OPTIONS: `--require ${script}` },
    async residentMb(nodeRed) {
      const from = nodeRed.lines.length;
      process.kill(nodeRed.pid, 'SIGWINCH');
      await nodeRed.waitForLine(/^COLLECTED/, { from });
      return residentMb(nodeRed.pid);
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** The resident set of a process, in MB. */
export function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? NaN) / 1_024;
}
