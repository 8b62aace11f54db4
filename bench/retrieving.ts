/** C-GET of one study from dcmqrscp: dicom-retrieve beside getscu, by turns. `npm run bench -- --retrieve` */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  fdatasyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { retrievedSettings, type RetrieveEnd } from '../src/retrieve';
import { peerSettings, SenderHost } from '../src/sender';
import { DICOM_PEER, DICOM_RETRIEVE } from '../src/settings';
import { madeStudy } from '../test/support/objects/made-study';
import { Scps } from '../test/support/peers/scps';
import { run } from '../test/support/machine/run';
import { number, table } from './support/markdown';
import { median } from './support/median';
import { endedCpuMilliseconds, ownCpuMilliseconds } from './support/proc';

const STUDY = '1.2.3';
const SLICES = 1_000;
const SLICE_BYTES = 524_288;
const CT = '1.2.840.10008.5.1.4.1.1.2';
/** What runs for weeks is not measured while it is compiled, which goes on for thousands of slices. */
const WARM_UP_SLICES = 5_000;

/** Who retrieves, or what is compared with it. */
interface Contestant {
  name: string;
  /** Its code is compiled while it runs: the first slices take twice as long. */
  warmsUp?: boolean;
  /** Resolves with milliseconds. */
  get(this: void, slices: number): Promise<number>;
  /** Of whoever retrieves, in milliseconds, so far. */
  cpu?: (this: void) => number;
  stop(): Promise<void>;
}

/** Of one slice. */
interface Figures {
  milliseconds: number;
  /** NaN: nobody counts it. */
  cpu: number;
}

