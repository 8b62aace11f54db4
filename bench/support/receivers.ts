import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TAB, flowNode, dicomIn } from '../../test/support/flows';
import { freePort } from '../../test/support/free-port';
import { startNodeRed, type FlowNode } from '../../test/support/node-red';

/** A receiver that runs. */
export interface Receiver {
  port: number;
  /** Processes whose CPU time is the receiver's. */
  pid: number;
  /** Resolves once everything that was received has been dealt with. */
  settled(received: number): Promise<void>;
  stop(): Promise<void>;
}

export interface ReceiverKind {
  name: string;
  /** Undefined: it can run here. Otherwise how to get it. */
  missing?: string;
  start(): Promise<Receiver>;
}

/** `dicom-in` in a real Node-RED, with a flow that counts its messages. */
export function ourNode(queue: string): ReceiverKind {
  return {
    name: `dicom-in ${queue}`,
    async start() {
      const port = await freePort();
      const nodeRed = await startNodeRed({ flows: countingFlow(port, queue) });
      await nodeRed.waitForLine(/listening on/);
      const count = async (): Promise<number> => Number(await (await fetch(`${nodeRed.url}/count`)).text());
      let before = 0;
      return {
        port,
        pid: nodeRed.pid,
        async settled(received) {
          while ((await count()) < before + received) await pause(20);
          before = await count();
        },
        stop: async () => void (await nodeRed.stop()),
      };
    },
  };
}

function countingFlow(port: number, queue: string): FlowNode[] {
  return [
    { id: TAB, type: 'tab', label: 'bench' },
    dicomIn('bench', port, [['count']], { queue, maxQueued: '1000000' }),
    flowNode('count', 'function', {
      func: `global.set('n', (global.get('n') || 0) + 1);`,
      outputs: 0,
      wires: [],
    }),
    flowNode('in', 'http in', { url: '/count', method: 'get', wires: [['read']] }),
    flowNode('read', 'function', {
      func: `msg.payload = String(global.get('n') || 0); return msg;`,
      outputs: 1,
      wires: [['out']],
    }),
    flowNode('out', 'http response', { wires: [] }),
  ];
}

/** DCMTK's storescp, a process for each association, which keeps the bytes as they come and does not sync. TCP_NODELAY, or it stalls 40 ms an object. */
export const storescp: ReceiverKind = {
  name: 'storescp',
  ...missingUnless('storescp', 'apt install dcmtk'),
  async start() {
    const folder = mkdtempSync(join(tmpdir(), 'bench-storescp-'));
    const port = await freePort();
    const child = spawn('storescp', ['--fork', '--bit-preserving', '-od', folder, String(port)], {
      env: { ...process.env, TCP_NODELAY: '1' },
      stdio: 'ignore',
    });
    return external(child, port, folder);
  },
};

/** Orthanc as Debian packages it, with its defaults: it syncs what it stores, and has a database beside. */
export const orthanc: ReceiverKind = {
  name: 'Orthanc',
  ...missingUnless('Orthanc', 'apt install orthanc'),
  async start() {
    const folder = mkdtempSync(join(tmpdir(), 'bench-orthanc-'));
    const [port, httpPort] = await Promise.all([freePort(), freePort()]);
    const config = join(folder, 'orthanc.json');
    writeFileSync(
      config,
      JSON.stringify({
        StorageDirectory: folder,
        IndexDirectory: folder,
        DicomPort: port,
        HttpPort: httpPort,
      }),
    );
    const child = spawn('Orthanc', [config], { stdio: 'ignore', env: { ...process.env, TCP_NODELAY: '1' } });
    return external(child, port, folder);
  },
};

async function external(child: ChildProcess, port: number, folder: string): Promise<Receiver> {
  await answers(port);
  return {
    port,
    pid: child.pid ?? -1,
    // A process that served an association counts once it has ended.
    settled: () => pause(100),
    async stop() {
      const ended = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function answers(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (open) return;
    await pause(50);
  }
  throw new Error(`nothing answers on port ${port}`);
}

function missingUnless(command: string, how: string): { missing?: string } {
  const found = spawnSync('which', [command]).status === 0 || existsSync(`/usr/sbin/${command}`);
  return found ? {} : { missing: how };
}

/** User and system time of a process, its threads and its ended children, in milliseconds (proc(5), 100 ticks a second). */
export function cpuMilliseconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * 10;
}

export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));
