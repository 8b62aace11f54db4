import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { needs } from '../support/needs';
import { startNodeRed, type NodeRed } from '../support/node-red';
import { EditorPage } from './editor-page';

describe('the palette of a real Node-RED', { skip: needs('chromium') }, () => {
  let nodeRed: NodeRed;
  let editor: EditorPage;

  before(async () => {
    nodeRed = await startNodeRed({ flows: [{ id: 'tab', type: 'tab', label: 'Flow 1' }] });
    editor = await EditorPage.open(nodeRed);
  });
  after(async () => {
    await editor?.close();
    await nodeRed?.stop();
  });

  it('has dicom-in among the network nodes', async () => {
    const entry = editor.paletteNode('dicom-in');
    assert.equal((await entry.innerText()).trim(), 'dicom in');
    const category = entry.locator('xpath=ancestor::*[contains(@class, "red-ui-palette-category")][1]');
    assert.match(await category.innerText(), /^\s*network/);
  });

  it('shows its icon, which is served', async () => {
    const style = await editor.paletteNode('dicom-in').locator('.red-ui-palette-icon').getAttribute('style');
    const path = /url\("?([^")]+)/.exec(style ?? '')?.[1] ?? '';
    assert.match(path, /icons\/node-red-contrib-dicom\/dicom\.svg$/);
    const response = await fetch(`${nodeRed.url}/${path}`);
    assert.equal(response.status, 200);
    assert.match(response.headers.get('content-type') ?? '', /svg/);
  });

  it('serves the help, whose first paragraph says what the node does', async () => {
    const help = await editor.page.evaluate<string>('RED.nodes.getNodeHelp("dicom-in")');
    assert.match(help, /^\s*<p>Receives DICOM objects .*one message for each\.<\/p>/);
    assert.match(help, /storescu -v -aec HL7SOUP_SCP/);
  });

  it('adds a node by drag and drop that has one output and every setting at its default', async () => {
    const id = await editor.addFromPalette('dicom-in');
    const [valid, outputs, label] = await editor.node<[boolean, number, string]>(
      id,
      '[RED.editor.validateNode(node), node.outputs, RED.utils.getNodeLabel(node)]',
    );
    assert.deepEqual([valid, outputs, label], [true, 1, 'dicom :104']);
  });

  it('does all this without an error and without asking another host', () => {
    assert.deepEqual(editor.errors, []);
    assert.deepEqual(editor.foreign, []);
  });
});
