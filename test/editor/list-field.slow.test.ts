import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { needs } from '../support/machine/needs';
import type { EditorPage } from './editor-page';
import { editorForSuite } from './with-editor';

const FIELD = 'acceptedCallingAETs';
const CALLERS = 'MODALITY01,MODALITY02, mr 3';

const FLOWS = [
  { id: 'tab', type: 'tab', label: 'Off', disabled: true },
  { id: 'node', type: 'dicom-in', z: 'tab', x: 120, y: 100, port: 11112, [FIELD]: CALLERS, wires: [[]] },
  { id: 'variable', type: 'dicom-in', z: 'tab', x: 120, y: 200, [FIELD]: '${CALLERS}', wires: [[]] },
];

describe('the list of allowed callers', { skip: needs('chromium') }, () => {
  let editor: EditorPage;

  editorForSuite({ flows: FLOWS }, (opened) => {
    editor = opened;
  });
  beforeEach(async () => {
    await editor.openDialog('node');
    await editor.showTab('access');
  });
  afterEach(async () => {
    if (await editor.dialog().isVisible()) await editor.cancel();
    assert.deepEqual(editor.errors.splice(0), []);
  });

  const shown = (field = FIELD): Promise<string[]> =>
    editor
      .entries(field)
      .evaluateAll((entries) => entries.map((entry) => (entry as { value?: string }).value ?? ''));
  const stored = (field = FIELD): Promise<string> => editor.input(field).inputValue();
  /** Number of the entry that has the focus, from 0. */
  const focused = (): Promise<number> =>
    editor.page.evaluate(
      `[...document.querySelectorAll('#dicom-in-list-${FIELD} li input')].indexOf(document.activeElement)`,
    );
  const press = async (...keys: string[]): Promise<void> => {
    for (const key of keys) await editor.page.keyboard.press(key);
  };
  /** As from the clipboard, which a browser without a window does not give. */
  const paste = (text: string, entry = 0): Promise<void> =>
    editor
      .entries(FIELD)
      .nth(entry)
      .evaluate((element, pasted) => {
        const page = globalThis as unknown as Record<
          'DataTransfer' | 'ClipboardEvent',
          new (...args: unknown[]) => never
        >;
        const clipboardData = new page.DataTransfer() as { setData(type: string, text: string): void };
        clipboardData.setData('text/plain', pasted);
        const event = new page.ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true });
        (element as unknown as { dispatchEvent(event: unknown): void }).dispatchEvent(event);
      }, text);

  it('shows each entry, and keeps the text as it came while none is changed', async () => {
    assert.deepEqual(await shown(), ['MODALITY01', 'MODALITY02', 'mr 3']);
    await editor.entries(FIELD).nth(1).focus();
    await press('Tab', 'Shift+Tab');
    await editor.done();
    assert.equal(await editor.node('node', `node.${FIELD}`), CALLERS);
  });

  it('is edited with the keyboard alone', async () => {
    await editor.entries(FIELD).nth(0).focus();
    await press('Enter');
    await editor.page.keyboard.type('CT01,CT02');
    assert.deepEqual(await shown(), ['MODALITY01', 'CT01', 'CT02', 'MODALITY02', 'mr 3']);
    assert.equal(await focused(), 2);
    assert.equal(await stored(), 'MODALITY01,CT01,CT02,MODALITY02,mr 3');
    for (let count = 0; count < 'CT02'.length; count += 1) await press('Backspace');
    assert.equal((await shown()).length, 5);
    await press('Backspace');
    assert.deepEqual(await shown(), ['MODALITY01', 'CT01', 'MODALITY02', 'mr 3']);
    assert.equal(await focused(), 1);
    await press('Tab', 'Enter');
    assert.deepEqual(await shown(), ['MODALITY01', 'MODALITY02', 'mr 3']);
    assert.equal(await focused(), 0);
    await editor.done();
    assert.equal(await editor.node('node', `node.${FIELD}`), 'MODALITY01,MODALITY02,mr 3');
  });

  it('takes a comma list, and a column of a table, that is pasted into an entry', async () => {
    await editor.entries(FIELD).nth(2).fill('');
    await paste(' CT01, CT02 ,*', 2);
    assert.equal(await stored(), 'MODALITY01,MODALITY02,CT01,CT02,*');
    assert.equal(await focused(), 4);
    await editor.entries(FIELD).nth(4).fill('');
    await paste('US01\r\nUS02\r\n', 4);
    assert.deepEqual(await shown(), ['MODALITY01', 'MODALITY02', 'CT01', 'CT02', 'US01', 'US02']);
  });

  it('is emptied entry by entry with the mouse: then nobody may send, which it says', async () => {
    const remove = editor.page.locator(`#dicom-in-list-${FIELD} li button`);
    assert.deepEqual(
      await remove.evaluateAll((buttons) =>
        buttons.map((button) => (button as never as Element).getAttribute('aria-label')),
      ),
      ['Remove MODALITY01', 'Remove MODALITY02', 'Remove mr 3'],
    );
    for (let count = 0; count < 3; count += 1) await remove.first().click();
    assert.deepEqual(await shown(), ['']);
    assert.equal(await stored(), '');
    assert.match(await editor.remarks(FIELD), /every caller is rejected/);
    assert.equal(await remove.isVisible(), false);
    assert.match((await editor.entries(FIELD).getAttribute('placeholder')) ?? '', /^nobody/);
    await editor.entries(FIELD).fill('CT01');
    await editor
      .dialog()
      .getByRole('group', { name: 'Allowed callers' })
      .getByRole('button', { name: 'Add' })
      .click();
    assert.equal(await focused(), 1);
    await editor.page.keyboard.type('CT02');
    assert.equal(await stored(), 'CT01,CT02');
  });

  it('marks the entry that is wrong, and names it', async () => {
    await editor.entries(FIELD).nth(1).fill('CT\\01');
    const wrong = await editor
      .entries(FIELD)
      .evaluateAll((entries) =>
        entries.map((entry) => (entry as never as Element).getAttribute('aria-invalid')),
      );
    assert.deepEqual(wrong, ['false', 'true', 'false']);
    assert.match(await editor.remarks(FIELD), /^.*"CT\\01" contains a character[^\n]*$/);
  });

  it('takes one environment variable for the whole list', async () => {
    await editor.cancel();
    await editor.openDialog('variable');
    await editor.showTab('access');
    assert.deepEqual(await shown(), ['${CALLERS}']);
    assert.equal(await editor.remarks(FIELD), '');
    await editor.done();
    assert.equal(await editor.node('variable', `node.${FIELD}`), '${CALLERS}');
  });

  it('follows an import', async () => {
    await editor.showTab('importExport');
    const receiver = {
      $type: 'HL7Soup.Functions.Settings.Receivers.DicomReceiverSetting, HL7SoupWorkflow',
      AcceptedCallingAETs: 'A1 ,B2',
    };
    await editor.page.locator('#dicom-in-import-text').fill(JSON.stringify(receiver));
    await editor.page.locator('#dicom-in-import-run').click();
    assert.deepEqual(await shown(), ['A1', 'B2']);
    assert.equal(await stored(), 'A1 ,B2');
  });

  it('serves allowed hosts, too', async () => {
    await editor.enter('allowedHosts', '10.1.0.0/16, ::1');
    assert.deepEqual(await shown('allowedHosts'), ['10.1.0.0/16', '::1']);
    assert.equal(await stored('allowedHosts'), '10.1.0.0/16,::1');
  });
});

interface Element {
  getAttribute(name: string): string | null;
}
