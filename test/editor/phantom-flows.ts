import assert from 'node:assert/strict';
import { DICOM_STUDY } from '../../src/settings';
import { dicomIn, flowNode, TAB } from '../support/flows';
import type { FlowNode, NodeRed } from '../support/node-red';
import { phantom, type Phantom } from '../support/phantoms';
import { StoreClient } from '../support/store-client';
import { until } from '../support/until';

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

/** Sends them all in one association. */
export async function sendPhantoms(port: number, phantoms: readonly Phantom[]): Promise<void> {
  const client = await StoreClient.open(port);
  for (const each of phantoms) {
    const { uid, dataSet } = phantom(each);
    assert.equal(await client.store(uid, dataSet), 0);
  }
  await client.release();
}

/** Resolves when as many studies are open. */
export async function areOpen(nodeRed: NodeRed, number: number): Promise<void> {
  await until(async () => {
    const answer = await fetch(`${nodeRed.url}/dicom-study/study/studies`);
    const { studies } = (await answer.json()) as { studies: { objects: number }[] };
    return studies.length === number;
  }, `${number} open studies`);
}
