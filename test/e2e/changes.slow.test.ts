import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { bufferSource, readFileMeta } from '../../src/dicom';
import { DICOM_OUT, DICOM_PEER } from '../../src/settings';
import { dicomIn, flowNode, TAB } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { needs } from '../support/machine/needs';
import type { FlowNode, NodeRed } from '../support/node-red/node-red';
import { dataSetOf } from '../support/objects/part10';
import { Scps } from '../support/peers/scps';
import { SAMPLE, SAMPLE_UID, StoreClient } from '../support/peers/store-client';
import { run } from '../support/machine/run';
import { until } from '../support/machine/until';
import { nodeRedForSuite } from '../support/node-red/with-node-red';

/** Of its own in each mode: storescp names its files so. */
const NEW_UIDS: Record<string, string> = { wait: '2.25.4711', 'store-and-forward': '2.25.4712' };

/** What a flow may set with the core's nodes alone. */
const changing = (uid: string): string => `
  const { sopInstanceUID, size } = msg.dicom;
  msg.dicom.changes = {
    version: 1,
    of: { sopInstanceUID, size },
    operations: [
      { op: 'set', path: 'PatientID', value: 'CHANGED' },
      { op: 'set', path: 'RequestAttributesSequence[0].ScheduledProcedureStepID', value: 'S1' },
      { op: 'set', path: 'SOPInstanceUID', value: '${uid}' },
    ],
  };
  msg.dicom.sopInstanceUID = '${uid}';
  return msg;`;

function flow(port: number, archive: number, mode: string): FlowNode[] {
  return [
    { id: TAB, type: 'tab', label: TAB, disabled: false, info: '' },
    dicomIn('in', port, [['change']], { acknowledge: true }),
    flowNode('change', 'function', { func: changing(NEW_UIDS[mode] ?? ''), outputs: 1, wires: [['out']] }),
    {
      id: 'archive',
      type: 'dicom-peer',
      ...DICOM_PEER.defaults,
      name: 'storescp',
      host: '127.0.0.1',
      port: String(archive),
    },
    flowNode('out', 'dicom-out', { ...DICOM_OUT.defaults, peer: 'archive', mode, wires: [[]] }),
  ];
}

describe('a flow that changes objects on their way', { skip: needs('dcmtk') }, () => {
  const scps = new Scps();
  let nodeRed: NodeRed;
  let archive: { port: number; folder: string };
  before(async () => {
    archive = await scps.storescp('+B');
  });
  nodeRedForSuite({ flows: [] }, (started) => {
    nodeRed = started;
  });
  after(() => scps.stop());

  for (const mode of ['wait', 'store-and-forward'])
    it(`${mode}: what arrives is the original, but for the changes`, async () => {
      const before = new Set(readdirSync(archive.folder));
      const port = await freePort();
      const from = nodeRed.lines.length;
      await nodeRed.deploy(flow(port, archive.port, mode));
      await nodeRed.waitForLine(/listening on/, { from });
      // storescu would write other lengths.
      const client = await StoreClient.open(port);
      assert.equal(await client.store(SAMPLE_UID, dataSetOf(readFileSync(SAMPLE))), 0);
      await client.release();
      const arrived = (): string[] => readdirSync(archive.folder).filter((name) => !before.has(name));
      const dump = async (path: string): Promise<string[]> =>
        (await run('dcmdump', ['-q', '+L', path])).output
          .split('\n')
          .filter((line) => /^ *\((?!0002)/.test(line));
      await until(async () => {
        const [name] = arrived();
        return name !== undefined && (await run('dcmftest', [join(archive.folder, name)])).code === 0;
      }, 'the object arrives');
      const path = join(archive.folder, arrived()[0] ?? '');
      const [original, changed] = [await dump(SAMPLE), await dump(path)];
      const gone = original.filter((line) => !changed.includes(line));
      const come = changed.filter((line) => !original.includes(line));
      const tagOf = (line: string): string => line.trim().slice(0, 11);
      assert.deepEqual(gone.map(tagOf), ['(0008,0018)', '(0010,0020)']);
      assert.deepEqual(
        come.map(tagOf).filter((tag) => !tag.startsWith('(fffe')),
        ['(0008,0018)', '(0010,0020)', '(0040,0275)', '(0040,0009)'],
      );
      assert.match(come.join('\n'), /CHANGED[^]*S1/);
      const meta = readFileMeta(bufferSource(readFileSync(path)));
      assert.equal(meta.sopInstanceUID, NEW_UIDS[mode]);
      for (const name of arrived()) before.add(name);
    });
});
