/**
 * De-identification, file to file and synced, beside dcmjs and gdcmanon: `npm run bench -- --deidentify`. Whole processes of
 * gdcmanon; all of dcmjs's cleaning in one process, without a sync.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EditHost, hasFailed, type DeidentifyHow } from '../src/edit';
import { DICOM_IN } from '../src/settings';
import { median } from './support/median';
import { ObjectFiles } from './support/object-files';
import { cpuMilliseconds, forgetPeak, memoryMB } from './support/proc';
import { ct512K, multiFrame1G, sr5K, type Work } from './support/work';

const ROUNDS = 3;
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

async function ours(
  host: EditHost,
  paths: readonly string[],
  round: number,
  words: readonly string[] = [],
): Promise<number> {
  let next = 0;
  let back = 0;
  const work = async (): Promise<void> => {
    for (let path = paths[next]; path !== undefined; path = paths[next]) {
      next += 1;
      const made = await host.ask(
        'deidentify',
        { place: { kind: 'file', path } },
        undefined,
        how(round, words),
      );
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
    writeFileSync(join(folder, 'dcmjs.dcm'), Buffer.from(file.write()));
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
    await ours(host, files.paths.slice(0, 50), -1, words);
    const rounds: Record<string, Figures[]> = { ours: [], dcmjs: [], gdcmanon: [] };
    let back = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const few = files.paths.slice(0, 20);
      rounds['ours']?.push(
        await measure(count, async () => {
          back = await ours(host, files.paths, round, words);
        }),
      );
      rounds['dcmjs']?.push(await measure(few.length, () => theirs(few)));
      rounds['gdcmanon']?.push(await measure(few.length, () => gdcmanon(few)));
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
    await ours(host, [], 0);
    forgetPeak(process.pid);
    const before = memoryMB(process.pid, 'VmRSS');
    const figures = await measure(1, async () => void (await ours(host, files.paths, 0)));
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
