import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { isConfig, NODE_TYPES } from '../support/package/node-types';
import { needs } from '../support/machine/needs';
import { type NodeRed } from '../support/node-red/node-red';
import { PACKAGE_DIR } from '../support/package/package-dir';
import type { EditorPage } from './editor-page';
import { editorForSuite } from './with-editor';

describe('the palette of a real Node-RED', { skip: needs('chromium') }, () => {
  let nodeRed: NodeRed;
  let editor: EditorPage;

  editorForSuite({ flows: [{ id: 'tab', type: 'tab', label: 'Flow 1' }] }, (opened) => {
    editor = opened;
    nodeRed = opened.nodeRed;
  });

  for (const type of NODE_TYPES.filter((each) => !isConfig(each))) {
    it(`has ${type} among the DICOM nodes`, async () => {
      const entry = editor.paletteNode(type);
      // A long label stands on two lines.
      assert.equal((await entry.innerText()).trim().replace(/\s+/g, ' '), type.replace('-', ' '));
      const category = entry.locator('xpath=ancestor::*[contains(@class, "red-ui-palette-category")][1]');
      assert.match(await category.innerText(), /^\s*DICOM/);
    });

    it(`shows the icon of ${type}, which is served`, async () => {
      const style = await editor.paletteNode(type).locator('.red-ui-palette-icon').getAttribute('style');
      const path = /url\("?([^")]+)/.exec(style ?? '')?.[1] ?? '';
      assert(path.endsWith(`icons/node-red-contrib-dicom/${type}.svg`), path);
      const response = await fetch(`${nodeRed.url}/${path}`);
      assert.equal(response.status, 200);
      assert.match(response.headers.get('content-type') ?? '', /svg/);
    });
  }

  for (const type of NODE_TYPES)
    it(`shows all that the help of ${type} says of properties`, async () => {
      const file = join(PACKAGE_DIR, 'nodes', type, 'locales', 'en-US', `${type}.html`);
      const lines = readFileSync(file, 'utf8').matchAll(/^: [^:\n]+: (.*)$/gm);
      const written = [...lines].map(([, words = '']) =>
        words.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[*`]/g, ''),
      );
      const shown = await editor.page.evaluate<string[]>(
        `$('<div>').html(RED.nodes.getNodeHelp(${JSON.stringify(type)})).find('dd').map((_, each) => each.innerText.trim()).get()`,
      );
      assert.deepEqual(shown, written);
    });

  it('serves the help, whose first paragraph says what the node does', async () => {
    const help = await editor.page.evaluate<string>('RED.nodes.getNodeHelp("dicom-in")');
    assert.match(help, /^\s*<p>Receives DICOM objects .*one message for each\.<\/p>/);
    assert.match(help, /dcmsend -v -aec HL7SOUP_SCP/);
    const response = await editor.page.evaluate<string>('RED.nodes.getNodeHelp("dicom-response")');
    assert.match(response, /^\s*<p>Tells the dicom-in node how the flow handled an object, .*http in\.<\/p>/);
    for (const [property, text] of [
      ['dicom\\.queueId', 'the object to answer'],
      ['<em>statusCode</em>', 'the status for the sender'],
      ['<em>errorComment</em>', 'a remark for'],
    ] as const) {
      assert.match(response, new RegExp(`<dt>${property}<span[^]*?</dt><dd>${text}`), property);
    }
    const outputs = /<ol class="node-ports">[^]*?<\/ol>/.exec(help)?.[0] ?? '';
    assert.equal(outputs.match(/<dt>/g)?.length, 10, outputs);
  });

  it('finds the inputs of a configuration node, whose ids begin in another way', async () => {
    const found = await editor.page.evaluate<[string, string]>(`(() => {
      const type = RED.nodes.getType('dicom-response');
      const inputs = $('<div><input id="node-input-name"><input id="node-config-input-name"></div>').appendTo('body');
      const id = () => dicomResponseEditor.form.fields.input('name').attr('id');
      const { category } = type;
      const asNode = id();
      type.category = 'config';
      const asConfig = id();
      type.category = category;
      inputs.remove();
      return [asNode, asConfig];
    })()`);
    assert.deepEqual(found, ['node-input-name', 'node-config-input-name']);
  });

  it('adds a node by drag and drop that is valid and has one output', async () => {
    const id = await editor.addFromPalette('dicom-in');
    const [valid, outputs, label] = await editor.node<[boolean, number, string]>(
      id,
      '[RED.editor.validateNode(node), node.outputs, RED.utils.getNodeLabel(node)]',
    );
    assert.deepEqual([valid, outputs], [true, 1]);
    assert.match(label, /^dicom :(104|11112)$/);
  });

  it('adds a dicom-response that has one input, no output, and answers Success', async () => {
    const id = await editor.addFromPalette('dicom-response');
    const [valid, inputs, outputs, label] = await editor.node<[boolean, number, number, string]>(
      id,
      '[RED.editor.validateNode(node), node.inputs, node.outputs, RED.utils.getNodeLabel(node)]',
    );
    assert.deepEqual([valid, inputs, outputs, label], [true, 1, 0, 'dicom response']);
  });

  it('adds a dicom-out that has one input and one output, and asks for a peer', async () => {
    const id = await editor.addFromPalette('dicom-out');
    const [inputs, outputs, label, errors] = await editor.node<[number, number, string, string[]]>(
      id,
      '[node.inputs, node.outputs, RED.utils.getNodeLabel(node), node.validationErrors]',
    );
    assert.deepEqual([inputs, outputs, label, errors], [1, 1, 'dicom out', ['Peer: a value is needed']]);
  });

  it('does all this without an error and without asking another host', () => {
    assert.deepEqual(editor.errors.splice(0), []);
    assert.deepEqual(editor.foreign, []);
  });
});
