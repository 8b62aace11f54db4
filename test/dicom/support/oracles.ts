import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { python } from '../../support/machine/needs';
import type { Model } from './compare';

const LARGEST_OUTPUT = 512 * 1024 * 1024;
const PUBLIC_DICTIONARY = ['/usr/share/libdcmtk17/dicom.dic', '/usr/share/libdcmtk/dicom.dic'].find(
  existsSync,
);

/** DCMTK's private dictionary would give private attributes a VR that the object does not; PS3.5 says UN. */
export const environment = {
  ...process.env,
  ...(PUBLIC_DICTIONARY !== undefined && { DCMDICTPATH: PUBLIC_DICTIONARY }),
};

/** DCMTK's dcm2json: the model, or why it refuses. It refuses encapsulated pixel data, which is cut out of a copy then. */
export function dcm2json(path: string): { model: Model } | { refused: string } {
  const first = run(path);
  if ('model' in first) return first;
  const folder = mkdtempSync(join(tmpdir(), 'dcm2json-'));
  try {
    const copy = join(folder, 'copy.dcm');
    copyFileSync(path, copy);
    chmodSync(copy, 0o600);
    const cut = spawnSync('dcmodify', ['-q', '-nb', '-ea', '(7fe0,0010)', copy], { env: environment });
    return cut.status === 0 ? run(copy) : first;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function run(path: string): { model: Model } | { refused: string } {
  const { status, stdout, stderr } = spawnSync('dcm2json', ['-fc', path], {
    encoding: 'utf8',
    maxBuffer: LARGEST_OUTPUT,
    env: environment,
  });
  if (status !== 0 || stdout === '')
    return { refused: stderr.trim().split('\n').at(-1) ?? `status ${status}` };
  return parsed(stdout);
}

/** What an implementation writes may be no JSON: dcm2json writes the text of a DS or IS as it is. Then it has not read the object. */
export function parsed(text: string): { model: Model } | { refused: string } {
  try {
    return { model: JSON.parse(text) as Model };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { refused: 'what it writes is no JSON' };
  }
}

/** The script stays where it is written: only TypeScript is compiled to dist. */
const SCRIPT = resolve(__dirname, '..', '..', '..', '..', 'test', 'dicom', 'support', 'pydicom_json.py');

/** pydicom's to_json_dict of several files, in one process; without those that it cannot do. */
export function pydicom(paths: string[]): Map<string, Model> {
  const output = execFileSync(python, [SCRIPT], {
    encoding: 'utf8',
    maxBuffer: LARGEST_OUTPUT,
    input: paths.join('\n'),
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const models = new Map<string, Model>();
  for (const line of output.split('\n')) {
    const end = line.indexOf('\t');
    const found = end < 0 ? undefined : parsed(line.slice(end + 1));
    if (found !== undefined && 'model' in found) models.set(line.slice(0, end), found.model);
  }
  return models;
}
