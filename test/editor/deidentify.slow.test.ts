import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { needs } from '../support/machine/needs';
import type { FlowNode, NodeRed } from '../support/node-red/node-red';
import type { EditorPage } from './editor-page';
import { stickingOut } from './family';
import { editorForSuite } from './with-editor';

const TAB: FlowNode = { id: 'tab', type: 'tab', label: 'Flow 1' };
const NODE: FlowNode = {
  id: 'deidentify',
  type: 'dicom-deidentify',
  z: 'tab',
  options: ['clean-descriptors', 'retain-modified-dates'],
  allowedWords: 'ct,thorax',
  alsoPass: '',
  pseudonym: 'msg.pseudonym',
  version: 1,
  x: 200,
  y: 100,
  wires: [[], []],
  credentials: { secret: 'a secret of this test, long enough' },
};

/** Texts in the open dialog that do not fit. */
const CUT = `[...document.querySelectorAll('form label, form [class$="-notes"]')]
  .filter((element) => element.offsetParent !== null && element.scrollWidth > element.clientWidth + 1)
  .map((element) => element.innerText)`;

describe('the dialog of dicom-deidentify', { skip: needs('chromium') }, () => {
  let nodeRed: NodeRed;
  let editor: EditorPage;
  editorForSuite({ flows: [] }, (opened) => {
    editor = opened;
    nodeRed = opened.nodeRed;
  });
  afterEach(async () => {
    if (await editor.dialog().isVisible()) await editor.cancel();
    assert.deepEqual([editor.errors.splice(0), editor.foreign.splice(0)], [[], []]);
  });

  async function open(properties: Record<string, unknown> = {}): Promise<void> {
    await nodeRed.deploy([TAB, { ...NODE, ...properties }]);
    await editor.reload();
    await editor.openDialog('deidentify');
  }
  const property = (name: string): Promise<unknown> =>
    editor.page.evaluate<unknown>(`RED.nodes.node('deidentify')[${JSON.stringify(name)}]`);
  const note = (): Promise<string> => editor.page.locator('#dicom-deidentify-secret-note').innerText();

  it('says under the secret that it is missing or too short, and not of one that Node-RED has', async () => {
    await open();
    assert.equal(await editor.remarks('secret'), '');
    await editor.input('secret').fill('short');
    assert.match(await editor.remarks('secret'), /fewer than 16 bytes/);
    await editor.input('secret').fill('');
    assert.match(await editor.remarks('secret'), /There is none/);
    await editor.page.locator('#dicom-deidentify-make-secret').click();
    await editor.page.waitForFunction("$('#dicom-deidentify-remarks-secret').text() === ''");
  });

  it('is left with Done without a change, and then nothing has changed', async () => {
    await open();
    const shown = await editor.dialog().innerText();
    assert(!shown.includes('dicom-deidentify.'), shown);
    assert.deepEqual(await editor.page.evaluate<string[]>(CUT), [], 'cut off');
    await editor.screenshot('deidentify');
    const before = await nodeRed.flows();
    await editor.done();
    assert.equal(await editor.page.evaluate('RED.nodes.dirty()'), false);
    assert.deepEqual(await nodeRed.flows(), before);
  });

  it('has a box for each option, and says where two of them do not go together', async () => {
    await open();
    const hidden = await editor.page
      .locator('#dicom-deidentify-checks-options ul')
      .evaluate(({ scrollHeight, clientHeight }) => scrollHeight - clientHeight);
    assert.equal(hidden, 0, 'all are seen at once');
    assert.deepEqual(await stickingOut(editor), []);
    const box = (name: string) =>
      editor.page.locator(`#dicom-deidentify-checks-options input[value="${name}"]`);
    assert.equal(await editor.page.locator('#dicom-deidentify-checks-options input:checked').count(), 2);
    await box('retain-full-dates').check();
    await editor.page.locator('#dicom-deidentify-remarks-options .dicom-error').waitFor();
    await editor.screenshot('deidentify-options');
    await box('retain-modified-dates').uncheck();
    await editor.done();
    assert.deepEqual(await property('options'), ['retain-full-dates', 'clean-descriptors']);
  });

  it('asks for the pseudonym as a typed value', async () => {
    await open();
    assert.equal(
      await editor.page.locator('.red-ui-typedInput-container input').first().inputValue(),
      'pseudonym',
    );
    await editor.page.locator('.red-ui-typedInput-container input').first().fill('study.subject');
    await editor.done();
    assert.equal(await property('pseudonym'), 'msg.study.subject');
    await open({ pseudonym: 'hmac' });
    await editor.done();
    assert.equal(await property('pseudonym'), 'hmac');
    await open({ pseudonym: '${PSEUDONYM}' });
    await editor.done();
    assert.equal(await property('pseudonym'), '${PSEUDONYM}');
  });

  it('makes a secret, which it shows once, and later its fingerprint only', async () => {
    await open();
    await editor.page.waitForFunction(
      `document.querySelector('#dicom-deidentify-secret-note').innerText !== ''`,
    );
    assert.match(await note(), /[0-9a-f]{12}$/);
    await editor.page.locator('#dicom-deidentify-make-secret').click();
    await editor.page.waitForFunction(
      `document.querySelector('#dicom-deidentify-secret-note').innerText.startsWith('New secret')`,
    );
    const secret = await editor.page.locator('#node-input-secret').inputValue();
    assert.ok(secret.length >= 16 && (await note()).includes(secret));
    await editor.screenshot('deidentify-secret');
    await editor.done();
    assert.equal(JSON.stringify(await nodeRed.flows()).includes(secret), false);
  });
});
