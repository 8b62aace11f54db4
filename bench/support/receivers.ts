import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TAB, dicomIn, flowNode } from '../../test/support/node-red/flows';
import { freePort } from '../../test/support/machine/free-port';
import { startNodeRed, type FlowNode, type NodeRed } from '../../test/support/node-red/node-red';
import { loopProbe, type LoopDelays } from '../../test/support/node-red/loop-probe';
import type { Protocol } from './store-load';

/** A receiver that runs. */
export interface Receiver {
  port: number;
  /** The process whose CPU time and memory are the receiver's. */
  pid: number;
  protocol: Protocol;
  /** Resolves once everything that was received has been dealt with. */
  settled(received: number): Promise<void>;
  /** Deletes what it has kept, where it does not itself. */
  forget?(): void;
  /** Delays of Node-RED's main event loop since the last call. */
  loopDelays?(): Promise<LoopDelays>;
  stop(): Promise<void>;
}

export interface ReceiverKind {
  name: string;
  /** Undefined: it can run here. Otherwise how to get it. */
  missing?: string;
  /** One process, whose memory can be compared. */
  isOneProcess: boolean;
  /** It serves no more at a time; undefined: enough for every load. */
  maxAssociations?: number;
  /** It gets a fourth of the objects, for it needs several times as long: figures are per object and second. */
  isSlow?: boolean;
  start(): Promise<Receiver>;
}

/** `dicom-in` in a real Node-RED, with a flow that counts its messages. */
export function ourNode(queue: string): ReceiverKind {
  return {
    name: `dicom-in, ${queue}`,
    isOneProcess: true,
    async start() {
      const port = await freePort();
      const probe = loopProbe();
      const nodeRed = await startNodeRed({ flows: countingFlow(port, { queue }), env: probe.env });
      await nodeRed.waitForLine(/listening on/);
      let before = 0;
      return {
        port,
        pid: nodeRed.pid,
        protocol: 'dicom',
        async settled(received) {
          while ((await messageCount(nodeRed)) < before + received) await pause(20);
          before = await messageCount(nodeRed);
        },
        loopDelays: () => probe.read(nodeRed),
        async stop() {
          await nodeRed.stop();
          probe.remove();
        },
      };
    },
  };
}

/** A flow that counts messages, and tells how many at `/count`. */
export function countingFlow(port: number, settings: Record<string, unknown>): FlowNode[] {
  return [
    { id: TAB, type: 'tab', label: 'bench' },
    dicomIn('bench', port, [['count']], { maxQueued: '1000000', maxAssociations: '250', ...settings }),
    flowNode('count', 'function', {
      func: `global.set('n', (global.get('n') || 0) + 1);`,
      outputs: 0,
      wires: [],
    }),
    ...endpoint('/count', `msg.payload = String(global.get('n') || 0); return msg;`),
  ];
}

/** A flow that acknowledges its messages until `/stop-draining` is asked for. */
export function drainedFlow(port: number, settings: Record<string, unknown>): FlowNode[] {
  return [
    { id: TAB, type: 'tab', label: 'bench' },
    dicomIn('bench', port, [['gate']], { maxQueued: '1000000', ...settings }),
    flowNode('gate', 'function', {
      func: `return global.get('drains') === false ? null : msg;`,
      outputs: 1,
      wires: [['answer']],
    }),
    flowNode('answer', 'dicom-response', { status: '0000', wires: [] }),
    ...endpoint('/stop-draining', `global.set('drains', false); return msg;`),
  ];
}

/** Answers requests for this URL with what the function makes of them. */
function endpoint(url: string, func: string): FlowNode[] {
  return [
    flowNode('in', 'http in', { url, method: 'get', wires: [['handle']] }),
    flowNode('handle', 'function', { func, outputs: 1, wires: [['out']] }),
    flowNode('out', 'http response', { wires: [] }),
  ];
}

/** What `countingFlow` has counted. */
export async function messageCount({ url }: NodeRed): Promise<number> {
  return Number(await (await fetch(`${url}/count`)).text());
}

/**
 * DCMTK's storescp, which keeps the bytes as they come and does not sync; a process for each association, for without
 * `--fork` it serves one at a time. Without TCP_NODELAY it would stall 40 ms an object.
 */
export const storescp: ReceiverKind = {
  name: 'storescp',
  ...missingUnless('storescp', 'apt install dcmtk'),
  isOneProcess: false,
  async start() {
    let objects = '';
    const receiver = await external('storescp', (folder, port) => {
      objects = folder;
      return ['--fork', '--bit-preserving', '-od', folder, String(port)];
    });
    return {
      ...receiver,
      forget: () => {
        for (const name of readdirSync(objects)) rmSync(join(objects, name));
      },
    };
  },
};

/** The same, which throws away what it gets: for senders that are compared. */
export const storescpIgnoring: ReceiverKind = {
  name: 'storescp --ignore',
  ...missingUnless('storescp', 'apt install dcmtk'),
  isOneProcess: false,
  start: () =>
    external('storescp', (_folder, port) => ['--fork', '--bit-preserving', '--ignore', String(port)]),
};

/** Orthanc as Debian packages it, with its defaults: it syncs what it stores, and has a database beside. */
export const orthanc: ReceiverKind = {
  name: 'Orthanc',
  ...missingUnless('Orthanc', 'apt install orthanc'),
  isOneProcess: true,
  // DicomThreadsCount: further ones wait.
  maxAssociations: 4,
  isSlow: true,
  async start() {
    const httpPort = await freePort();
    return external('Orthanc', (folder, port) => {
      const config = join(folder, 'orthanc.json');
      const settings = {
        StorageDirectory: folder,
        IndexDirectory: folder,
        DicomPort: port,
        HttpPort: httpPort,
      };
      writeFileSync(config, JSON.stringify(settings));
      return [config];
    });
  },
};

/** dcmjs-dimse's own server, as its README has it. */
export const dimseServer: ReceiverKind = {
  name: 'dcmjs-dimse server',
  isOneProcess: true,
  isSlow: true,
  start: () =>
    external(process.execPath, (_folder, port) => [join(__dirname, 'dimse-server.js'), String(port)]),
};

/** A bare TCP server that writes what it reads to one file. */
export const floor: ReceiverKind = {
  name: 'bare TCP to file',
  isOneProcess: true,
  start: () =>
    external(
      process.execPath,
      (folder, port) => [join(__dirname, 'bare-server.js'), String(port), join(folder, 'bytes')],
      'bare',
    ),
};

async function external(
  command: string,
  args: (folder: string, port: number) => string[],
  protocol: Protocol = 'dicom',
): Promise<Receiver> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const port = await freePort();
  const env = { ...process.env, TCP_NODELAY: '1' };
  const child = spawn(command, args(folder, port), { env, stdio: 'ignore' });
  await answers(port, child);
  return {
    port,
    pid: child.pid ?? -1,
    protocol,
    // What it does after the last answer counts, too.
    settled: () => pause(100),
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = new Promise((resolve) => child.once('close', resolve));
        child.kill('SIGKILL');
        await ended;
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function answers(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 400 && child.exitCode === null; tries += 1) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (open) return;
    await pause(50);
  }
  child.kill('SIGKILL');
  throw new Error(`nothing answers on port ${port}`);
}

function missingUnless(command: string, how: string): { missing?: string } {
  const found = spawnSync('which', [command]).status === 0 || existsSync(`/usr/sbin/${command}`);
  return found ? {} : { missing: how };
}

export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));
