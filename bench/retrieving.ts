/** C-GET of one study from dcmqrscp: dicom-retrieve beside getscu, by turns. `npm run bench -- --retrieve` */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
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

/** Resolves with milliseconds: of what is there already, as Node-RED is, the start does not count. */
type Contestant = (port: number, folder: string, slices: number) => Promise<number>;

/** Objects per second, as markdown. @param scale a part of the slices, to see that it works */
export async function compareRetrieving(rounds: number, scale: number): Promise<string> {
  const slices = Math.max(1, Math.round(SLICES * scale));
  const folder = mkdtempSync(join(tmpdir(), 'bench-retrieve-'));
  const scps = new Scps();
  try {
    const { port, folder: storage } = await scps.dcmqrscp();
    await run('dcmqridx', [storage, ...madeStudy(storage, STUDY, slices, { pixelBytes: SLICE_BYTES })]);
    const contestants: Record<string, Contestant> = {
      getscu: byGetscu,
      'dicom-retrieve, disk': byNode('disk'),
      'dicom-retrieve, disk-synced': byNode('disk-synced'),
    };
    const perSecond = new Map<string, number[]>(Object.keys(contestants).map((name) => [name, []]));
    for (let round = 0; round < rounds; round += 1)
      for (const [name, contestant] of Object.entries(contestants)) {
        const place = join(folder, String(round), name.replaceAll(/\W/g, '-'));
        mkdirSync(place, { recursive: true });
        perSecond.get(name)?.push((1_000 * slices) / (await contestant(port, place, slices)));
        rmSync(place, { recursive: true });
      }
    const figures = Array.from(perSecond, ([name, each]) => [name, median(each)] as const);
    const [[, theirs] = ['', NaN]] = figures;
    const rows = figures.map(([name, each]) => [name, number(each, 0), number(each / theirs, 2)]);
    const title = `### C-GET of ${slices} slices of 512 KB from dcmqrscp, ${rounds} rounds`;
    return `${title}\n\n${table(['', 'objects/s', '× getscu'], rows)}`;
  } finally {
    await scps.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function byGetscu(port: number, folder: string, slices: number): Promise<number> {
  const began = performance.now();
  const keys = ['-k', 'QueryRetrieveLevel=STUDY', '-k', `StudyInstanceUID=${STUDY}`];
  const { output } = await run('getscu', [
    ...['-S', '+B', '-od', folder, '-aec', 'ARCHIVE', ...keys],
    ...['127.0.0.1', String(port)],
  ]);
  if (readdirSync(folder).length !== slices) throw new Error(`getscu: ${output}`);
  return performance.now() - began;
}

/** Until the flow would have all messages, too. */
function byNode(queue: string): Contestant {
  return async (port, queueDirectory, slices) => {
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
      { id: 'n', settings: retrievedSettings(parsed.settings), queueDirectory },
      {
        message: () => {
          messages += 1;
          if (messages === slices) told();
        },
        state: (state) => {
          if (state.isOpen) opened();
        },
        fault: ({ kind }) => fail(new Error(kind)),
      },
    );
    const all = new Promise<void>((resolve) => (told = resolve));
    await isOpen;
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
    const milliseconds = performance.now() - began;
    await sender.stop();
    return milliseconds;
  };
}
