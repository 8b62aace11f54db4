import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { DICOM_IN, PORT_WITHOUT_PRIVILEGE, type Field } from '../../src/settings';
import { needs } from '../support/machine/needs';
import type { FlowNode, NodeRed } from '../support/node-red/node-red';
import type { EditorPage } from './editor-page';
import { editorForSuite, withEditor } from './with-editor';

/** What an early version wrote: none of the settings that came later. */
const OLD = { id: 'old', type: 'dicom-in', z: 'tab', name: 'old', port: '104', x: 120, y: 100, wires: [[]] };
const FLOWS: FlowNode[] = [{ id: 'tab', type: 'tab', label: 'Flow 1', disabled: true }, OLD];
/** As JSON, which leaves out what is undefined. */
const SETTINGS = `JSON.parse(JSON.stringify(Object.fromEntries(${JSON.stringify(DICOM_IN.names)}.map((name) => [name, node[name]]))))`;
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** What a node from the palette has. */
function initial(port: number): Record<string, unknown> {
  const values = DICOM_IN.names.map((name): [string, unknown] => {
    const { initial: value, default: otherwise }: Field = DICOM_IN.fields[name];
    return [name, value ?? otherwise];
  });
  return { ...Object.fromEntries(values), port };
}

describe('a node from the palette, and all others', { skip: needs('chromium') }, () => {
  let nodeRed: NodeRed;
  let editor: EditorPage;

  editorForSuite({ flows: FLOWS }, (opened) => {
    editor = opened;
    nodeRed = opened.nodeRed;
  });
  afterEach(() => assert.deepEqual(editor.errors.splice(0), []));

  const ids = (): Promise<string[]> =>
    editor.page.evaluate<string[]>(`RED.nodes.filterNodes({ type: 'dicom-in' }).map(({ id }) => id)`);

  /** Copies and pastes a node as a user does, and gives the new one's id. */
  async function copy(id: string): Promise<string> {
    const before = await ids();
    await editor.page.locator(`[id="${id}"] .red-ui-flow-node`).click();
    await editor.page.keyboard.press('Control+c');
    const chart = await editor.page.locator('#red-ui-workspace-chart').boundingBox();
    assert(chart !== null);
    await editor.page.mouse.move(chart.x + 300, chart.y + 250);
    await editor.page.keyboard.press('Control+v');
    await editor.page.mouse.click(chart.x + 310, chart.y + 260);
    const [added] = (await ids()).filter((one) => !before.includes(one));
    return added ?? assert.fail('nothing was pasted');
  }

  it('has its own beginnings where it comes from the palette, and all settings', async () => {
    const id = await editor.addFromPalette('dicom-in');
    const settings = await editor.node<Record<string, unknown>>(id, SETTINGS);
    const port = settings['port'] as number;
    assert.ok([104, PORT_WITHOUT_PRIVILEGE].includes(port));
    assert.deepEqual(settings, asJson(initial(port)));
    await editor.openDialog(id);
    await editor.done();
    assert.deepEqual(await editor.node(id, SETTINGS), asJson(initial(port)), 'Done changes nothing');
  });

  it('keeps what it has, and what it lacks, where it is pasted, imported or taken back', async () => {
    const pasted = await copy('old');
    const expected = { name: 'old', port: '104' };
    assert.deepEqual(await editor.node(pasted, SETTINGS), expected);
    await editor.page.locator(`[id="${pasted}"] .red-ui-flow-node`).click();
    await editor.page.keyboard.press('Delete');
    assert.equal(await editor.node(pasted, 'node == null'), true);
    await editor.page.keyboard.press('Control+z');
    assert.deepEqual(await editor.node(pasted, SETTINGS), expected, 'a deletion that is undone');
    await editor.page.evaluate(
      `RED.nodes.import([{ ...${JSON.stringify(OLD)}, id: 'imported' }], { generateIds: false })`,
    );
    assert.deepEqual(await editor.node('imported', SETTINGS), expected);
  });

  it('is deployed as it was where its dialog was only opened and left with Done', async () => {
    await editor.reload();
    await editor.openDialog('old');
    const shown = {
      collision: await editor.input('collision').inputValue(),
      onlyThisMachine: await editor.input('onlyThisMachine').isChecked(),
    };
    const { collision, onlyThisMachine } = DICOM_IN.defaults;
    assert.deepEqual(shown, { collision, onlyThisMachine }, 'the dialog shows what absence means');
    await editor.done();
    assert.notEqual(await editor.node('old', 'node.changed'), true);
    // Something else is to be deployed.
    await editor.addFromPalette('dicom-response');
    await editor.deploy();
    const deployed = (await nodeRed.flows()).find(({ id }) => id === 'old');
    // Node-RED itself writes the number of outputs.
    assert.deepEqual(deployed, { ...OLD, outputs: 1 });
  });

  it('gets what is changed in its dialog, and nothing else', async () => {
    await editor.openDialog('old');
    await editor.enter('output', 'file');
    await editor.enter('directory', '/tmp/dicom');
    await editor.enter('collision', 'skip-identical');
    await editor.enter('onlyThisMachine', false);
    await editor.done();
    assert.deepEqual(await editor.node('old', SETTINGS), {
      name: 'old',
      port: '104',
      output: 'file',
      directory: '/tmp/dicom',
      collision: 'skip-identical',
      onlyThisMachine: false,
    });
  });
});

