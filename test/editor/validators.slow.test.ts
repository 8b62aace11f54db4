import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import type { DicomInField } from '../../src/settings';
import { needs } from '../support/machine/needs';
import type { EditorPage } from './editor-page';
import { editorForSuite } from './with-editor';

const FLOWS = [
  { id: 'tab', type: 'tab', label: 'Off', disabled: true },
  { id: 'node', type: 'dicom-in', z: 'tab', x: 120, y: 100, port: 11112, wires: [[]] },
  { id: 'on', type: 'tab', label: 'On' },
  {
    id: 'other',
    type: 'dicom-in',
    z: 'on',
    d: true,
    name: 'Other',
    port: 11113,
    x: 120,
    y: 100,
    wires: [[]],
  },
];

/** What is entered, and what must stand under the field: the offending part is named. */
const REFUSED: readonly [DicomInField, string, RegExp][] = [
  ['port', '', /a value is needed/],
  ['port', 'dicom', /"dicom" is not a whole number/],
  ['port', '70000', /70000 is outside 1 to 65535/],
  ['port', '${DICOM_PORT', /"\$\{DICOM_PORT" is not a whole number/],
  ['ourAET', '', /a value is needed/],
  ['ourAET', 'MUCH_TOO_LONG_TITLE', /"MUCH_TOO_LONG_TITLE" has more than 16 characters/],
  ['ourAET', 'A\\B', /"A\\B" contains a character that is not allowed in an AE title/],
  ['acceptedCallingAETs', 'CT01, RÖNTGEN, MR02', /"RÖNTGEN" contains a character/],
  ['acceptedCallingAETs', 'CT01, ${CALLERS}', /"\$\{CALLERS\}" has not been replaced/],
  ['acceptedCallingAETs', 'MUCH_TOO_LONG_TITLE', /"MUCH_TOO_LONG_TITLE" has more than 16/],
  ['allowedHosts', '10.0.0.1, 10.0.0.0/33', /"10\.0\.0\.0\/33" is neither/],
  ['bindAddress', 'eth0', /"eth0" is not an IP address/],
  ['transferSyntaxes', '1.2.840.10008.1.2, 1.02', /"1\.02" is not a UID/],
  ['associationTimeoutSeconds', '0', /0 is outside 1 to/],
  ['idleTimeoutSeconds', '1.5', /"1\.5" is not a whole number/],
  ['maxAssociations', '0', /outside/],
  ['maxPduLength', '1000', /1000 is outside 4096 to/],
  ['maxObjectSizeMB', '-1', /-1 is outside 0 to/],
  ['maxQueued', '0', /outside/],
  ['minFreeDiskMB', '-1', /-1 is outside 0 to/],
  ['minFreeDiskMB', '1 GB', /"1 GB" is not a whole number/],
  ['messageType', 'JSON', /"JSON" is not a whole number/],
];

/** What is only remarked on: the node stays valid. */
const REMARKED: readonly [DicomInField, string, RegExp][] = [
  ['port', '104', /may not use ports below 1024/],
  ['port', '1023', /may not use ports below 1024/],
  ['acceptedCallingAETs', '', /every caller is rejected/],
  ['acceptedCallingAETs', 'CT*', /"CT\*" is compared literally/],
];

const ACCEPTED: readonly [DicomInField, string][] = [
  ['port', '11112'],
  ['port', '${DICOM_PORT}'],
  ['ourAET', '${AET}'],
  ['acceptedCallingAETs', '*'],
  ['acceptedCallingAETs', '${CALLERS}'],
  ['allowedHosts', '${HOSTS}'],
  ['allowedHosts', '2001:db8::/32, 10.0.0.1'],
  ['bindAddress', '::'],
];

