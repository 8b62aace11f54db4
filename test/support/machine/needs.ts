import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fakeClock } from './fake-clock';
import { postgresPrograms } from '../queues/postgres';

/** What a test may need beyond npm's packages, how to see that it is there, and how to get it. */
const TOOLS = {
  dcmtk: { present: () => commands('dcm2json', 'dcmdump', 'storescu', 'echoscu'), get: 'apt install dcmtk' },
  dicom3tools: { present: () => commands('dciodvfy'), get: 'apt install dicom3tools' },
  gdcm: { present: () => commands('gdcmconv'), get: 'apt install libgdcm-tools' },
  pydicom: { present: hasPydicom, get: 'apt install python3-pydicom' },
  chromium: {
    present: () => anyCommand('chromium', 'chromium-browser', 'google-chrome'),
    get: 'apt install chromium',
  },
  openssl: { present: () => commands('openssl'), get: 'apt install openssl' },
  haproxy: {
    present: () => anyCommand('haproxy') || existsSync('/usr/sbin/haproxy'),
    get: 'apt install haproxy',
  },
  orthanc: {
    present: () => anyCommand('Orthanc', 'orthanc') || existsSync('/usr/sbin/Orthanc'),
    get: 'apt install orthanc',
  },
  faketime: { present: () => fakeClock() !== undefined, get: 'apt install faketime' },
  pgbouncer: { present: () => existsSync('/usr/sbin/pgbouncer'), get: 'apt install pgbouncer' },
  postgres: { present: () => postgresPrograms() !== undefined, get: 'apt install postgresql' },
} as const;

export type Tool = keyof typeof TOOLS;

/** Debian's Python, where python3-pydicom is installed, whatever else stands first on the PATH. */
export const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';

/**
 * For node:test's `skip`: false when everything is there, else the reason. On CI nothing is skipped: it throws.
 *
 *     it('…', { skip: needs('dcmtk', 'pydicom') }, () => …)
 */
export function needs(...tools: Tool[]): string | false {
  const missing = tools.filter((tool) => !present(tool));
  if (missing.length === 0) return false;
  const reason = `skipped: needs ${missing.map((tool) => `${tool} (${TOOLS[tool].get})`).join(', ')}`;
  if (process.env['CI'] === 'true') throw new Error(`CI=true does not allow this test to be ${reason}`);
  return reason;
}

const found = new Map<Tool, boolean>();

function present(tool: Tool): boolean {
  const known = found.get(tool);
  if (known !== undefined) return known;
  const there = TOOLS[tool].present();
  found.set(tool, there);
  return there;
}

function commands(...names: string[]): boolean {
  return names.every(onPath);
}

function anyCommand(...names: string[]): boolean {
  return names.some(onPath);
}

function onPath(name: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));
}

/** A missing interpreter and a missing module both mean: not there. */
function hasPydicom(): boolean {
  return spawnSync(python, ['-c', 'import pydicom'], { stdio: 'ignore' }).status === 0;
}
