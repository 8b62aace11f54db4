import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Locator } from 'playwright-core';
import { DICOM } from '../../src/settings';
import { TAB, flowNode } from '../support/node-red/flows';
import { needs } from '../support/machine/needs';
import { corpus } from '../support/objects/corpus';
import { SAMPLE } from '../support/peers/store-client';
import type { EditorPage } from './editor-page';
import { editorForSuite } from './with-editor';

const REPORT = join(corpus, 'good/sr-comprehensive/pydicom__test-SR.dcm');
const FLOWS = [
  { id: TAB, type: 'tab', label: 'Flow 1' },
  flowNode('convert', 'dicom', { ...DICOM.defaults, property: 'data', wires: [[]] }),
];

describe('the dialog of dicom', { skip: needs('chromium') }, () => {
  let editor: EditorPage;
  editorForSuite({ flows: FLOWS }, (opened) => void (editor = opened));

  it('asks at once what becomes of a PDF or a picture, and then for the patient', async () => {
    await editor.openDialog('convert');
    const recipe = editor.page.getByLabel('PDF or picture');
    assert.equal(await recipe.isVisible(), true);
    const patient = editor.page.getByLabel('Patient, study');
    assert.equal(await patient.isVisible(), false);
    await editor.enter('recipe', 'encapsulated-pdf');
    assert.equal(await patient.isVisible(), true);
    await editor.enter('action', 'parse');
    assert.deepEqual([await recipe.isVisible(), await patient.isVisible()], [false, false]);
    await editor.cancel();
  });
});

describe('the sample tab of dicom', { skip: needs('chromium') }, () => {
  let editor: EditorPage;
  editorForSuite({ flows: FLOWS }, (opened) => void (editor = opened));

  const part = (name: string): Locator => editor.page.locator(`#dicom-sample-${name}`);
  const statusHas = (words: RegExp): Promise<void> => part('status').filter({ hasText: words }).waitFor();

  it('shows what the node makes of a dropped file, with its picture, and stores nothing of it', async () => {
    await editor.openDialog('convert');
    await editor.showTab('sample');
    await editor.drop('#dicom-panel-sample', 'image.dcm', readFileSync(SAMPLE));
    await statusHas(/Created from: image\.dcm/);
    assert.match(await part('tree').innerText(), /^data: object[\s\S]*dicom: object/);
    await part('caption')
      .filter({ hasText: /not for diagnosis/ })
      .waitFor();
    await editor.page.waitForFunction(`$('#dicom-sample-picture')[0].naturalWidth > 0`);
    await editor.screenshot('dicom-sample');
    await editor.done();
    assert.equal(await editor.node('convert', 'node.changed'), false);
  });

  it('makes it anew when settings have changed, and says why there is no picture, or no message', async () => {
    await editor.openDialog('convert');
    await editor.showTab('sample');
    await part('file').setInputFiles(REPORT);
    await statusHas(/Created from: pydicom/);
    await part('caption')
      .filter({ hasText: /No picture: it is a report/ })
      .waitFor();
    assert.equal(await part('picture').isVisible(), false);
    await editor.enter('includeReportNode', false);
    await editor.enter('property', 'payload');
    await editor.showTab('sample');
    const withoutReport = `(() => {
      const tree = document.querySelector('#dicom-sample-tree').innerText;
      return /^payload/.test(tree) && /CommonFields/.test(tree) && !/Report: object/.test(tree);
    })()`;
    await editor.page.waitForFunction(withoutReport);
    await editor.drop('#dicom-panel-sample', 'text.dcm', Buffer.from('no DICOM'));
    await part('remark')
      .filter({ hasText: /not a DICOM file/ })
      .waitFor();
    await editor.cancel();
    // The browser's console has the refused file.
    assert.deepEqual([editor.errors.filter((text) => !text.includes('422')), editor.foreign], [[], []]);
  });
});
