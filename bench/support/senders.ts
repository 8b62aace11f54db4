import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DICOM_OUT, DICOM_PEER, type DicomOutSettings } from '../../src/settings';
import { TAB, flowNode } from '../../test/support/node-red/flows';
import { loopProbe } from '../../test/support/node-red/loop-probe';
import { startNodeRed, type FlowNode } from '../../test/support/node-red/node-red';
import type { ObjectFiles } from './object-files';
import { cpuMilliseconds, memoryMB } from './proc';
import { pause } from './receivers';

/** What sending some files has cost. */
export interface Sent {
  seconds: number;
  cpuMs: number;
  /** By how much the sender's memory grew at most, in MB; of a program that was started for it: all of it. */
  growthMB: number;
  /** 99th percentile of the delay of Node-RED's main event loop, above that of the second before; ms. NaN: it has none. */
  loopP99: number;
}

/** A sender that is ready. */
export interface Sender {
  /** @throws Error when not all of it was answered Success */
  send(port: number, files: ObjectFiles, associations: number): Promise<Sent>;
  stop(): Promise<void>;
}

export interface SenderKind {
  name: string;
  /** Undefined: it can run here. Otherwise how to get it. */
  missing?: string;
  start(): Promise<Sender>;
}

const SAMPLE_MS = 10;
const IDLE_MS = 1_000;
/** No program takes so long, unless something is wrong. */
const LONGEST_MS = 180_000;
/** Messages in the flow at a time. */
const WINDOW = 50;

/** A program of DCMTK that looks for files in folders; one process for each association. */
function dcmtk(program: string, ...options: string[]): SenderKind {
  return {
    name: program,
    ...(spawnSync('which', [program]).status !== 0 && { missing: 'apt install dcmtk' }),
    start: () =>
      Promise.resolve({
        send: (port, files, associations) =>
          measured(() =>
            files.foldersFor(associations).map((folder) => ({
              command: program,
              args: [...options, '+sd', '+r', '127.0.0.1', String(port), folder],
            })),
          ),
        stop: () => Promise.resolve(),
      }),
  };
}

export const storescu = dcmtk('storescu', '-R');
export const dcmsend = dcmtk('dcmsend');

/** dcmjs-dimse's own client, as its README has it; one process for each association. */
export const dimseClient: SenderKind = {
  name: 'dcmjs-dimse client',
  start: () =>
    Promise.resolve({
      send: (port, files, associations) =>
        measured(() =>
          files.foldersFor(associations).map((folder) => ({
            command: process.execPath,
            args: [join(__dirname, 'dimse-client.js'), String(port)],
            input: filesBelow(folder).join('\n'),
          })),
        ),
      stop: () => Promise.resolve(),
    }),
};

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

interface Command {
  command: string;
  args: string[];
  input?: string;
}

/** Runs programs at the same time. */
async function measured(commands: () => Command[]): Promise<Sent> {
  const started = performance.now();
  const cpuBefore = endedChildrenMs();
  const memory = new Map<number, number>();
  const running = commands().map(({ command, args, input = '' }) => {
    const child = spawn(command, args, {
      env: { ...process.env, TCP_NODELAY: '1' },
      stdio: ['pipe', 'ignore', 'pipe'],
      timeout: LONGEST_MS,
    });
    child.stdin.on('error', () => undefined).end(input);
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString('latin1').slice(0, 300)));
    const { pid = -1 } = child;
    memory.set(pid, 0);
    return new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) =>
        code === 0 ? resolve() : reject(new Error(`${command} ended with ${code}: ${errors.slice(0, 200)}`)),
      );
    });
  });
  const sampling = setInterval(() => {
    for (const [pid, most] of memory) memory.set(pid, Math.max(most, memoryOf(pid)));
  }, SAMPLE_MS);
  try {
    await Promise.all(running);
  } finally {
    clearInterval(sampling);
  }
  return {
    seconds: (performance.now() - started) / 1_000,
    cpuMs: endedChildrenMs() - cpuBefore,
    growthMB: [...memory.values()].reduce((sum, each) => sum + each, 0),
    loopP99: NaN,
  };
}

