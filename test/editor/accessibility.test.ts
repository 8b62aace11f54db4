import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import { dicomIn, TAB } from '../support/flows';
import { freePort } from '../support/free-port';
import { needs } from '../support/needs';
import { startNodeRed } from '../support/node-red';
import { RECEIVER, workflow } from '../support/receiver-json';
import { SAMPLE } from '../support/store-client';
import { EditorPage } from './editor-page';

const FLOWS = [
  { id: 'tab', type: 'tab', label: 'Off', disabled: true },
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
  { id: 'answer', type: 'dicom-response', z: 'tab', status: 'custom', x: 300, y: 100, wires: [] },
];
const TABS = ['listener', 'access', 'message', 'delivery', 'sample', 'importExport'];

/** What is Node-RED's own, and why it fails: what we put around it passes. */
const OF_NODE_RED = [
  // Node-RED 4's colours of every button have a contrast of 3.5 to 1.
  '.red-ui-button',
  // Node-RED's code editor (Monaco), where a dialog shows one.
  '.monaco-editor',
];
/** Node-RED gives its body no height, which axe takes for hidden: then it looks at no contrast. */
const WITH_HEIGHT = 'html, body { height: 100% }';
const AXE = createRequire(__filename).resolve('axe-core/axe.min.js');

interface Violation {
  id: string;
  nodes: { target: string[]; failureSummary: string }[];
}

describe(
  'the dialogs for people who see, hear or type differently',
  { skip: needs('chromium'), timeout: 240_000 },
  () => {
    for (const theme of ['light', 'dark'] as const) {
      it(`have nothing that axe finds in the ${theme} theme`, async () => {
        const live = dicomIn('live', await freePort(), [[]], { acceptedCallingAETs: '', queue: 'memory' });
        const nodeRed = await startNodeRed({
          flows: [...FLOWS, { id: TAB, type: 'tab', label: 'On' }, live],
        });
        const editor = await EditorPage.open(nodeRed, { theme });
        try {
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
          await editor.openDialog('answer');
          await check(editor, 'dicom-response');
          assert.deepEqual(editor.foreign, []);
        } finally {
          await editor.close();
          await nodeRed.stop();
        }
      });
    }

    it('would not pass with a label missing, or with text that can hardly be read', async () => {
      const nodeRed = await startNodeRed({ flows: FLOWS });
      const editor = await EditorPage.open(nodeRed);
      try {
        await editor.page.addScriptTag({ path: AXE });
        await editor.page.addStyleTag({ content: WITH_HEIGHT });
        await editor.openDialog('answer');
        await editor.page.evaluate(
          "$('#dicom-response-hint-name').css('color', '#ccc'), $('label[for=node-input-status]').remove()",
        );
        const found = await violations(editor);
        assert.deepEqual(found.map(({ id }) => id).sort(), [
          'color-contrast',
          'label-title-only',
          'select-name',
        ]);
      } finally {
        await editor.close();
        await nodeRed.stop();
      }
    });
  },
);

async function check(editor: EditorPage, what: string): Promise<void> {
  const found = await violations(editor);
  const words = found.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
  );
  assert.deepEqual(words, [], what);
}

/** In the open dialog, by all of axe's rules. */
function violations(editor: EditorPage): Promise<Violation[]> {
  const context = {
    include: ['.red-ui-tray-content form > div'],
    exclude: OF_NODE_RED.map((selector) => [selector]),
  };
  return editor.page.evaluate<Violation[]>(
    `axe.run(${JSON.stringify(context)}).then(({ violations }) => violations)`,
  );
}
