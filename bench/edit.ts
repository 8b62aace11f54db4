/** Ten attributes of an object set, by dicom-edit, dcmjs and dcmodify: `npm run bench -- --edit`. The same objects, by turns. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EditTask } from '../src/edit';
// The worker's part, without its thread.
// eslint-disable-next-line no-restricted-imports
import { edit } from '../src/edit/edit';
import { payloadOf } from '../src/message';
import { DICOM_IN } from '../src/settings';
import { corpus } from '../test/support/objects/corpus';
import { table } from './support/markdown';

/** The part of dcmjs that is measured; it ships no types. */
interface Dcmjs {
  log: { setLevel(level: 'silent'): void };
  data: {
    DicomMessage: { readFile(bytes: ArrayBuffer): { dict: object; write(): ArrayBuffer } };
    DicomMetaDictionary: {
      naturalizeDataset(dict: object): Record<string, unknown>;
      denaturalizeDataset(dataset: object): object;
    };
  };
}
const { data: dcmjs, log } = createRequire(__filename)('dcmjs') as Dcmjs;

const OBJECTS = {
  'CT of 512 KB, 211 elements': 'good/ct/dicom-numpy__CT25.dcm',
  'SR of 5 KB': 'good/sr-comprehensive/pydicom__test-SR.dcm',
};
/** Those that are there become others, two are added. */
const VALUES: Readonly<Record<string, string>> = {
  PatientID: 'P-4711',
  PatientName: 'Doe^Jane',
  PatientBirthDate: '19700102',
  PatientSex: 'O',
  AccessionNumber: 'A-4711',
  StudyDate: '20260131',
  StudyID: '77',
  SeriesNumber: '7',
  InstitutionName: 'Hospital',
  PatientComments: 'edited',
};
const ROUNDS = 7;
const ROUND_MS = 400;
/** Files of one run of dcmodify. */
const FILES = 200;

const TASK: EditTask = {
  rules: Object.entries(VALUES).map(([path, value]) => ({
    rule: { op: 'set', path, value, valueType: 'str' },
    value: { kind: 'value', value },
  })),
  apply: 'buffer',
  directory: '',
  payload: payloadOf(DICOM_IN.defaults),
};

/** What is measured, in microseconds: of this process its CPU time, which others on the machine do not change; of others the time. */
interface Contestant {
  turn: () => unknown;
  clock: () => number;
}
const cpu = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};
const elapsed = (): number => performance.now() * 1_000;
const here = (turn: () => unknown): Contestant => ({ turn, clock: cpu });

/** Microseconds of one turn of each, by turns, so that a busy moment of the machine meets all of them; the best of the rounds. */
async function race(contestants: Readonly<Record<string, Contestant>>): Promise<Record<string, number>> {
  const best: Record<string, number> = {};
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [name, { turn, clock }] of Object.entries(contestants)) {
      const [start, until] = [clock(), performance.now() + ROUND_MS];
      let count = 0;
      do {
        await turn();
        count += 1;
      } while (performance.now() < until);
      // The first round warms up.
      if (round > 0) best[name] = Math.min(best[name] ?? Infinity, (clock() - start) / count);
    }
  }
  return best;
}

function withDcmjs(file: ArrayBuffer): ArrayBuffer {
  const object = dcmjs.DicomMessage.readFile(file);
  const dataset = { ...dcmjs.DicomMetaDictionary.naturalizeDataset(object.dict), ...VALUES };
  object.dict = dcmjs.DicomMetaDictionary.denaturalizeDataset(dataset);
  return object.write();
}

function dcmodify(paths: readonly string[]): void {
  const edits = Object.entries(VALUES).flatMap(([name, value]) => ['-i', `${name}=${value}`]);
  const { status, stderr } = spawnSync('dcmodify', ['-nb', ...edits, ...paths], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`dcmodify: ${stderr}`);
}

async function measure(title: string, bytes: Buffer, folder: string): Promise<string> {
  const arrayBuffer = new Uint8Array(bytes).buffer;
  const given = { place: { kind: 'bytes', bytes } } as const;
  const paths = Array.from({ length: FILES }, (_, index) => join(folder, `${index}.dcm`));
  for (const path of paths) writeFileSync(path, bytes);
  const times = await race({
    dcmjs: here(() => withDcmjs(arrayBuffer)),
    'dicom-edit, new object and message': here(() => edit(given, undefined, TASK)),
    'dicom-edit, pending changes and message': here(() =>
      edit(given, undefined, { ...TASK, apply: 'pending' }),
    ),
    'dcmodify, a process for each file': { turn: () => dcmodify(paths.slice(0, 1)), clock: elapsed },
  });
  const start = performance.now();
  dcmodify(paths);
  times[`dcmodify, ${FILES} files in one process`] = ((performance.now() - start) * 1_000) / FILES;
  const reference = times['dcmjs'] ?? NaN;
  const rows = Object.entries(times).map(([name, time]) => [
    name,
    time.toFixed(0),
    `${(reference / time).toFixed(1)} ×`,
  ]);
  return `### ${title} (${bytes.length} bytes)\n\n${table(['ten attributes set by', 'µs', 'as fast as dcmjs'], rows)}\n`;
}

async function main(): Promise<void> {
  log.setLevel('silent');
  const folder = mkdtempSync(join(tmpdir(), 'bench-edit-'));
  try {
    for (const [title, file] of Object.entries(OBJECTS))
      console.log(await measure(title, readFileSync(join(corpus, file)), folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

void main();
