import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import type { Download } from 'playwright-core';
import { freePort } from '../support/machine/free-port';
import { MessageSink } from '../support/node-red/message-sink';
import { needs } from '../support/machine/needs';
import { type FlowNode, type NodeRed } from '../support/node-red/node-red';
import { PACKAGE_DIR } from '../support/package/package-dir';
import { sinkNodes, TAB } from '../support/node-red/flows';
import { RECEIVER, workflow } from '../integration-soup/receiver-json';
import { run } from '../support/machine/run';
import type { EditorPage } from './editor-page';
import { editorForSuite } from './with-editor';

const SAMPLE = join(PACKAGE_DIR, 'test', 'fixtures', 'sample-ct.dcm');
const pretty = (value: unknown): string => JSON.stringify(value, null, 2);

/** More than the node has fields for, and values in forms of their own. */
const RICH = {
  ...RECEIVER,
  AssociationTimeoutSeconds: '20',
  MessageType: 'DICOM',
  New: { deep: ['<b>bold</b>', 1] },
  Activities: [RECEIVER.Activities[0], { Id: 5 }],
  MessageTypeOptions: { ...RECEIVER.MessageTypeOptions, Extra: '__proto__ $t(label.port)' },
  ReceivedMessageTemplate: 'MSH|1\rPID|2\r\n{"a": 1}',
};

