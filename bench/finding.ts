/** C-FIND with 5 000 matches: dicom-query beside findscu, by turns. `npm run bench -- --retrieve` */
import { spawn } from 'node:child_process';
import { encodeIdentifier } from '../src/dicom';
import type { QueryEnd } from '../src/query';
import { peerSettings, SenderHost } from '../src/sender';
import { DICOM_PEER } from '../src/settings';
import { MisbehavingScp, type StoredObject } from '../test/support/peers/misbehaving-scp';
import { commandSet, dataTF, EXPLICIT, pdv } from '../test/support/connections/pdus';
import { number, table } from './support/markdown';
import { median } from './support/median';
import { forgetPeak, memoryMB } from './support/proc';

const MATCHES = 5_000;
const STUDY = '1.2.3';
const SAMPLE_MS = 5;

interface Found {
  milliseconds: number;
  /** Of a program all of its memory, of what is there already what it grew by at most. */
  megabytes: number;
}
type Contestant = (port: number, matches: number) => Promise<Found>;

/** Matches per second, as markdown. @param scale a part of the matches, to see that it works */
export async function compareFinding(rounds: number, scale: number): Promise<string> {
  const matches = Math.max(1, Math.round(MATCHES * scale));
  // All that it says is there before it is asked: what is measured is who asks.
  const known = new Map<string, Buffer>();
  const answer = (asked: StoredObject): Buffer => {
    const { contextId, messageId, sopClassUID } = asked;
    const name = [contextId, messageId, sopClassUID].join(' ');
    const bytes = known.get(name) ?? answers(asked, matches);
    known.set(name, bytes);
    return bytes;
  };
  const scp = await MisbehavingScp.listen({ store: answer });
  const query = asking(scp.port);
  try {
    // Not measured: Node-RED runs for weeks.
    await query.find(scp.port, matches);
    await byFindscu('-q')(scp.port, matches);
    const contestants: Record<string, Contestant> = {
      'findscu, which prints them': byFindscu(),
      'findscu -q, which prints nothing': byFindscu('-q'),
      'dicom-query': query.find,
    };
    const all = new Map<string, Found[]>(Object.keys(contestants).map((name) => [name, []]));
    for (let round = 0; round < rounds; round += 1)
      for (const [name, find] of Object.entries(contestants))
        all.get(name)?.push(await find(scp.port, matches));
    const figures = Array.from(all, ([name, found]) => ({
      name,
      perSecond: (1_000 * matches) / median(found.map(({ milliseconds }) => milliseconds)),
      megabytes: median(found.map(({ megabytes }) => megabytes)),
    }));
    const [{ perSecond: theirs } = { perSecond: NaN }] = figures;
    const rows = figures.map(({ name, perSecond, megabytes }) => [
      name,
      number(perSecond, 0),
      number(perSecond / theirs, 2),
      number(megabytes, 0),
    ]);
    const title = `### C-FIND with ${matches} matches, ${rounds} rounds`;
    return `${title}\n\n${table(['', 'matches/s', '× findscu', 'MB'], rows)}`;
  } finally {
    await query.stop();
    await scp.stop();
  }
}

/** All responses to a query. */
function answers(asked: StoredObject, matches: number): Buffer {
  const command = (status: number, dataSet: number): Buffer =>
    commandSet({
      0x0002: asked.sopClassUID,
      0x0100: 0x8020,
      0x0120: asked.messageId,
      0x0800: dataSet,
      0x0900: status,
    });
  const pending = pdv(asked.contextId, 0b11, command(0xff00, 0));
  const responses = Array.from({ length: matches }, (_, at) =>
    dataTF(pending, pdv(asked.contextId, 0b10, encodeIdentifier(match(at), EXPLICIT))),
  );
  return Buffer.concat([...responses, dataTF(pdv(asked.contextId, 0b11, command(0, 0x0101)))]);
}

const match = (at: number): object => ({
  QueryRetrieveLevel: 'IMAGE',
  StudyInstanceUID: STUDY,
  SeriesInstanceUID: `${STUDY}.1`,
  SOPInstanceUID: `${STUDY}.1.${at}`,
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
  InstanceNumber: String(at),
  ContentDate: '20260101',
  ContentTime: '120000',
  Rows: 512,
  Columns: 512,
});

function byFindscu(...options: string[]): Contestant {
  return async (port, matches) => {
    const began = performance.now();
    const keys = ['QueryRetrieveLevel=IMAGE', `StudyInstanceUID=${STUDY}`, `SeriesInstanceUID=${STUDY}.1`];
    const args = ['-S', ...options, ...keys.flatMap((key) => ['-k', key]), '127.0.0.1', String(port)];
    const child = spawn('findscu', args, {
      env: { ...process.env, TCP_NODELAY: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let printed = 0;
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (bytes: Buffer) => (printed += bytes.length));
    let megabytes = 0;
    const { pid = 0 } = child;
    const sampling = setInterval(() => (megabytes = Math.max(megabytes, memoryIfThere(pid))), SAMPLE_MS);
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    clearInterval(sampling);
    if (code !== 0) throw new Error(`findscu ended with ${code}`);
    if (!options.includes('-q') && printed < matches) throw new Error('findscu printed no matches');
    return { milliseconds: performance.now() - began, megabytes };
  };
}

/** 0: it has ended. */
function memoryIfThere(pid: number): number {
  try {
    return memoryMB(pid, 'VmHWM') || 0;
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return 0;
    throw error;
  }
}

/** As in Node-RED, the worker is there already, and all matches come to the main thread as JSON. */
function asking(port: number): { find: Contestant; stop: () => Promise<void> } {
  const sender = new SenderHost(
    () => undefined,
    (error) => {
      throw error;
    },
  );
  const settings = { ...DICOM_PEER.defaults, host: '127.0.0.1', port };
  sender.addPeer({ id: 'p', name: 'p', settings: peerSettings(settings) }, { state: () => undefined });
  const find: Contestant = async (_port, matches) => {
    forgetPeak(process.pid);
    const before = memoryMB(process.pid, 'VmRSS');
    const began = performance.now();
    let parsed = 0;
    const end = await new Promise<QueryEnd>((ended) =>
      sender.query({
        ...{ id: 'q', peer: 'p', model: 'study', level: 'image', limit: matches + 1, ended },
        keys: JSON.stringify({ StudyInstanceUID: STUDY, SeriesInstanceUID: `${STUDY}.1` }),
        extensions: { relational: false, combinedDateTime: false, fuzzy: false },
        matches: (found) => {
          for (const json of found) parsed += Number(JSON.parse(json) !== undefined);
          return Promise.resolve();
        },
      }),
    );
    const milliseconds = performance.now() - began;
    if (end.kind !== 'done' || parsed !== matches) throw new Error(JSON.stringify(end));
    return { milliseconds, megabytes: memoryMB(process.pid, 'VmHWM') - before };
  };
  return { find, stop: () => sender.stop() };
}
