import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DICOM_STUDY } from '../../src/settings';
import { dicomIn, flowNode, TAB } from '../support/node-red/flows';
import type { FlowNode, NodeRed } from '../support/node-red/node-red';
import { phantomFile, type Phantom } from './phantoms';
import { until } from '../support/machine/until';

const HOUR = 3_600;

/** Three studies: two series, one object, two objects. */
export const STUDIES: readonly Phantom[] = [
  { study: 1, series: 1, number: 1, modality: 'CT' },
  { study: 1, series: 1, number: 2, modality: 'CT' },
  { study: 1, series: 2, number: 1, modality: 'MR' },
  { study: 2, series: 1, number: 1, modality: 'MR' },
  { study: 3, series: 1, number: 1, modality: 'CT' },
  { study: 3, series: 1, number: 2, modality: 'CT' },
];

/** Collects studies that become complete when somebody says so. */
export const studyFlow = (port: number): FlowNode[] => [
  { id: TAB, type: 'tab', label: 'Radiology' },
  dicomIn('in', port, [['study']], { acknowledge: true, minFreeDiskMB: 0, name: 'From CT and MR' }),
  flowNode('study', 'dicom-study', {
    ...DICOM_STUDY.defaults,
    version: 1,
    idleSeconds: String(HOUR),
    associationEndSeconds: '0',
    wires: [['done']],
  }),
  flowNode('done', 'debug', {
    name: 'complete',
    active: true,
    tosidebar: true,
    complete: 'study',
    targetType: 'msg',
    wires: [],
  }),
  flowNode('off', 'dicom-study', { ...DICOM_STUDY.defaults, version: 1, d: true, y: 200, wires: [[]] }),
];

/** Sends them all, as a modality would. Needs DCMTK. */
export function sendPhantoms(port: number, phantoms: readonly Phantom[]): void {
  const folder = mkdtempSync(join(tmpdir(), 'phantoms-'));
  try {
    for (const [index, each] of phantoms.entries())
      writeFileSync(join(folder, `${index}.dcm`), phantomFile(each));
    const args = ['-aet', 'SCANNER', '127.0.0.1', String(port), '+sd', folder];
    const { status, stderr } = spawnSync('dcmsend', args, { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Resolves when as many studies are open. */
export async function areOpen(nodeRed: NodeRed, number: number): Promise<void> {
  await until(async () => {
    const answer = await fetch(`${nodeRed.url}/dicom-study/study/studies`);
    const { studies } = (await answer.json()) as { studies: { objects: number }[] };
    return studies.length === number;
  }, `${number} open studies`);
}