describe('import and export in the dialog', { skip: needs('chromium', 'dcmtk') }, () => {
  let nodeRed: NodeRed;
  let editor: EditorPage;
  let flows: FlowNode[];
  let sink: MessageSink;
  let folder: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'import-'));
    sink = await MessageSink.open();
    flows = [
      { id: TAB, type: 'tab', label: 'Flow 1' },
      { id: 'in', type: 'dicom-in', z: TAB, x: 100, y: 100, d: true, wires: [['test-out-1']] },
      ...['other', 'third'].map((id, index) => ({
        id,
        type: 'dicom-in',
        z: TAB,
        x: 100,
        y: 200 + 60 * index,
        d: true,
        wires: [[]],
      })),
      ...sinkNodes(sink),
    ];
  });
  editorForSuite(
    () => ({ flows }),
    (opened) => {
      editor = opened;
      nodeRed = opened.nodeRed;
    },
  );
  after(async () => {
    await sink?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  afterEach(async () => {
    if (await editor.dialog().isVisible()) await editor.cancel();
    assert.deepEqual([editor.errors.splice(0), editor.foreign.splice(0)], [[], []]);
  });

  const open = async (id: string): Promise<void> => {
    await editor.openDialog(id);
    await editor.showTab('importExport');
  };
  const part = (name: string) => editor.page.locator(`#dicom-in-${name}`);
  /** As a user does with the keyboard. */
  const paste = async (text: string): Promise<void> => {
    await editor.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await editor.page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(text)})`);
    await part('import-text').fill('');
    await part('import-text').press('Control+v');
  };
  const result = (): Promise<string> => part('import-result').innerText();
  const resultHas = (words: string | RegExp) =>
    part('import-result').filter({ hasText: words }).waitFor({ timeout: 5_000 });
  const exported = async (): Promise<unknown> => JSON.parse(await part('export-text').inputValue());
  const flowNode = async (id: string): Promise<FlowNode | undefined> =>
    (await nodeRed.flows()).find((node) => node.id === id);

  it('fills the fields with what is pasted; the node then receives as it says', async () => {
    const port = await freePort();
    const receiver = { ...RECEIVER, Port: port, AcceptedCallingAETs: 'CT01', Name: 'From Soup' };
    await open('in');
    await paste(pretty(receiver));
    await resultHas(`From Soup :${port}`);
    assert.match(await result(), /Only the links .*: Filters, Transformers, Activities$/m);
    assert.equal(await editor.input('ourAET').inputValue(), 'SOUP');
    assert.equal(await editor.input('acceptedCallingAETs').inputValue(), 'CT01');
    assert.equal(await editor.input('includeReportNode').isChecked(), false);
    await editor.done();
    const from = nodeRed.lines.length;
    await editor.deploy();
    await nodeRed.waitForLine(/listening on .*port/, { from });
    await sink.connected();
    const send = (aet: string) =>
      run('storescu', ['-v', '-aet', aet, '-aec', 'SOUP', '127.0.0.1', String(port), SAMPLE]);
    assert.notEqual((await send('MR01')).code, 0);
    assert.equal((await send('CT01')).code, 0);
    const [message] = await sink.count(1);
    assert.equal(message?.dicom.callingAET, 'CT01');
    // Disabled: false switched the node on, which was off before.
    const node = await flowNode('in');
    assert.equal(node?.['d'], undefined);
    assert.equal(node?.['settingId'], RECEIVER.Id);
  });

  it('exports what was imported, to the last field, after saving, deploying and opening again', async () => {
    const rich = { ...RICH, Disabled: true };
    await open('other');
    await paste(pretty(rich));
    await resultHas('DICOM Inbound');
    assert.match(await result(), /disabled/);
    assert.deepEqual(await exported(), rich);
    await editor.done();
    await editor.deploy();
    assert.equal((await flowNode('other'))?.['d'], true);
    await editor.reload();

    await open('other');
    assert.equal(await part('export-text').inputValue(), pretty(rich));
    const kept = await part('kept').innerText();
    for (const words of ['New: {"deep":["<b>bold</b>",1]}', 'MessageTypeOptions.Extra', '$t(label.port)']) {
      assert(kept.includes(words), kept);
    }
    assert.match(kept, /Activities\[1\]: \{"Id":5\}/);
    assert.equal(await part('kept').locator('b').count(), 0);

    await editor.enter('associationTimeoutSeconds', '25');
    await editor.enter('name', 'Renamed');
    await editor.page.locator('#node-input-node-disabled + button').click();
    await editor.showTab('importExport');
    assert.deepEqual(await exported(), {
      ...rich,
      Name: 'Renamed',
      AssociationTimeoutSeconds: '25',
      Disabled: false,
    });
  });

  it('opens and closes with Done without a change, whatever was imported', async () => {
    await open('other');
    const before = await editor.node<string>('other', 'JSON.stringify(RED.nodes.convertNode(node))');
    await editor.done();
    const afterwards = await editor.node<string>('other', 'JSON.stringify(RED.nodes.convertNode(node))');
    assert.equal(afterwards, before);
  });

  it('takes a dropped file, offers its receivers, and says what it leaves', async () => {
    await open('third');
    const sender = { $type: 'HL7Soup.Functions.Settings.Senders.DicomSenderSetting, X', Name: 'To PACS' };
    const file = pretty([workflow(RECEIVER, sender), { ...RECEIVER, Name: 'Second', Port: 4242 }]);
    await editor.drop('#dicom-in-import', 'radiology.hl7Workflow', `\ufeff${file}`);
    await part('import-setting').waitFor();
    const options = await part('import-setting').locator('option').allInnerTexts();
    assert.match(options.join('; '), /^DICOM Inbound :11112 \(line \d+\); Second :4242 \(line \d+\)$/);
    assert.equal(await editor.page.evaluate('document.activeElement.id'), 'dicom-in-import-setting');
    // With the keyboard alone.
    await editor.page.keyboard.press('ArrowDown');
    await editor.page.keyboard.press('Tab');
    await editor.page.keyboard.press('Enter');
    await resultHas('Second :4242');
    assert.match(await result(), /DicomSenderSetting "To PACS" – a sender/);
    assert.equal(await editor.input('port').inputValue(), '4242');
    assert.equal(((await exported()) as typeof RECEIVER).Name, 'Second');
  });

  it('takes a chosen file', async () => {
    const path = join(folder, 'receiver.json');
    writeFileSync(path, `\ufeff${pretty({ OurAET: 'FILE', Port: 0 })}`, 'utf16le');
    await open('third');
    await part('import-file').setInputFiles(path);
    await resultHas(/Missing in the JSON.*Allowed callers/);
    assert.doesNotMatch(await result(), /Only the links/);
    assert.match(await result(), /Port – 0 is outside 1 to 65535/);
    assert.equal(await editor.input('ourAET').inputValue(), 'FILE');
    assert.equal(await editor.input('acceptedCallingAETs').inputValue(), '*');
  });

  it('shows the line of an error, and changes nothing', async () => {
    await open('third');
    await paste(pretty(RECEIVER).replace('"SOUP",', '"SOUP",,'));
    await resultHas('Line 8, column 20');
    assert.match(await part('import-result').locator('pre').innerText(), /"OurAET": "SOUP",,/);
    await part('import-text').fill('{"OurAET": "X",}');
    await part('import-run').press('Enter');
    await resultHas('Line 1, column 15: A comma before a closing bracket');
    await part('import-text').fill('{"constructor": {}, "__proto__": {"OurAET": "X"}}');
    await part('import-run').press('Enter');
    await resultHas('no DICOM receiver');
    assert.equal(await editor.input('ourAET').inputValue(), 'HL7SOUP_SCP');
    assert.equal(await part('kept').innerText(), 'Nothing has been imported.');
  });

  it('forgets an import when it is told to', async () => {
    await open('other');
    await part('export-forget').press('Enter');
    assert.equal(await part('kept').innerText(), 'Nothing has been imported.');
    const { New, ...rest } = (await exported()) as typeof RICH;
    assert.equal(New, undefined);
    assert.equal(rest.MessageType, 16);
    assert.equal(await editor.page.evaluate('document.activeElement.id'), 'dicom-in-export-text');
  });

  it('copies and downloads the JSON', async () => {
    await open('other');
    const json = await part('export-text').inputValue();
    await part('export-copy').press('Enter');
    assert.equal(await part('export-done').innerText(), 'Copied.');
    assert.equal(await editor.page.evaluate('navigator.clipboard.readText()'), json);
    assert.equal(await editor.page.evaluate('document.activeElement.id'), 'dicom-in-export-copy');
    const downloading = editor.page.waitForEvent('download');
    await part('export-download').press('Enter');
    const download: Download = await downloading;
    assert.equal(download.suggestedFilename(), 'DICOM_Inbound.json');
    assert.equal(readFileSync(await download.path(), 'utf8'), json);
  });

  it('says which values are variables that Integration Soup does not know', async () => {
    await open('third');
    await editor.enter('port', '${DICOM_PORT}');
    await editor.showTab('importExport');
    assert.match(await part('export-note').innerText(), /environment variable, .* a value: Port$/);
  });

  it("names the flow's tab after the workflow on request, and undo takes back both", async () => {
    const state = () =>
      editor.page.evaluate<unknown>(
        `[RED.nodes.workspace('${TAB}').label, document.querySelector('#red-ui-tab-${TAB}').innerText.trim(),
          RED.nodes.node('third').workflowPatternName ?? '', RED.nodes.dirty()]`,
      );
    assert.deepEqual(await state(), ['Flow 1', 'Flow 1', '', false]);
    await open('third');
    assert.equal(await part('rename-tab').isVisible(), false);
    await paste(pretty(RECEIVER));
    await resultHas('DICOM Inbound');
    await part('rename-tab').check();
    await editor.done();
    assert.deepEqual(await state(), ['Radiology in', 'Radiology in', 'Radiology in', true]);
    await editor.page.evaluate("RED.actions.invoke('core:undo')");
    assert.deepEqual(await state(), ['Flow 1', 'Flow 1', '', false]);
    await editor.page.evaluate("RED.actions.invoke('core:redo')");
    assert.deepEqual(await state(), ['Radiology in', 'Radiology in', 'Radiology in', true]);
    await editor.deploy();
    assert.equal((await flowNode(TAB))?.['label'], 'Radiology in');
    await open('third');
    assert.equal(await part('rename-tab').isVisible(), false);
  });
});
