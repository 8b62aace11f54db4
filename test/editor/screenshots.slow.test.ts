import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dicomIn } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { needs } from '../support/machine/needs';
import { isConfig, NODE_TYPES } from '../support/package/node-types';
import { RECEIVER, workflow } from '../integration-soup/receiver-json';
import { SAMPLE } from '../support/peers/store-client';
import { FAMILY, inEachDialog, stickingOut } from './family';
import { THEMES, withEditor } from './with-editor';

const FLOWS = [
  ...FAMILY,
  { id: 'in', type: 'dicom-in', z: 'tab', name: 'From CT', port: 11112, x: 160, y: 120, wires: [['debug']] },
  { id: 'debug', type: 'debug', z: 'tab', name: 'show', x: 160, y: 180, wires: [] },
];
const TABS = ['listener', 'access', 'message', 'delivery', 'journal', 'sample', 'importExport'];

/** Everything that the dialog shows only sometimes. */
const ALL_FIELDS: Record<string, string | boolean> = {
  output: 'file',
  queue: 'disk',
  respond: 'processed',
  acknowledge: true,
};

/** Something of everything that an import can report. */
const IMPORTED = workflow(
  { ...RECEIVER, Disabled: true, Port: 104, OurAET: undefined, New: { deep: 1 }, MessageType: 'FHIR' },
  { $type: 'HL7Soup.Functions.Settings.Filters.FilterHostSetting, HL7SoupWorkflow', Name: 'Only CT' },
);

/** Texts in the open dialog that do not fit. */
const CUT = `[
  ...[...document.querySelectorAll('form label, form [class$="-notes"]')]
    .filter((element) => element.offsetParent !== null && element.scrollWidth > element.clientWidth + 1),
  ...[...document.querySelectorAll('#dicom-in-tabs a span')].filter((label) =>
    label.getBoundingClientRect().right > label.closest('li').getBoundingClientRect().right)
].map((element) => element.innerText)`;

/** How wide and high the help is, and the room that it has: the innermost of nested elements has its height. */
const HELP = `(() => {
  const help = [...document.querySelectorAll('.red-ui-panel > .red-ui-help')].find((one) => one.clientHeight > 0);
  const { scrollWidth, clientWidth } = help.parentElement;
  return { scrollWidth, clientWidth, height: help.scrollHeight };
})()`;

/** Kept as artefacts, to be looked at; what a program can see of them is that nothing is cut off. */
describe('the dialogs as pictures', { skip: needs('chromium') }, () => {
  for (const theme of THEMES) {
    it(`fit their places in the ${theme} theme`, async () => {
      const live = dicomIn('live', await freePort(), [[]], { name: 'From MR', acceptedCallingAETs: '' });
      const flows = [...FLOWS, { id: 'live-tab', type: 'tab', label: 'Flow 2' }, { ...live, z: 'live-tab' }];
      await withEditor({ flows, theme }, async (editor) => {
        await editor.screenshot(`flow-${theme}`);
        await editor.openDialog('in');
        for (const tab of TABS) {
          await editor.showTab(tab);
          assert.deepEqual(await editor.page.evaluate<string[]>(CUT), [], `cut off on ${tab}`);
          await editor.screenshot(`dialog-${theme}-${tab}`);
        }
        for (const [field, value] of Object.entries(ALL_FIELDS)) await editor.enter(field, value);
        for (const tab of ['listener', 'message', 'delivery']) {
          await editor.showTab(tab);
          assert.deepEqual(
            await editor.page.evaluate<string[]>(CUT),
            [],
            `cut off on ${tab} with all fields`,
          );
          await editor.screenshot(`dialog-${theme}-${tab}-all`);
        }
        await editor.showTab('importExport');
        await editor.page.locator('#dicom-in-import-text').fill(JSON.stringify(IMPORTED, null, 2));
        await editor.page.locator('#dicom-in-import-run').click();
        assert.deepEqual(await editor.page.evaluate<string[]>(CUT), [], 'cut off after an import');
        await editor.screenshot(`dialog-${theme}-imported`);
        await editor.page.locator('#dicom-in-export-text').scrollIntoViewIfNeeded();
        await editor.screenshot(`dialog-${theme}-exported`);
        await editor.cancel();
        await editor.openDialog('live');
        await editor.page.locator('#dicom-in-feedback-echo').click();
        await editor.page.locator('#dicom-in-feedback-refusals').scrollIntoViewIfNeeded();
        assert.deepEqual(await editor.page.evaluate<string[]>(CUT), [], 'cut off in the feedback');
        await editor.screenshot(`feedback-${theme}`);
        await editor.showTab('sample');
        await editor.page.locator('#dicom-in-sample-placeholders').uncheck();
        await editor.page.locator('#dicom-in-sample-file').setInputFiles(SAMPLE);
        await editor.page.locator('#dicom-in-sample-keep').waitFor();
        await editor.page.getByText('SeriesDescription').click();
        assert.deepEqual(await editor.page.evaluate<string[]>(CUT), [], 'cut off on the sample tab');
        await editor.screenshot(`sample-${theme}`);
        await editor.cancel();
        await editor.openDialog('pacs');
        await editor.page.locator('#dicom-peer-test-echo').click();
        await editor.page.locator('#dicom-peer-test-outcome.dicom-bad').waitFor();
        assert.deepEqual(await editor.page.evaluate<string[]>(CUT), [], 'cut off in dicom-peer');
        await editor.screenshot(`peer-${theme}`);
        await editor.cancel();
        await inEachDialog(editor, async (name) => {
          assert.deepEqual(await editor.page.evaluate<string[]>(CUT), [], `cut off in ${name}`);
          assert.deepEqual(await stickingOut(editor), [], `sticking out of ${name}`);
          await editor.screenshot(`${name}-${theme}`);
        });
        assert.deepEqual(editor.errors.splice(0), []);
      });
    });
  }

  for (const language of ['en-US', 'de']) {
    it(`the help fits the sidebar as it is at first, and is read in less than five windows: ${language}`, async () => {
      const setup = { viewport: { width: 1280, height: 800 }, language };
      await withEditor(setup, async (editor) => {
        const wrong: string[] = [];
        for (const type of NODE_TYPES.filter((each) => !isConfig(each))) {
          await editor.page.evaluate(`RED.sidebar.help.show('${type}')`);
          await editor.page.locator('.red-ui-help h1', { hasText: type.replace('-', ' ') }).waitFor();
          const { scrollWidth, clientWidth, height } =
            await editor.page.evaluate<Record<string, number>>(HELP);
          if (scrollWidth !== clientWidth) wrong.push(`${type} is cut off`);
          if ((height ?? 0) < 500 || (height ?? 0) > 5 * 800) wrong.push(`${type} is ${height} high`);
        }
        assert.deepEqual(wrong, []);
        assert.deepEqual(editor.errors.splice(0), []);
      });
    });
  }
});
