import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { bufferSource, readFileMeta } from '../../src/dicom';
import { DICOM_EDIT, DICOM_OUT, DICOM_PEER, type EditRule } from '../../src/settings';
import { dicomIn, flowNode, TAB } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { needs } from '../support/machine/needs';
import type { FlowNode, NodeRed } from '../support/node-red/node-red';
import { dataSetOf } from '../support/objects/part10';
import { Scps } from '../support/peers/scps';
import { run } from '../support/machine/run';
import { SAMPLE, sampleInstance, StoreClient } from '../support/peers/store-client';
import { until } from '../support/machine/until';
import { nodeRedForSuite } from '../support/node-red/with-node-red';

const RULES: EditRule[] = [
  { op: 'set', path: 'PatientID', value: 'CHANGED', valueType: 'str' },
  { op: 'set', path: 'PatientComments', value: '"of " & dicom.callingAET', valueType: 'jsonata' },
  { op: 'set', path: 'RequestAttributesSequence[0].ScheduledProcedureStepID', value: 'S1', valueType: 'str' },
  {
    op: 'replace',
    path: 'PatientName',
    value: '$2^$1',
    valueType: 'str',
    from: '^(\\w+)\\^(\\w+)$',
    fromType: 're',
  },
  { op: 'shift-date', path: 'StudyDate', value: '-15', valueType: 'num' },
  { op: 'remove', path: 'ManufacturerModelName', value: '', valueType: 'str' },
  { op: 'copy', path: 'StudyID', value: 'AccessionNumber', valueType: 'str' },
];
/** A second node, which looks at what the first one has left. */
const MORE: EditRule[] = [
  { op: 'new-uid', path: 'SOPInstanceUID', value: '', valueType: 'str' },
  {
    op: 'set',
    path: 'AccessionNumber',
    value: 'A1',
    valueType: 'str',
    when: { path: 'PatientID', test: 'equals', value: 'CHANGED' },
  },
];

function flow(port: number, archive: number, inSettings: object, editSettings: object): FlowNode[] {
  return [
    { id: TAB, type: 'tab', label: TAB, disabled: false, info: '' },
    dicomIn('in', port, [['one']], { acknowledge: true, ...inSettings }),
    flowNode('one', 'dicom-edit', {
      ...DICOM_EDIT.defaults,
      rules: RULES,
      ...editSettings,
      wires: [['two']],
    }),
    flowNode('two', 'dicom-edit', { ...DICOM_EDIT.defaults, rules: MORE, ...editSettings, wires: [['out']] }),
    {
      id: 'archive',
      type: 'dicom-peer',
      ...DICOM_PEER.defaults,
      name: 'storescp',
      host: '127.0.0.1',
      port: String(archive),
    },
    flowNode('out', 'dicom-out', { ...DICOM_OUT.defaults, peer: 'archive', wires: [[]] }),
  ];
}

describe('objects that are edited on their way', { skip: needs('dcmtk') }, () => {
  const scps = new Scps();
  const directory = mkdtempSync(join(tmpdir(), 'dicom-edit-'));
  let nodeRed: NodeRed;
  let archive: { port: number; folder: string };
  before(async () => {
    archive = await scps.storescp('+B');
  });
  nodeRedForSuite({ flows: [] }, (started) => {
    nodeRed = started;
  });
  after(async () => {
    await scps.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const dump = async (path: string): Promise<string[]> =>
    (await run('dcmdump', ['-q', '+L', path])).output
      .split('\n')
      .filter((line) => /^ *\((?!0002)/.test(line));
  const tagOf = (line: string): string => line.trim().slice(0, 11);

  for (const [index, [output, apply]] of [
    ['none', 'pending'],
    ['file', 'pending'],
    ['buffer', 'pending'],
    ['none', 'buffer'],
    ['file', 'file'],
  ].entries())
    it(`received as ${output}, applied as ${apply}: only what the rules say is another`, async () => {
      const before = new Set(readdirSync(archive.folder));
      const port = await freePort();
      const from = nodeRed.lines.length;
      await nodeRed.deploy(
        flow(port, archive.port, { output, directory }, { apply, directory: join(directory, 'edited') }),
      );
      await nodeRed.waitForLine(/listening on/, { from });
      const { uid, dataSet } = sampleInstance(index + 1);
      const client = await StoreClient.open(port);
      assert.equal(await client.store(uid, dataSet), 0);
      await client.release();
      const arrived = (): string[] => readdirSync(archive.folder).filter((name) => !before.has(name));
      await until(async () => {
        const [name] = arrived();
        return name !== undefined && (await run('dcmftest', [join(archive.folder, name)])).code === 0;
      }, 'the object arrives');
      const path = join(archive.folder, arrived()[0] ?? '');
      const [original, changed] = [await dump(SAMPLE), await dump(path)];
      const gone = original.filter((line) => !changed.includes(line));
      const come = changed.filter((line) => !original.includes(line));
      assert.deepEqual(gone.map(tagOf), [
        '(0008,0018)',
        '(0008,0020)',
        '(0008,0050)',
        '(0008,1090)',
        '(0010,0010)',
        '(0010,0020)',
        '(0020,0010)',
      ]);
      assert.deepEqual(
        come.map(tagOf).filter((tag) => !tag.startsWith('(fffe')),
        [
          '(0008,0018)',
          '(0008,0020)',
          '(0008,0050)',
          '(0010,0010)',
          '(0010,0020)',
          '(0010,4000)',
          '(0020,0010)',
          '(0040,0275)',
          '(0040,0009)',
        ],
      );
      const told = come.join('\n');
      for (const value of ['20251231', 'A1', 'Jane^Doe', 'CHANGED', 'of TEST_SCU', 'A-2026-0042', 'S1'])
        assert.ok(told.includes(value), `${value}\n${told}`);
      const file = readFileSync(path);
      const meta = readFileMeta(bufferSource(file));
      assert.match(meta.sopInstanceUID, /^2\.25\./);
      assert.ok(meta.sopInstanceUID !== uid && told.includes(meta.sopInstanceUID));
      // Pixel data is as it was.
      const pixels = (bytes: Buffer): Buffer => bytes.subarray(bytes.length - 64 * 64 * 2);
      assert.ok(pixels(dataSetOf(file)).equals(pixels(dataSet)));
    });
});
