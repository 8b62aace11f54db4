import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import { dicomIn, TAB } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { needs } from '../support/machine/needs';
import { RECEIVER, workflow } from '../integration-soup/receiver-json';
import { SAMPLE } from '../support/peers/store-client';
import type { EditorPage } from './editor-page';
import { FAMILY, inEachDialog } from './family';
import { THEMES, withEditor } from './with-editor';

const FLOWS = [
  ...FAMILY,
  {
    id: 'in',
    type: 'dicom-in',
    z: 'tab',
    x: 120,
    y: 100,
    // Something of everything that can stand under a field, or is shown only sometimes.
    port: 104,
    acceptedCallingAETs: 'CT01,MR\\01',
    output: 'file',
    queue: 'disk',
    respond: 'processed',
    acknowledge: true,
    wires: [[]],
  },
];
const TABS = ['listener', 'access', 'message', 'delivery', 'journal', 'sample', 'importExport'];

/** Where the colours are Node-RED's own: there the rule color-contrast, and no other, is Node-RED's to keep. */
const COLOURED_BY_NODE_RED = [
  // Its buttons: 3.5 to 1 in Node-RED 4.
  '.red-ui-button',
  // Names in the debug sidebar, and in our tree that looks like it: 4.48 to 1 in the dark theme of Node-RED 5.
  '.red-ui-debug-msg-object-key',
];
/** Node-RED gives its body no height, which axe takes for hidden: then it looks at no contrast. */
const WITH_HEIGHT = 'html, body { height: 100% }';
const AXE = createRequire(__filename).resolve('axe-core/axe.min.js');

interface Violation {
  id: string;
  nodes: { target: string[]; failureSummary: string }[];
}

describe('the dialogs for people who see, hear or type differently', { skip: needs('chromium') }, () => {
  for (const theme of THEMES) {
    it(`have nothing that axe finds in the ${theme} theme`, async () => {
      const live = dicomIn('live', await freePort(), [[]], { acceptedCallingAETs: '', queue: 'memory' });
      const flows = [...FLOWS, { id: TAB, type: 'tab', label: 'On' }, live];
      await withEditor({ flows, theme }, async (editor) => {
        await editor.page.addScriptTag({ path: AXE });
        await editor.page.addStyleTag({ content: WITH_HEIGHT });
        await editor.openDialog('in');
        for (const tab of TABS) {
          await editor.showTab(tab);
          await check(editor, tab);
        }
        await editor.page
          .locator('#dicom-in-import-text')
          .fill(JSON.stringify(workflow({ ...RECEIVER, New: 1 })));
        await editor.page.locator('#dicom-in-import-run').click();
        await check(editor, 'the report of an import');
        await editor.cancel();
        await editor.openDialog('live');
        await editor.page.locator('#dicom-in-feedback-echo').click();
        await editor.page.locator('#dicom-in-feedback-refusals li').waitFor();
        await check(editor, 'feedback');
        await editor.showTab('sample');
        await editor.page.locator('#dicom-in-sample-file').setInputFiles(SAMPLE);
        await editor.page.locator('#dicom-in-sample-keep').waitFor();
        await editor.page.getByText('SeriesDescription').click();
        await check(editor, 'a sample');
        await editor.cancel();
        await editor.openDialog('pacs');
        await editor.page.locator('#dicom-peer-test-echo').click();
        await editor.page.locator('#dicom-peer-test-outcome.dicom-bad').waitFor();
        await check(editor, 'dicom-peer');
        await editor.cancel();
        await inEachDialog(editor, (name) => check(editor, name));
        assert.deepEqual(editor.foreign, []);
      });
    });
  }

  it('would not pass with a label missing, or with text that can hardly be read', async () => {
    await withEditor({ flows: FLOWS }, async (editor) => {
      await editor.page.addScriptTag({ path: AXE });
      await editor.page.addStyleTag({ content: WITH_HEIGHT });
      await editor.openDialog('dicom-response');
      await editor.page.evaluate(
        "$('#dicom-response-hint-name').css('color', '#ccc'), $('label[for=node-input-status]').remove()",
      );
      const found = await violations(editor);
      assert.deepEqual(found.map(({ id }) => id).sort(), [
        'color-contrast',
        'label-title-only',
        'select-name',
      ]);
    });
  });
});

async function check(editor: EditorPage, what: string): Promise<void> {
  const found = await violations(editor);
  const words = found.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
  );
  assert.deepEqual(words, [], what);
}

/** In the open dialog, by all of axe's rules. */
async function violations(editor: EditorPage): Promise<Violation[]> {
  const found = await editor.page.evaluate<Violation[]>(
    "axe.run('.red-ui-tray-content form > div').then(({ violations }) => violations)",
  );
  const isOurs = async ({ target }: Violation['nodes'][number]): Promise<boolean> => {
    const selector = COLOURED_BY_NODE_RED.flatMap((own) => [own, `${own} *`]).join();
    return !(await editor.page
      .locator(target.join(' '))
      .evaluate((element: { matches(selector: string): boolean }, own) => element.matches(own), selector));
  };
  const ours: Violation[] = [];
  for (const { id, nodes } of found) {
    const kept = [];
    for (const node of nodes) if (id !== 'color-contrast' || (await isOurs(node))) kept.push(node);
    if (kept.length > 0) ours.push({ id, nodes: kept });
  }
  return ours;
}