describe('what the dialog says about values', { skip: needs('chromium') }, () => {
  let editor: EditorPage;

  editorForSuite({ flows: FLOWS }, async (opened) => {
    editor = opened;
    // Whatever the privileges of this test.
    await editor.page.evaluate('RED.settings.dicomInMayUsePort104 = false');
    await editor.openDialog('node');
  });
  after(() => {
    assert.deepEqual(editor?.errors, []);
  });

  const isRefused = async (field: DicomInField): Promise<boolean> =>
    ((await editor.input(field).getAttribute('class')) ?? '').includes('input-error');

  for (const [field, value, expected] of REFUSED) {
    it(`${field} "${value}" is refused`, async () => {
      const good = await editor.input(field).inputValue();
      await editor.enter(field, value);
      assert.match(await editor.remarks(field), expected);
      assert.equal(await isRefused(field), true);
      assert.equal(await editor.input(field).getAttribute('aria-invalid'), 'true');
      await editor.enter(field, good);
      assert.equal(await isRefused(field), false);
    });
  }

  for (const [field, value, expected] of REMARKED) {
    it(`${field} "${value}" is remarked on and not refused`, async () => {
      const good = await editor.input(field).inputValue();
      await editor.enter(field, value);
      assert.match(await editor.remarks(field), expected);
      assert.equal(await isRefused(field), false);
      await editor.enter(field, good);
    });
  }

  for (const [field, value] of ACCEPTED) {
    it(`${field} "${value}" is accepted`, async () => {
      const good = await editor.input(field).inputValue();
      await editor.enter(field, value);
      assert.equal(await editor.remarks(field), '');
      assert.equal(await isRefused(field), false);
      await editor.enter(field, good);
    });
  }

  it('a port that another enabled dicom-in uses is remarked on with that node’s name', async () => {
    await editor.enter('port', '11113');
    assert.equal(await editor.remarks('port'), '', 'a disabled node does not count');
    await editor.page.evaluate('RED.nodes.node("other").d = false');
    await editor.enter('port', '11114');
    await editor.enter('port', '11113');
    assert.match(await editor.remarks('port'), /Port 11113 is also used by the node "Other"/);
    await editor.enter('bindAddress', '127.0.0.1');
    assert.match(await editor.remarks('port'), /also used/, 'the other node listens on all interfaces');
    await editor.page.evaluate('RED.nodes.node("other").bindAddress = "10.0.0.1"');
    await editor.enter('bindAddress', '127.0.0.2');
    assert.equal(await editor.remarks('port'), '', 'another interface is another listener');
    await editor.enter('port', '11112');
    await editor.enter('bindAddress', '');
  });

  it('files need a directory, and a template that stays below it', async () => {
    await editor.enter('output', 'file');
    assert.match(await editor.remarks('directory'), /requires a directory/);
    assert.equal(await isRefused('directory'), true);
    await editor.enter('directory', '/tmp/dicom');
    assert.equal(await isRefused('directory'), false);
    await editor.enter('filenameTemplate', '../{SOPInstanceUID}.dcm');
    assert.match(await editor.remarks('filenameTemplate'), /must be a relative path/);
    await editor.enter('filenameTemplate', '{SOP Instance}.dcm');
    assert.match(await editor.remarks('filenameTemplate'), /"SOP Instance" is not a DICOM keyword/);
    await editor.enter('filenameTemplate', '{SOPInstanceUID}.dcm');
    assert.equal(await editor.remarks('filenameTemplate'), '');
    await editor.enter('output', 'none');
  });

  it('limits of an acknowledgement are at least 1', async () => {
    await editor.enter('acknowledge', true);
    for (const field of ['maxInFlight', 'acknowledgeTimeoutSeconds', 'maxDeliveries']) {
      const good = await editor.input(field).inputValue();
      await editor.enter(field, '0');
      assert.match(await editor.remarks(field), /0 is outside 1 to/);
      assert.equal(await isRefused(field as DicomInField), true);
      await editor.enter(field, good);
      assert.equal(await editor.remarks(field), '');
    }
    await editor.enter('acknowledge', false);
  });

  it('a client certificate needs TLS', async () => {
    await editor.enter('requireClientCertificate', true);
    assert.match(await editor.remarks('requireClientCertificate'), /require TLS/);
    await editor.enter('requireClientCertificate', false);
    assert.equal(await editor.remarks('requireClientCertificate'), '');
  });

  it('a message without any section is remarked on', async () => {
    for (const field of ['includeCommonFieldsNode', 'includeReportNode', 'includeTagsNode']) {
      assert.equal(await editor.remarks('includeTagsNode'), '');
      await editor.enter(field, false);
    }
    assert.match(await editor.remarks('includeTagsNode'), /No section is chosen/);
    await editor.enter('includeTagsNode', true);
  });

  it('a node with a wrong value is marked in the workspace, with label and reason', async () => {
    await editor.enter('port', '70000');
    await editor.done();
    assert.equal(await editor.node('node', 'node.valid'), false);
    assert.deepEqual(await editor.node('node', 'node.validationErrors'), [
      'Port: 70000 is outside 1 to 65535',
    ]);
    await editor.openDialog('node');
    await editor.enter('port', '11112');
    await editor.done();
    assert.equal(await editor.node('node', 'node.valid'), true);
  });
});