/** Objects per second, as markdown. @param scale a part of the slices, to see that it works */
export async function compareRetrieving(rounds: number, scale: number): Promise<string> {
  const slices = Math.max(1, Math.round(SLICES * scale));
  const folder = mkdtempSync(join(tmpdir(), 'bench-retrieve-'));
  const scps = new Scps();
  const contestants: Contestant[] = [];
  try {
    const { port, folder: storage } = await scps.dcmqrscp();
    await run('dcmqridx', [storage, ...madeStudy(storage, STUDY, slices, { pixelBytes: SLICE_BYTES })]);
    contestants.push(getscu(port, folder));
    for (const queue of ['memory', 'disk', 'disk-synced'])
      contestants.push(await dicomRetrieve(queue, port, folder));
    contestants.push(bareDisk(folder));
    const measured = new Map<string, Figures[]>(contestants.map(({ name }) => [name, []]));
    const first = new Map<string, Figures[]>();
    for (const contestant of contestants)
      for (let done = 0; done < (contestant.warmsUp === true ? WARM_UP_SLICES : 1); done += slices) {
        const figures = await measure(contestant, slices);
        if (done === 0 && contestant.warmsUp === true)
          first.set(`${contestant.name}, the first of a worker`, [figures]);
      }
    for (let round = 0; round < rounds; round += 1)
      for (const contestant of contestants) {
        // Nobody is to wait for what another one has left in the system's memory for the disk.
        spawnSync('sync');
        measured.get(contestant.name)?.push(await measure(contestant, slices));
      }
    const figures = [...measured, ...first].map(([name, each]): [string, Figures] => [
      name,
      {
        milliseconds: median(each.map(({ milliseconds }) => milliseconds)),
        cpu: median(each.map(({ cpu }) => cpu)),
      },
    ]);
    const theirs = figures[0]?.[1].milliseconds ?? NaN;
    const rows = figures.map(([name, { milliseconds, cpu }]) => [
      ...[name, number(1_000 / milliseconds, 0), number(theirs / milliseconds, 2)],
      Number.isNaN(cpu) ? '' : number(cpu, 2),
    ]);
    const title = `### C-GET of ${slices} slices of 512 KB from dcmqrscp, ${rounds} rounds`;
    return `${title}\n\n${table(['', 'objects/s', '× getscu', 'CPU ms/slice'], rows)}`;
  } finally {
    for (const contestant of contestants) await contestant.stop();
    await scps.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure({ get, cpu }: Contestant, slices: number): Promise<Figures> {
  const before = cpu?.() ?? NaN;
  const milliseconds = await get(slices);
  return { milliseconds: milliseconds / slices, cpu: ((cpu?.() ?? NaN) - before) / slices };
}

/** With its start, and without a sync: it leaves the files to the system. */
function getscu(port: number, folder: string): Contestant {
  const into = join(folder, 'getscu');
  return {
    name: 'getscu',
    cpu: endedCpuMilliseconds,
    get: async (slices) => {
      mkdirSync(into);
      const began = performance.now();
      const keys = ['-k', 'QueryRetrieveLevel=STUDY', '-k', `StudyInstanceUID=${STUDY}`];
      const { output } = await run('getscu', [
        ...['-S', '+B', '-od', into, '-aec', 'ARCHIVE', ...keys],
        ...['127.0.0.1', String(port)],
      ]);
      const milliseconds = performance.now() - began;
      if (readdirSync(into).length !== slices) throw new Error(`getscu: ${output}`);
      rmSync(into, { recursive: true });
      return milliseconds;
    },
    stop: () => Promise.resolve(),
  };
}

/** Until the flow would have all messages, too. */
async function dicomRetrieve(queue: string, port: number, folder: string): Promise<Contestant> {
  const fail = (error: unknown): void => {
    throw error;
  };
  const sender = new SenderHost(() => undefined, fail);
  const settings = { ...DICOM_PEER.defaults, host: '127.0.0.1', port, calledAET: 'ARCHIVE' };
  sender.addPeer({ id: 'p', name: 'p', settings: peerSettings(settings) }, { state: () => undefined });
  let messages = 0;
  let told = (): void => undefined;
  let opened = (): void => undefined;
  const isOpen = new Promise<void>((resolve) => (opened = resolve));
  const parsed = DICOM_RETRIEVE.parse({ method: 'get', queue, minFreeDiskMB: 0 });
  sender.addRetrieved(
    { id: 'n', settings: retrievedSettings(parsed.settings), queueDirectory: join(folder, queue) },
    {
      message: () => {
        messages += 1;
        told();
      },
      state: (state) => {
        if (state.isOpen) opened();
      },
      fault: ({ kind }) => fail(new Error(kind)),
    },
  );
  await isOpen;
  return {
    name: `dicom-retrieve, ${queue}`,
    warmsUp: true,
    cpu: ownCpuMilliseconds,
    get: async (slices) => {
      messages = 0;
      const all = new Promise<void>((resolve) => {
        told = () => {
          if (messages === slices) resolve();
        };
      });
      const began = performance.now();
      const target = { seriesInstanceUIDs: [], sopInstanceUIDs: [], sopClassUIDs: [CT], modalities: [] };
      const end = await new Promise<RetrieveEnd>((ended) =>
        sender.retrieve({
          ...{ id: 'r', peer: 'p', queue: 'n', messageId: 1 },
          targets: [{ studyInstanceUID: STUDY, ...target }],
          progress: () => undefined,
          ended,
        }),
      );
      if (end.kind !== 'done' || end.result.completed !== slices) throw new Error(JSON.stringify(end));
      await all;
      return performance.now() - began;
    },
    stop: () => sender.stop(),
  };
}

/** What `disk-synced` cannot be faster than, where each object waits for the disk: a file that grows, synced after each. */
function bareDisk(folder: string): Contestant {
  const bytes = Buffer.alloc(SLICE_BYTES, 1);
  const path = join(folder, 'bare');
  return {
    name: '512 KB written and synced, one after the other',
    get: (slices) => {
      const fd = openSync(path, 'w');
      const began = performance.now();
      for (let slice = 0; slice < slices; slice += 1) {
        writeSync(fd, bytes);
        fdatasyncSync(fd);
      }
      const milliseconds = performance.now() - began;
      closeSync(fd);
      rmSync(path);
      return Promise.resolve(milliseconds);
    },
    stop: () => Promise.resolve(),
  };
}
