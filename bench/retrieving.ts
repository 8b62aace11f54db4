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
import { madeStudy } from '../test/support/made-study';
import { Scps } from '../test/support/scps';
import { run } from '../test/support/senders';
import { number, table } from './support/markdown';
import { median } from './support/median';

const STUDY = '1.2.3';
const SLICES = 1_000;
const SLICE_BYTES = 524_288;
const CT = '1.2.840.10008.5.1.4.1.1.2';
/** Times all slices, as with dicom-in: what runs for weeks is not measured while it is compiled. */
const WARM_UP = 3;

/** Who retrieves, or what is compared with it. */
interface Contestant {
  name: string;
  /** Its code is compiled while it runs: the first slices take twice as long. */
  warmsUp?: boolean;
  /** Resolves with milliseconds. */
  get(this: void, slices: number): Promise<number>;
  stop(): Promise<void>;
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
    const perSecond = new Map<string, number[]>(contestants.map(({ name }) => [name, []]));
    const first = new Map<string, number[]>();
    for (const { name, warmsUp = false, get } of contestants)
      for (let run = 0; run < (warmsUp ? WARM_UP : 1); run += 1) {
        const each = (1_000 * slices) / (await get(slices));
        if (run === 0 && warmsUp) first.set(`${name}, the first of a worker`, [each]);
      }
    for (let round = 0; round < rounds; round += 1)
      for (const contestant of contestants) {
        // Nobody is to wait for what another one has left in the system's memory for the disk.
        spawnSync('sync');
        perSecond.get(contestant.name)?.push((1_000 * slices) / (await contestant.get(slices)));
      }
    const figures = [...perSecond, ...first].map(([name, each]) => [name, median(each)] as const);
    const [[, theirs] = ['', NaN]] = figures;
    const rows = figures.map(([name, each]) => [name, number(each, 0), number(each / theirs, 2)]);
    const title = `### C-GET of ${slices} slices of 512 KB from dcmqrscp, ${rounds} rounds`;
    return `${title}\n\n${table(['', 'objects/s', '× getscu'], rows)}`;
  } finally {
    for (const contestant of contestants) await contestant.stop();
    await scps.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** With its start, and without a sync: it leaves the files to the system. */
function getscu(port: number, folder: string): Contestant {
  const into = join(folder, 'getscu');
  return {
    name: 'getscu',
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