/** 0: it has ended. */
function memoryOf(pid: number): number {
  try {
    return memoryMB(pid, 'VmRSS') || 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}

const MS_PER_TICK = 10;

/** User and system time of our children that have ended. */
function endedChildrenMs(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ') ?? [];
  return fields.slice(13, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * MS_PER_TICK;
}

/** `dicom-out` in a real Node-RED, in a flow that gives it the names of files. */
export function ourOut(mode: DicomOutSettings['mode']): SenderKind {
  return {
    name: `dicom-out, ${mode}`,
    async start() {
      const probe = loopProbe();
      const nodeRed = await startNodeRed({ env: probe.env, settings: { apiMaxLength: '50mb' } });
      let deployed = '';
      return {
        async send(port, { paths }, associations) {
          const key = `${port} ${associations}`;
          if (deployed !== key) await nodeRed.deploy(sendingFlow(port, associations, mode));
          deployed = key;
          await probe.read(nodeRed);
          await pause(IDLE_MS);
          const idle = await probe.read(nodeRed);
          const memoryBefore = memoryMB(nodeRed.pid, 'VmRSS');
          let most = memoryBefore;
          const sampling = setInterval(
            () => (most = Math.max(most, memoryMB(nodeRed.pid, 'VmRSS'))),
            SAMPLE_MS,
          );
          const cpuBefore = cpuMilliseconds(nodeRed.pid);
          const started = performance.now();
          try {
            const response = await fetch(`${nodeRed.url}/send`, {
              method: 'POST',
              headers: { 'Content-Type': 'application/json' },
              body: JSON.stringify(paths),
            });
            const seconds = (performance.now() - started) / 1_000;
            const text = await response.text();
            if (text !== 'sent') throw new Error(`dicom-out: ${text.slice(0, 200)}`);
            const cpuMs = cpuMilliseconds(nodeRed.pid) - cpuBefore;
            const { p99 } = await probe.read(nodeRed);
            const loopP99 = Math.max(0, p99 - idle.p99);
            return { seconds, cpuMs, growthMB: most - memoryBefore, loopP99 };
          } finally {
            clearInterval(sampling);
          }
        },
        async stop() {
          await nodeRed.stop();
          probe.remove();
        },
      };
    },
  };
}

/** The nodes of one peer. */
export function benchPeer(id: string, port: number, associations = 1): FlowNode {
  return {
    ...DICOM_PEER.defaults,
    id,
    type: 'dicom-peer',
    // Not its id: Node-RED would take that for a reference to itself.
    name: `to ${port}`,
    host: '127.0.0.1',
    port: String(port),
    maxAssociations: associations,
  };
}

/** A flow that gets names of files over HTTP, sends a message for each, and answers when all are sent. */
function sendingFlow(port: number, associations: number, mode: DicomOutSettings['mode']): FlowNode[] {
  // What comes back is the outcome: in mode wait from the first output, else from the second one.
  const back = mode === 'wait' ? [['feed'], ['feed']] : [[], ['feed']];
  return [
    { id: TAB, type: 'tab', label: 'bench' },
    benchPeer('archive', port, associations),
    flowNode('in', 'http in', { url: '/send', method: 'post', wires: [['feed']] }),
    flowNode('feed', 'function', {
      func: `
        let run = context.get('run');
        if (msg.req) {
          run = { request: msg, files: msg.payload, next: 0, left: msg.payload.length };
          context.set('run', run);
          const first = run.files.slice(0, ${WINDOW});
          run.next = first.length;
          return [first.map((filename) => ({ filename })), null];
        }
        run.left -= 1;
        if (msg.error) {
          run.next = Infinity;
          run.request.payload = msg.error.message;
          return [null, run.request];
        }
        if (run.left === 0) {
          run.request.payload = 'sent';
          return [null, run.request];
        }
        if (run.next < run.files.length) return [{ filename: run.files[run.next++] }, null];`,
      outputs: 2,
      wires: [['out'], ['answer']],
    }),
    flowNode('out', 'dicom-out', {
      ...DICOM_OUT.defaults,
      peer: 'archive',
      mode,
      outputFailures: true,
      outputs: 2,
      wires: back,
    }),
    flowNode('answer', 'http response', { wires: [] }),
  ];
}
