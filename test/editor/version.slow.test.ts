import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { DICOM_IN, DICOM_RESPONSE } from '../../src/settings';
import { flowNode, TAB } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { needs } from '../support/machine/needs';
import { installNextVersion } from '../support/node-red/next-version';
import { startNodeRed, type FlowNode, type NodeRed } from '../support/node-red/node-red';
import { EditorPage } from './editor-page';

const NEWEST = { 'dicom-in': DICOM_IN.version, 'dicom-response': DICOM_RESPONSE.version };
const TYPES = ['dicom-in', 'dicom-response'] as const;

const tab = (disabled: boolean): FlowNode => ({ id: TAB, type: 'tab', label: 'Flow 1', disabled });

describe('nodes that a newer version of the package has saved', { skip: needs('chromium') }, () => {
  let nodeRed: NodeRed;
  let editor: EditorPage;
  // What it means is another thing there, and would be wrong here.
  const newer = TYPES.map((type, index) => {
    const version = NEWEST[type] + 1;
    return flowNode(type, type, {
      version,
      port: 'x',
      status: 'y',
      name: 'new',
      y: 100 + 80 * index,
      wires: [],
    });
  });

  before(async () => {
    nodeRed = await startNodeRed({ flows: [tab(true), ...newer] });
    editor = await EditorPage.open(nodeRed);
  });
  after(async () => {
    await editor?.close();
    await nodeRed?.stop();
  });
  afterEach(() => assert.deepEqual(editor.errors.splice(0), []));

  for (const type of TYPES) {
    const words = `this node's settings have version ${NEWEST[type] + 1}, and this package knows versions up to ${NEWEST[type]}: update node-red-contrib-dicom`;

    it(`${type}: is marked with the reason, and with no other, as nothing else of it is understood`, async () => {
      assert.deepEqual(await editor.node(type, 'node.validationErrors'), [`Version: ${words}`]);
    });

    it(`${type}: has a dialog that says so and that changes nothing`, async () => {
      const config = `JSON.stringify(RED.nodes.convertNode(node))`;
      const before = await editor.node(type, config);
      await editor.openDialog(type);
      assert.equal((await editor.dialog().innerText()).trim(), words);
      assert.equal(await editor.dialog().locator('input, select, textarea').count(), 0);
      await editor.done();
      assert.equal(await editor.node(type, config), before);
      assert.notEqual(await editor.node(type, 'node.changed'), true);
      await editor.openDialog(type);
      await editor.cancel();
    });
  }

  it('a node from the palette is of the newest version, and others open as ever', async () => {
    for (const type of TYPES) {
      const id = await editor.addFromPalette(type);
      assert.equal(await editor.node(id, 'node.version'), NEWEST[type]);
      await editor.openDialog(id);
      assert.equal(await editor.input('name').isVisible(), true);
      await editor.done();
      assert.equal(await editor.node(id, 'node.version'), NEWEST[type]);
    }
  });
});

describe('nodes of this version after an update to a next one', { skip: needs('chromium') }, () => {
  let nodeRed: NodeRed;
  let editor: EditorPage;
  let userDir: string;
  let port: number;
  const flows = (): FlowNode[] => [
    tab(false),
    flowNode('dicom-in', 'dicom-in', {
      name: 'A',
      port: String(port - 1),
      bindAddress: '127.0.0.1',
      wires: [[]],
    }),
    flowNode('dicom-response', 'dicom-response', { name: 'A', status: 'A700', y: 200, wires: [] }),
    flowNode('beside', 'dicom-response', { name: 'A', version: 1, y: 300, wires: [] }),
  ];

  before(async () => {
    userDir = await mkdtemp(join(tmpdir(), 'dicom-next-'));
    port = await freePort();
    const migration =
      '(config) => ({ ...config, name: config.name + " B", port: String(Number(config.port) + 1) })';
    await installNextVersion(userDir, migration);
    nodeRed = await startNodeRed({ flows: flows(), userDir });
    editor = await EditorPage.open(nodeRed);
  });
  after(async () => {
    await editor?.close();
    await nodeRed?.stop();
    await rm(userDir, { recursive: true, force: true });
  });
  afterEach(() => assert.deepEqual(editor.errors.splice(0), []));

  const facts = (type: string): Promise<unknown> =>
    editor.node(type, '[node.name, node.version ?? null, node.changed === true]');

  it('run as their settings mean in the next one', async () => {
    await nodeRed.waitForLine(new RegExp(`listening on .*\\b${port}\\b`));
  });

  for (const type of TYPES) {
    it(`${type}: stays as it is until its dialog is left with Done, which can be taken back`, async () => {
      await editor.openDialog(type);
      assert.equal(await editor.input('name').inputValue(), 'A B');
      await editor.cancel();
      assert.deepEqual(await facts(type), ['A', null, false]);
      await editor.openDialog(type);
      await editor.done();
      assert.deepEqual(await facts(type), ['A B', 2, true]);
      await editor.page.evaluate('RED.history.pop()');
      assert.deepEqual(await facts(type), ['A', null, false]);
    });
  }

  it('are saved as what they are: one that was left with Done as the next version, others as they were', async () => {
    for (const type of TYPES) {
      await editor.openDialog(type);
      await editor.done();
      await editor.openDialog(type);
      assert.equal(await editor.input('name').inputValue(), 'A B', 'not migrated twice');
      await editor.done();
    }
    const from = nodeRed.lines.length;
    await editor.deploy();
    await nodeRed.waitForLine(new RegExp(`listening on .*\\b${port}\\b`), { from });
    const saved = (await nodeRed.flows()).filter(({ type }) => type !== 'tab');
    assert.deepEqual(
      saved.map(({ id, name, version }) => [id, name, version]),
      [
        ['dicom-in', 'A B', 2],
        ['dicom-response', 'A B', 2],
        ['beside', 'A', 1],
      ],
    );
    assert.equal(saved[1]?.['status'], 'A700');
  });
});
