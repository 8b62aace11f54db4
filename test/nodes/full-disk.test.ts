import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { bufferSource, readFileMeta } from '../../src/dicom';
import { DICOM, DICOM_DEIDENTIFY, DICOM_EDIT } from '../../src/settings';
import { flowNode, TAB } from '../support/node-red/flows';
import { cannotMount, mountMemoryDisk, unmount } from '../support/machine/memory-disk';
import { NodesUnderTest, type Message } from '../support/node-red/node-helper';
import type { FlowNode } from '../support/node-red/node-red';
import { SAMPLE } from '../support/peers/store-client';
import { until } from '../support/machine/until';
import { filesIn } from '../support/workers/watched-folder';

const disk = mkdtempSync(join(tmpdir(), 'dicom-full-disk-'));
const directory = join(disk, 'made');
const nodes = new NodesUnderTest();
after(() => rmSync(disk, { recursive: true }));

/** Nodes that put a new object into a directory. */
const KINDS: { node: FlowNode; message: (number: number) => Message; code: string }[] = [
  {
    node: flowNode('made', 'dicom', { ...DICOM.defaults, outputAs: 'file', directory }),
    message: () => ({
      payload: { SOPClassUID: '1.2.840.10008.5.1.4.1.1.104.1', PatientComments: 'x'.repeat(9_000) },
    }),
    code: 'DICOM_NOT_STORED',
  },
  {
    node: flowNode('made', 'dicom-edit', {
      ...DICOM_EDIT.defaults,
      apply: 'file',
      directory,
      rules: [{ op: 'set', path: 'SOPInstanceUID', value: 'uid', valueType: 'msg' }],
    }),
    message: (number) => ({ filename: SAMPLE, uid: `2.25.${number}` }),
    code: 'DICOM_EDIT_NOT_STORED',
  },
  {
    node: flowNode('made', 'dicom-deidentify', { ...DICOM_DEIDENTIFY.defaults, directory }),
    message: () => ({ filename: SAMPLE }),
    code: 'DICOM_DEIDENTIFY_NOT_READ',
  },
];

describe('a new object for a disk that is full', { skip: cannotMount }, () => {
  before(() => mountMemoryDisk(disk, 'size=256k'));
  after(() => unmount(disk));
  afterEach(async () => {
    await nodes.unload();
    rmSync(directory, { recursive: true, force: true });
  });

  for (const { node, message, code } of KINDS)
    it(`${node.type}: is an error, leaves nothing half there, and the next one is made when there is room`, async () => {
      await nodes.load(
        [
          { id: TAB, type: 'tab', label: TAB, disabled: false, info: '' },
          { ...node, wires: [['out'], ['back']] },
          flowNode('catch', 'catch', { scope: null, uncaught: false, wires: [['caught']] }),
          ...['out', 'back', 'caught'].map((id) => flowNode(id, 'helper', { wires: [] })),
        ],
        { made: { secret: 'a secret of this test, long enough' } },
      );
      const [out, back, caught] = [nodes.inputs('out'), nodes.inputs('back'), nodes.inputs('caught')];
      let passed = 0;
      const pass = async (): Promise<void> => {
        passed += 1;
        nodes.node('made').receive({ ...message(passed), other: 'kept' });
        await until(() => out.length + caught.length + back.length === passed, 'an answer');
      };
      while (passed < 100 && caught.length === 0) await pass();
      assert.equal((caught[0]?.['error'] as { code?: string } | undefined)?.code, code);
      assert.equal(caught[0]?.['other'], 'kept');
      assert.deepEqual(back, []);
      const made = out.map(({ filename }) => String(filename)).sort();
      assert(made.length > 2);
      const found = filesIn(directory).map((name) => join(directory, name));
      assert.deepEqual(found.sort(), made);
      for (const { filename, dicom } of out) {
        const file = readFileSync(String(filename));
        const { dataSetOffset } = readFileMeta(bufferSource(file));
        assert.equal(file.length - dataSetOffset, (dicom as { size: number }).size, 'it is whole');
      }

      for (const path of made) rmSync(path);
      await pass();
      assert.equal(out.length, made.length + 1);
    });
});
