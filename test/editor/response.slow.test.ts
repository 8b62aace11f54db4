import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { needs } from '../support/machine/needs';
import type { NodeRed } from '../support/node-red/node-red';
import type { EditorPage } from './editor-page';
import { editorForSuite } from './with-editor';

const FLOWS = [
  { id: 'tab', type: 'tab', label: 'Flow 1' },
  { id: 'answer', type: 'dicom-response', z: 'tab', x: 200, y: 100, wires: [] },
  { id: 'from-env', type: 'dicom-response', z: 'tab', status: '${ANSWER}', x: 200, y: 200, wires: [] },
];

describe('the dialog of dicom-response', { skip: needs('chromium') }, () => {
  let nodeRed: NodeRed;
  let editor: EditorPage;

  editorForSuite({ flows: FLOWS, env: { ANSWER: 'A700' } }, (opened) => {
    editor = opened;
    nodeRed = opened.nodeRed;
  });
  afterEach(async () => {
    if (await editor.dialog().isVisible()) await editor.cancel();
    assert.deepEqual(editor.errors.splice(0), []);
  });

  const isRefused = async (field: string): Promise<boolean> =>
    ((await editor.input(field).getAttribute('class')) ?? '').includes('input-error');

  it('offers the statuses in words, Success first', async () => {
    await editor.openDialog('answer');
    const words = await editor.input('status').locator('option').allInnerTexts();
    assert.deepEqual(words, [
      'Success (0000) (default)',
      'Warning: coercion of data elements (B000)',
      'Warning: elements discarded (B006)',
      'Warning: data set does not match SOP class (B007)',
      'Refused: out of resources (A700)',
      'Error: data set does not match SOP class (A900)',
      'Error: cannot understand (C000)',
      'other…',
    ]);
    assert.equal(await editor.input('status').inputValue(), '0000');
    const shown = await editor.dialog().innerText();
    assert(!shown.includes('dicom-response.'), shown);
  });

  it('asks for a code only where another status is chosen, and then needs four hexadecimal digits', async () => {
    await editor.openDialog('answer');
    assert.equal(await editor.input('customStatus').isVisible(), false);
    await editor.enter('status', 'custom');
    assert.equal(await editor.input('customStatus').isVisible(), true);
    assert.match(await editor.remarks('customStatus'), /a value is needed/);
    for (const wrong of ['110', 'C00G', '0x1']) {
      await editor.enter('customStatus', wrong);
      assert.match(
        await editor.remarks('customStatus'),
        new RegExp(`"${wrong}" is not four hexadecimal digits`),
      );
      assert.equal(await isRefused('customStatus'), true, wrong);
    }
    for (const right of ['0110', 'c123', '${CODE}']) {
      await editor.enter('customStatus', right);
      assert.equal(await editor.remarks('customStatus'), '', right);
      assert.equal(await isRefused('customStatus'), false, right);
    }
    await editor.enter('customStatus', 'wrong');
    await editor.enter('status', 'A700');
    assert.equal(await editor.input('customStatus').isVisible(), false);
    await editor.done();
    assert.equal(
      await editor.node('answer', 'node.valid'),
      true,
      'a code that is not used is not in the way',
    );
  });

  it('remarks on a comment that is too long, and does not refuse it', async () => {
    await editor.openDialog('answer');
    await editor.enter('errorComment', 'x'.repeat(64));
    assert.equal(await editor.remarks('errorComment'), '');
    await editor.enter('errorComment', 'x'.repeat(65));
    assert.match(await editor.remarks('errorComment'), /Only the first 64 characters are sent/);
    assert.equal(await isRefused('errorComment'), false);
  });

  it('is marked in the workspace with label and reason while its code is missing', async () => {
    await editor.openDialog('answer');
    await editor.enter('status', 'custom');
    await editor.enter('customStatus', '');
    await editor.done();
    assert.equal(await editor.node('answer', 'node.valid'), false);
    assert.deepEqual(await editor.node('answer', 'node.validationErrors'), ['Code: a value is needed']);
  });

  it('shows what it answers until it has a name', async () => {
    const label = (): Promise<string> => editor.node('answer', 'RED.utils.getNodeLabel(node)');
    await editor.openDialog('answer');
    await editor.enter('status', 'custom');
    await editor.enter('customStatus', '0110');
    await editor.done();
    assert.equal(await label(), 'dicom (0110)');
    await editor.openDialog('answer');
    await editor.enter('status', 'C000');
    await editor.done();
    assert.equal(await label(), 'dicom (C000)');
    await editor.openDialog('answer');
    await editor.enter('name', 'Refuse');
    await editor.done();
    assert.equal(await label(), 'Refuse');
  });

  it('deploys what was entered, and keeps an environment variable for the status', async () => {
    await editor.openDialog('answer');
    await editor.enter('errorComment', 'no patient ID');
    await editor.done();
    await editor.openDialog('from-env');
    assert.equal(await editor.input('status').inputValue(), '${ANSWER}');
    await editor.enter('name', 'from env');
    await editor.done();
    await editor.deploy();
    const flows = await nodeRed.flows();
    const properties = (id: string): unknown => {
      const node = flows.find((deployed) => deployed.id === id);
      return { name: node?.['name'], status: node?.['status'], errorComment: node?.['errorComment'] };
    };
    assert.deepEqual(properties('answer'), {
      name: 'Refuse',
      status: 'C000',
      errorComment: 'no patient ID',
    });
    assert.deepEqual(properties('from-env'), {
      name: 'from env',
      status: '${ANSWER}',
      // What the flow lacked it lacks still.
      errorComment: undefined,
    });
  });
});
