import assert from 'node:assert/strict';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { DICOM_IN, type DicomInField } from '../../src/settings';
import { freePort } from '../support/machine/free-port';
import { needs } from '../support/machine/needs';
import type { NodeRed } from '../support/node-red/node-red';
import { FLOWS } from './dialog-flows';
import type { EditorPage } from './editor-page';
import { editorForSuite } from './with-editor';

/** Where Node-RED's own choice stands for none. */
const CONFIG_NODES: readonly string[] = ['tls', 'sharedQueue'];

describe('the dialog of dicom-in', { skip: needs('chromium') }, () => {
  let nodeRed: NodeRed;
  let editor: EditorPage;

  editorForSuite({ flows: FLOWS }, (opened) => {
    editor = opened;
    nodeRed = opened.nodeRed;
  });
  afterEach(async () => {
    if (await editor.dialog().isVisible()) await editor.cancel();
    assert.deepEqual(editor.errors.splice(0), []);
  });

  it('has an input, a label, a hint and a tooltip for every setting', async () => {
    await editor.openDialog('bare');
    for (const field of DICOM_IN.names) {
      const suffix = DICOM_IN.fields[field].kind === 'list' ? '-list' : '';
      assert.equal(await editor.input(`${field}${suffix}`).count(), 1, `input of ${field}`);
      const hint = await editor.page.locator(`#dicom-in-hint-${field}`).textContent();
      assert(hint !== null && hint.length > 10 && !hint.includes('dicom-in.'), `hint of ${field}: ${hint}`);
      // What is kept of an import is a list.
      const label = editor.page
        .locator('.form-row', { has: editor.input(`${field}${suffix}`) })
        .locator('label');
      if (field !== 'imported') assert.equal(await label.first().getAttribute('title'), hint, field);
    }
    const untranslated = await editor.page.locator('#dicom-in-dialog').innerText();
    assert(!untranslated.includes('dicom-in.'), untranslated);
  });

  it('offers the fields of a choice only where that is chosen', async () => {
    await editor.openDialog('bare');
    assert.equal(await editor.input('directory').isVisible(), false);
    await editor.enter('output', 'file');
    assert.equal(await editor.input('directory').isVisible(), true);
    assert.equal(await editor.input('filenameTemplate').isVisible(), true);
    assert.equal(await editor.input('collision').isVisible(), true);
    assert.equal(await editor.input('placeForHours').isVisible(), true);
    await editor.enter('respond', 'processed');
    assert.equal(await editor.input('responseTimeoutSeconds').isVisible(), true);
    for (const acknowledge of [false, true]) {
      await editor.enter('acknowledge', acknowledge);
      for (const field of ['maxInFlight', 'acknowledgeTimeoutSeconds', 'maxDeliveries']) {
        assert.equal(await editor.input(field).isVisible(), acknowledge, field);
      }
    }
    for (const queue of ['memory', 'disk']) {
      await editor.enter('queue', queue);
      for (const field of ['queueDirectory', 'onlyThisMachine', 'minFreeDiskMB', 'maxCrashes']) {
        assert.equal(await editor.input(field).isVisible(), queue === 'disk', field);
      }
    }
    await editor.enter('includeTagsNode', false);
    for (const field of ['tagsFormat', 'maxMessageMB', 'maxMessageElements']) {
      assert.equal(await editor.input(field).isVisible(), false, field);
    }
    assert.equal(await editor.input('leaveOutEmpty').isVisible(), true);
    await editor.enter('includeCommonFieldsNode', false);
    assert.equal(await editor.input('leaveOutEmpty').isVisible(), false);
  });

  it('is used with the keyboard: arrows go from tab to tab', async () => {
    await editor.openDialog('bare');
    await editor.page.locator('#dicom-in-tab-listener').focus();
    await editor.page.keyboard.press('ArrowRight');
    assert.equal(await editor.page.locator('#dicom-in-panel-access').isVisible(), true);
    await editor.page.keyboard.press('End');
    assert.equal(await editor.page.locator('#dicom-in-panel-importExport').isVisible(), true);
    await editor.page.keyboard.press('ArrowRight');
    assert.equal(await editor.page.locator('#dicom-in-panel-listener').isVisible(), true);
    await editor.page.keyboard.press('Tab');
    assert.equal(await editor.page.evaluate('document.activeElement.id'), 'node-input-name');
  });

  it('shows the defaults of settings that a flow of an older version lacks', async () => {
    await editor.openDialog('bare');
    for (const field of DICOM_IN.names) {
      const input = editor.input(DICOM_IN.fields[field].kind === 'list' ? `${field}-list` : field);
      const expected = DICOM_IN.defaults[field];
      if (typeof expected === 'boolean') assert.equal(await input.isChecked(), expected, field);
      else if (!CONFIG_NODES.includes(field)) assert.equal(await input.inputValue(), String(expected), field);
      if (field !== 'port') assert.equal(await editor.remarks(field), '', field);
    }
  });

  it('keeps what it does not show as it came: an environment variable for a choice, activities, the sample', async () => {
    await editor.openDialog('full');
    assert.equal(await editor.input('output').inputValue(), '${DICOM_OUTPUT}');
    await editor.enter('name', 'renamed');
    await editor.done();
    const kept = await editor.node<Record<string, unknown>>(
      'full',
      `({ port: node.port, output: node.output, activities: node.activities,
          receivedMessageTemplate: node.receivedMessageTemplate })`,
    );
    const { port, output, activities, receivedMessageTemplate } = FLOWS[4] as Record<string, unknown>;
    assert.deepEqual(kept, { port, output, activities, receivedMessageTemplate });
  });

  it('adds a second output when events are switched on, and takes it away again', async () => {
    await editor.openDialog('bare');
    await editor.enter('emitEvents', true);
    await editor.done();
    assert.equal(await editor.node('bare', 'node.outputs'), 2);
    assert.equal(await editor.node('bare', 'node._def.outputLabels.call(node, 1)'), 'event');
    await editor.openDialog('bare');
    await editor.enter('emitEvents', false);
    await editor.done();
    assert.equal(await editor.node('bare', 'node.outputs'), 1);
  });

  it('has as many outputs as what is on needs, and never moves one', async () => {
    for (const [field, value, outputs] of [
      ['answerMpps', 'at-once', 4],
      ['answerMpps', 'off', 1],
      ['answerQueries', 'worklist, study', 3],
      ['answerQueries', '', 1],
    ] as const) {
      await editor.openDialog('bare');
      if (field === 'answerMpps') await editor.enter('answerMpps', value);
      else
        await editor.page.evaluate(
          `$('#node-input-answerQueries-list').val(${JSON.stringify(value)}).trigger('change')`,
        );
      await editor.done();
      assert.equal(await editor.node('bare', 'node.outputs'), outputs, `${field} ${value}`);
    }
    const labels = await editor.node<string[]>(
      'bare',
      '[0, 1, 2, 3].map((index) => node._def.outputLabels.call(node, index))',
    );
    assert.deepEqual(labels, ['DICOM message', 'event', 'query', 'procedure step']);
  });

  it('adds, edits and deploys a node whose flow JSON then has the values that were entered', async () => {
    const port = String(await freePort());
    const id = await editor.addFromPalette('dicom-in');
    await editor.openDialog(id);
    const entered: Partial<Record<DicomInField, string | boolean>> = {
      name: 'From CT',
      port,
      ourAET: 'NODERED',
      acceptedCallingAETs: 'CT01,mr02',
      output: 'file',
      directory: '/tmp/dicom',
      filenameTemplate: '{PatientID}/{SOPInstanceUID}.dcm',
      collision: 'skip-identical',
      checkCalledAET: true,
      allowedHosts: '127.0.0.1,10.1.0.0/16,::1',
      bindAddress: '127.0.0.1',
      acceptUnknownSopClasses: false,
      transferSyntaxes: '1.2.840.10008.1.2.1, 1.2.840.10008.1.2',
      associationTimeoutSeconds: '20',
      idleTimeoutSeconds: '90',
      maxAssociations: '7',
      maxPduLength: '65536',
      maxObjectSizeMB: '500',
      includeReportNode: false,
      tagsFormat: 'dicom-json',
      queue: 'disk',
      queueDirectory: join(nodeRed.userDir, 'from-ct'),
      maxQueued: '200',
      minFreeDiskMB: '0',
      respond: 'processed',
      responseTimeoutSeconds: '20',
      // Shown as long as nothing is kept for an acknowledgement.
      keepDeliveredSeconds: '120',
      keepDeliveredMB: '256',
      acknowledge: true,
      maxInFlight: '4',
      acknowledgeTimeoutSeconds: '60',
      maxDeliveries: '3',
      emitEvents: true,
      alsoCalledAETs: 'ARCHIVE, CT_ROUTER',
      placeForHours: '48',
      document: false,
      leaveOutEmpty: true,
      defaultCharacterSet: 'ISO_IR 101',
      maxMessageMB: '5',
      maxMessageElements: '50000',
      onlyThisMachine: true,
      maxCrashes: '3',
    };
    for (const [field, value] of Object.entries(entered)) await editor.enter(field, value);
    await editor.done();
    assert.equal(await editor.node(id, 'RED.utils.getNodeLabel(node)'), 'From CT');
    await editor.deploy();

    const flow = (await nodeRed.flows()).find((node) => node.id === id);
    assert(flow !== undefined);
    for (const name of DICOM_IN.names) {
      const expected = entered[name] ?? DICOM_IN.defaults[name];
      assert.deepEqual(flow[name], expected, name);
    }
    assert.equal(flow['outputs'], 2);
  });
});
