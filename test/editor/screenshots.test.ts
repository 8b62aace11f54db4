import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { needs } from '../support/needs';
import { startNodeRed } from '../support/node-red';
import { EditorPage } from './editor-page';

const FLOWS = [
  { id: 'tab', type: 'tab', label: 'Flow 1', disabled: true },
  { id: 'in', type: 'dicom-in', z: 'tab', name: 'From CT', port: 11112, x: 160, y: 120, wires: [['debug']] },
  { id: 'debug', type: 'debug', z: 'tab', name: 'show', x: 380, y: 120, wires: [] },
];
const TABS = ['general', 'access', 'message', 'delivery', 'sample', 'imported'];

/** Kept as artefacts, to be looked at; what a program can see of them is that nothing is cut off. */
describe('the dialog as a picture', { skip: needs('chromium') }, () => {
  for (const theme of ['light', 'dark'] as const) {
    it(`fits its tabs in the ${theme} theme`, async () => {
      const nodeRed = await startNodeRed({ flows: FLOWS });
      try {
        const editor = await EditorPage.open(nodeRed, { theme });
        await editor.screenshot(`flow-${theme}`);
        await editor.openDialog('in');
        for (const tab of TABS) {
          await editor.showTab(tab);
          const cut = await editor.page.evaluate<string[]>(`[...document.querySelectorAll(
              '#dicom-in-dialog label, #dicom-in-dialog .dicom-in-notes, #dicom-in-tabs a')]
            .filter((element) => element.offsetParent !== null && element.scrollWidth > element.clientWidth + 1)
            .map((element) => element.innerText)`);
          assert.deepEqual(cut, [], `cut off on ${tab}`);
          await editor.screenshot(`dialog-${theme}-${tab}`);
        }
        assert.deepEqual(editor.errors, []);
        await editor.close();
      } finally {
        await nodeRed.stop();
      }
    });
  }
});
