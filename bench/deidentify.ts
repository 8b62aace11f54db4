/**
 * De-identification: `npm run bench -- --deidentify`. In memory, from Buffer to Buffer, beside dcmjs; file to file, synced, beside
 * whole processes of gdcmanon, which sync nothing.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EditHost, hasFailed, type DeidentifyHow, type GivenPlace } from '../src/edit';
import { DICOM_IN } from '../src/settings';
import { median } from './support/median';
import { ObjectFiles } from './support/object-files';
import { cpuMilliseconds, forgetPeak, memoryMB } from './support/proc';
import { ct512K, multiFrame1G, sr5K, type Work } from './support/work';

const ROUNDS = 5;
const AT_ONCE = 4;
const folder = mkdtempSync(join(tmpdir(), 'bench-deidentify-'));

/** The part of dcmjs that is measured; it ships no types. */
interface Dcmjs {
  log: { setLevel(level: 'silent'): void };
  anonymizer: { cleanTags(dict: object): void };
  data: { DicomMessage: { readFile(bytes: ArrayBuffer): { dict: object; write(): ArrayBuffer } } };
}
const dcmjs = createRequire(__filename)('dcmjs') as Dcmjs;

function how(round: number, allowedWords: readonly string[]): DeidentifyHow {
  const { settings: payload } = DICOM_IN.parse({ includeTagsNode: false });
  return {
    options: ['retain-modified-dates', 'clean-descriptors', 'clean-structured-content'],
    secret: 'a secret of the bench, long enough',
    allowedWords,
    alsoPass: [],
    pseudonym: undefined,
    payload,
    output: {
      directory: join(folder, `round-${round}`),
      filenameTemplate: '{SeriesInstanceUID}/{SOPInstanceUID}.dcm',
    },
    keptBackDirectory: join(folder, 'kept-back'),
  };
}

interface Figures {
  perSecond: number;
  /** Of the process, for each object. */
  cpuMs: number;
}

const shown = ({ perSecond, cpuMs }: Figures): string =>
  `${perSecond.toFixed(0)}/s, ${cpuMs.toFixed(2)} ms CPU`;

async function measure(count: number, run: () => Promise<void> | void): Promise<Figures> {
  const [cpu, start] = [cpuMilliseconds(process.pid), performance.now()];
  await run();
  const seconds = (performance.now() - start) / 1_000;
  return { perSecond: count / seconds, cpuMs: (cpuMilliseconds(process.pid) - cpu) / count };
}

function medianOf(figures: readonly Figures[]): Figures {
  return {
    perSecond: median(figures.map(({ perSecond }) => perSecond)),
    cpuMs: median(figures.map(({ cpuMs }) => cpuMs)),
  };
}

const inFile = (path: string): GivenPlace => ({ kind: 'file', path });
const inMemory = (path: string): GivenPlace => ({ kind: 'bytes', bytes: readFileSync(path) });

async function ours(
  host: EditHost,
  paths: readonly string[],
  placeOf: typeof inFile,
  round: number,
  words: readonly string[] = [],
): Promise<number> {
  let next = 0;
  let back = 0;
  const work = async (): Promise<void> => {
    for (let path = paths[next]; path !== undefined; path = paths[next]) {
      next += 1;
      const made = await host.ask('deidentify', { place: placeOf(path) }, undefined, how(round, words));
      if (hasFailed(made)) throw new Error(made.failure.text);
      back += Number('keptBack' in made);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return back;
}

function theirs(paths: readonly string[]): void {
  for (const path of paths) {
    const bytes = readFileSync(path);
    const file = dcmjs.data.DicomMessage.readFile(new Uint8Array(bytes).buffer);
    dcmjs.anonymizer.cleanTags(file.dict);
    Buffer.from(file.write());
  }
}

function gdcmanon(paths: readonly string[]): void {
  for (const path of paths)
    spawnSync('gdcmanon', ['-e', '-c', join(folder, 'certificate.pem'), path, join(folder, 'gdcmanon.dcm')]);
}

async function compare(work: Work, count: number): Promise<void> {
  const files = ObjectFiles.of(work, count);
  // Those of a report, so that it is not kept back.
  const words =
    work.filling > 0 ? [] : [...new Set(work.dataSet.toString('latin1').match(/[A-Za-z0-9_'-]+/g))];
  const host = new EditHost(() => undefined, console.error);
  host.addUser(files);
  try {
    const few = files.paths.slice(0, 50);
    await ours(host, few, inFile, -1, words);
    theirs(few);
    const rounds: Record<string, Figures[]> = {};
    const measured = async (name: string, count: number, run: () => Promise<void> | void): Promise<void> => {
      (rounds[name] ??= []).push(await measure(count, run));
    };
    let back = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      await measured('dcmjs, in memory', few.length, () => theirs(few));
      await measured('ours, in memory', count, async () => {
        await ours(host, files.paths, inMemory, round, words);
      });
      await measured('gdcmanon, file to file', few.length, () => gdcmanon(few));
      await measured('ours, file to file, synced', count, async () => {
        back = await ours(host, files.paths, inFile, round, words);
      });
      rmSync(join(folder, `round-${round}`), { recursive: true, force: true });
    }
    console.log(`${work.name}${back > 0 ? ` (${back} of ${count} kept back)` : ''}`);
    for (const [name, figures] of Object.entries(rounds))
      console.log(`  ${name}: ${shown(medianOf(figures))}`);
  } finally {
    await host.removeUser(files);
    files.remove();
  }
}

async function large(): Promise<void> {
  const files = ObjectFiles.of(multiFrame1G(), 1);
  const host = new EditHost(() => undefined, console.error);
  host.addUser(files);
  try {
    await ours(host, [], inFile, 0);
    forgetPeak(process.pid);
    const before = memoryMB(process.pid, 'VmRSS');
    const figures = await measure(1, async () => void (await ours(host, files.paths, inFile, 0)));
    const peak = memoryMB(process.pid, 'VmHWM');
    console.log(
      `1 GB: ${(1 / figures.perSecond).toFixed(1)} s, ${(peak - before).toFixed(0)} MB more at most`,
    );
  } finally {
    await host.removeUser(files);
    files.remove();
  }
}

async function main(): Promise<void> {
  dcmjs.log.setLevel('silent');
  mkdirSync(folder, { recursive: true });
  const subject = ['-subj', '/CN=bench', '-days', '2', '-nodes', '-newkey', 'rsa:2048'];
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  spawnSync('openssl', ['req', '-x509', ...subject, '-keyout', key, '-out', certificate]);
  try {
    await compare(ct512K(), 500);
    await compare(sr5K(), 500);
    await large();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

void main();