/** The system's rule for ports below 1024, where this test can choose on which side of it a process is. */
function canTakePrivilegeAway(): string | false {
  const rule = '/proc/sys/net/ipv4/ip_unprivileged_port_start';
  if (process.platform !== 'linux') return 'skipped: needs Linux';
  if (process.getuid?.() !== 0) return 'skipped: needs root, whose privilege it takes away';
  return Number(readFileSync(rule, 'utf8')) > 104 ? false : 'skipped: any process may use port 104 here';
}

describe('the port of a node from the palette', { skip: needs('chromium') || canTakePrivilegeAway() }, () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dicom-node-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** Node.js without the privilege to use ports below 1024. */
  async function nodeWithoutPrivilege(): Promise<string> {
    const script = join(folder, 'node');
    const beside = join(process.env['NODE_RED_DIR'] ?? '', 'node_modules', 'node', 'bin', 'node');
    const binary = process.env['NODE_BINARY'] ?? (existsSync(beside) ? beside : process.execPath);
    const drop = 'setpriv --bounding-set=-net_bind_service --inh-caps=-net_bind_service';
    await writeFile(script, `#!/bin/sh\nexec ${drop} '${binary}' "$@"\n`, { mode: 0o755 });
    return script;
  }

  it('is 104 where the runtime may use it, and the dialog has no doubts about it', async () => {
    await withEditor({ flows: [FLOWS[0] ?? assert.fail()] }, async (editor) => {
      const id = await editor.addFromPalette('dicom-in');
      assert.equal(await editor.node(id, 'node.port'), 104);
      await editor.openDialog(id);
      assert.equal(await editor.remarks('port'), '');
    });
  });

  it('is 11112 where it may not, and the dialog offers that for 104 in one click', async () => {
    await withEditor({ flows: FLOWS, nodeBinary: await nodeWithoutPrivilege() }, async (editor) => {
      const id = await editor.addFromPalette('dicom-in');
      assert.equal(await editor.node(id, 'node.port'), PORT_WITHOUT_PRIVILEGE);
      assert.equal(await editor.node(id, 'node.ourAET'), 'HL7SOUP_SCP');
      await editor.openDialog('old');
      assert.match(await editor.remarks('port'), /may not use ports below 1024/);
      await editor.page.getByRole('button', { name: 'Use 11112' }).click();
      assert.equal(await editor.input('port').inputValue(), '11112');
      await editor.page.getByRole('button', { name: 'Use 11112' }).waitFor({ state: 'detached' });
      await editor.done();
      assert.equal(await editor.node('old', 'node.port'), '11112');
      assert.deepEqual(editor.errors.splice(0), []);
    });
  });
});
