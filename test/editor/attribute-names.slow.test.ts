import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { DICOM_QUERY, DICOM_STUDY, type QueryKey } from '../../src/settings';
import { needs } from '../support/machine/needs';
import type { FlowNode } from '../support/node-red/node-red';
import { until } from '../support/machine/until';
import type { EditorPage } from './editor-page';
import { editorForSuite } from './with-editor';

const key = (path: string, value = '', valueType: QueryKey['valueType'] = 'str'): QueryKey => ({
  path,
  value,
  valueType,
});
const query = (id: string, keys: QueryKey[]): FlowNode => ({
  id,
  type: 'dicom-query',
  z: 'tab',
  x: 200,
  y: 100,
  ...DICOM_QUERY.defaults,
  keys,
  version: 1,
  wires: [[]],
});
const FLOWS = [
  { id: 'tab', type: 'tab', label: 'Off', disabled: true },
  query('right', [
    key('ScheduledProcedureStepSequence[0].Modality', 'CT'),
    key('00100020', 'payload', 'msg'),
    key('0019"ACME"01', 'x'),
    key('${KEY}', 'x'),
  ]),
  query('wrong', [key('PatientID', '1'), key('ScheduledProcedureStepSequence[0].Modlity', 'CT')]),
  query('everything', [key('PatientID'), key('PatientName', '*'), key('StudyDate', '', 'return')]),
  {
    ...{ id: 'study', type: 'dicom-study', z: 'tab', x: 200, y: 300, ...DICOM_STUDY.defaults },
    ...{ groupBy: 'AccessionNumber', version: 1, wires: [[]] },
  },
];

describe('names of attributes in dialogs', { skip: needs('chromium') }, () => {
  let editor: EditorPage;
  editorForSuite({ flows: FLOWS, env: { KEY: 'PatientID' } }, (opened) => {
    editor = opened;
  });
  afterEach(async () => {
    if (await editor.dialog().isVisible()) await editor.cancel();
    assert.deepEqual(editor.errors.splice(0), []);
  });

  const says = (field: string, words: RegExp): Promise<void> =>
    until(async () => words.test(await editor.remarks(field)), String(words));
  async function openKeys(id: string): Promise<void> {
    await editor.openDialog(id);
    await editor.showTab('keys');
  }

  it('a key of a query that PS3.6 does not have is an error that names it', async () => {
    await openKeys('wrong');
    await says('keys', /^\s*key 2: Modlity is no attribute of PS3\.6; check its spelling\s*$/);
    await editor.cancel();
    await openKeys('right');
    await says('keys', /^\s*$/);
  });

  it('keys without a value leave nothing out, and the dialog warns', async () => {
    await openKeys('everything');
    await says('keys', /everything that the peer has matches/);
  });

  it('dicom-study collects by an attribute that there is', async () => {
    await editor.openDialog('study');
    await says('groupBy', /^\s*$/);
    for (const wrong of ['PatientId', 'Series']) {
      await editor.enter('groupBy', wrong);
      await says(
        'groupBy',
        new RegExp(`"${wrong}" is neither study, series nor the keyword of an attribute`),
      );
    }
    await editor.enter('groupBy', 'PatientID');
    await says('groupBy', /^\s*$/);
  });
});
