import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { python } from '../../support/needs';
import type { Model } from './compare';

const LARGEST_OUTPUT = 512 * 1024 * 1024;
const PUBLIC_DICTIONARY = ['/usr/share/libdcmtk17/dicom.dic', '/usr/share/libdcmtk/dicom.dic'].find(
  existsSync,
);

/** DCMTK's private dictionary would give private attributes a VR that the object does not; PS3.5 says UN. */
const environment = {
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
  return { model: JSON.parse(stdout) as Model };
}

/** The script stays where it is written: only TypeScript is compiled to dist. */
const SCRIPT = resolve(__dirname, '..', '..', '..', '..', 'test', 'dicom', 'support', 'pydicom_json.py');

/** pydicom's to_json_dict of several files, in one process. */
export function pydicom(paths: string[]): Map<string, Model> {
  const output = execFileSync(python, [SCRIPT], {
    encoding: 'utf8',
    maxBuffer: LARGEST_OUTPUT,
    input: paths.join('\n'),
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  return new Map(
    output
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as [string, Model]),
  );
}
