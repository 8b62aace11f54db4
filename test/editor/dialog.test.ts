import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { DICOM_IN, type DicomInField } from '../../src/settings';
import { needs } from '../support/machine/needs';
import { FLOWS } from './dialog-flows';
import type { EditorPage } from './editor-page';
import { editorForSuite } from './with-editor';

describe('the dialog of dicom-in, every day', { skip: needs('chromium') }, () => {
  let editor: EditorPage;

  editorForSuite({ flows: FLOWS }, (opened) => {
    editor = opened;
  });
  afterEach(async () => {
    if (await editor.dialog().isVisible()) await editor.cancel();
    assert.deepEqual(editor.errors.splice(0), []);
  });

  it('shows a newcomer name, port and AE title first', async () => {
    await editor.openDialog('bare');
    const visible: DicomInField[] = [];
    for (const field of DICOM_IN.names) if (await editor.input(field).isVisible()) visible.push(field);
    assert.deepEqual(visible.sort(), [
      'bindAddress',
      'name',
      'ourAET',
      'port',
      'requireClientCertificate',
      'tls',
    ]);
  });

  it('changes nothing when it is opened and closed with Done', async () => {
    await editor.openDialog('full');
    const before = await editor.node<string>('full', 'JSON.stringify(RED.nodes.convertNode(node))');
    await editor.done();
    const afterwards = await editor.node<string>('full', 'JSON.stringify(RED.nodes.convertNode(node))');
    assert.equal(afterwards, before);
  });
});
