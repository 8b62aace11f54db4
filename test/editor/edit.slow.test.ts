import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { Locator } from 'playwright-core';
import { DICOM_EDIT, DICOM_IN, type EditRule } from '../../src/settings';
import { needs } from '../support/machine/needs';
import type { EditorPage } from './editor-page';
import { editorForSuite } from './with-editor';

const RULES: EditRule[] = [
  { op: 'set', path: 'AccessionNumber', value: 'payload.order', valueType: 'msg' },
  {
    op: 'replace',
    path: 'PatientName',
    value: '$1',
    valueType: 'str',
    from: '^(.*)\\^$',
    fromType: 're',
    when: { path: 'Modality', test: 'equals', value: 'CT' },
  },
  { op: 'copy', path: 'StudyID', value: 'AccessionNumber', valueType: 'str' },
  { op: 'shift-date', path: 'StudyDate', value: '-1', valueType: 'num' },
  { op: 'new-uid', path: 'SOPInstanceUID', value: '', valueType: 'str' },
  { op: 'remove-private', path: '', value: '', valueType: 'str', privateCreator: 'ACME 1.0' },
  {
    op: 'remove',
    path: 'RequestAttributesSequence[*].RequestedProcedureID',
    value: '',
    valueType: 'str',
    when: { path: 'PatientID', test: 'exists', value: '' },
  },
];
const SAMPLE = JSON.stringify({ payload: { Tags: { StudyComments: 'x' } }, dicom: {} });
const FLOWS = [
  { id: 'tab', type: 'tab', label: 'Flow 1' },
  { id: 'off', type: 'tab', label: 'Off', disabled: true },
  {
    id: 'in',
    type: 'dicom-in',
    z: 'off',
    x: 120,
    y: 100,
    ...DICOM_IN.defaults,
    receivedMessageTemplate: SAMPLE,
    outputs: 1,
    wires: [['full']],
  },
  {
    id: 'full',
    type: 'dicom-edit',
    z: 'off',
    x: 300,
    y: 100,
    ...DICOM_EDIT.defaults,
    rules: RULES,
    version: 1,
    wires: [[]],
  },
  {
    id: 'wrong',
    type: 'dicom-edit',
    z: 'off',
    x: 300,
    y: 200,
    ...DICOM_EDIT.defaults,
    version: 1,
    wires: [[]],
    rules: [{ op: 'set', path: 'PatientIdd', value: 'x', valueType: 'str' }],
  },
];

describe('the dialog of dicom-edit', { skip: needs('chromium') }, () => {
  let editor: EditorPage;

  editorForSuite({ flows: FLOWS }, (opened) => {
    editor = opened;
  });
  afterEach(async () => {
    if (await editor.dialog().isVisible()) await editor.cancel();
    assert.deepEqual(editor.errors.splice(0), []);
  });

  const rows = (): Locator => editor.page.locator('#dicom-edit-rules li .dicom-edit-rule');
  const rulesOf = async (id: string): Promise<EditRule[]> =>
    JSON.parse(await editor.node<string>(id, 'JSON.stringify(node.rules)')) as EditRule[];
  const add = async (): Promise<Locator> => {
    await editor.page.locator('#dicom-edit-dialog .red-ui-editableList-addButton').click();
    return rows().last();
  };
  const enter = async (input: Locator, value: string): Promise<void> => {
    await input.fill(value);
    await editor.page.keyboard.press('Escape');
  };

  it('changes nothing when it is opened and closed with Done', async () => {
    await editor.openDialog('full');
    assert.equal(await rows().count(), RULES.length);
    await editor.page.waitForFunction(`$('#dicom-edit-rules').parent().scrollTop() === 0`);
    const before = await editor.node<string>('full', 'JSON.stringify(RED.nodes.convertNode(node))');
    await editor.screenshot('dicom-edit');
    await editor.done();
    assert.equal(await editor.node<string>('full', 'JSON.stringify(RED.nodes.convertNode(node))'), before);
    assert.equal(await editor.node<boolean>('full', '!!node.changed'), false);
  });

  it('makes rules: each with the inputs that it needs', async () => {
    const id = await editor.addFromPalette('dicom-edit');
    await editor.openDialog(id);
    const first = await add();
    await enter(first.locator('input').first(), 'PatientID');
    await first.locator('.red-ui-typedInput-input:visible').fill('P-1');
    const second = await add();
    await second.locator('select').first().selectOption('remove-private');
    assert.equal(await second.locator('input').first().isVisible(), false);
    const third = await add();
    await third.locator('select').first().selectOption('copy');
    await enter(third.locator('input[aria-label="Attribute"]'), 'StudyID');
    await enter(third.locator('input[aria-label="from"]'), 'PatientID');
    await third.locator('input[type="checkbox"]').check();
    await enter(third.locator('input[aria-label="Attribute of the condition"]'), 'Modality');
    await third.locator('select[aria-label="Condition"]').selectOption('matches');
    await third.locator('input[aria-label="Value of the condition"]').fill('^[CM][TR]$');
    await editor.screenshot('dicom-edit-new');
    await editor.done();
    assert.deepEqual(await rulesOf(id), [
      { op: 'set', path: 'PatientID', value: 'P-1', valueType: 'str' },
      { op: 'remove-private', path: '', value: '', valueType: 'str' },
      {
        op: 'copy',
        path: 'StudyID',
        value: 'PatientID',
        valueType: 'str',
        when: { path: 'Modality', test: 'matches', value: '^[CM][TR]$' },
      },
    ]);
  });

  it('takes rules in another order when they are dragged, and away', async () => {
    await editor.openDialog('full');
    const handle = rows().nth(2).locator('xpath=ancestor::li').locator('.red-ui-editableList-item-handle');
    const [from, to] = [await handle.boundingBox(), await rows().first().boundingBox()];
    assert.ok(from !== null && to !== null);
    await editor.page.mouse.move(from.x + 5, from.y + 10);
    await editor.page.mouse.down();
    await editor.page.mouse.move(from.x + 5, to.y - 5, { steps: 12 });
    await editor.page.mouse.up();
    await rows().last().locator('xpath=ancestor::li').locator('.red-ui-editableList-item-remove').click();
    await editor.page.waitForFunction(
      `$('#dicom-edit-rules li .dicom-edit-rule').length === ${RULES.length - 1}`,
    );
    await editor.done();
    const expected = [2, 0, 1, 3, 4, 5].map((index) => RULES[index]);
    assert.deepEqual(await rulesOf('full'), expected);
  });

  it('suggests attributes, those of the sample first', async () => {
    await editor.openDialog('full');
    const row = await add();
    const path = row.locator('input').first();
    await path.pressSequentially('studycom');
    const menu = editor.page.locator('.red-ui-autoComplete-container');
    await menu.waitFor();
    assert.match(await menu.innerText(), /StudyComments\s+\(0032,4000\) LT/);
    await editor.screenshot('dicom-edit-completion');
    await editor.page.keyboard.press('Enter');
    assert.equal(await path.inputValue(), 'StudyComments');
    await path.fill('');
    await path.pressSequentially('RequestAttributesSeq');
    await editor.page.keyboard.press('Enter');
    assert.equal(await path.inputValue(), 'RequestAttributesSequence[0].');
  });

  it('takes names as people copy them from elsewhere', async () => {
    await editor.openDialog('full');
    const row = await add();
    const path = row.locator('input').first();
    for (const [entered, expected] of [
      ['(0010,0020)', 'PatientID'],
      ['0010,0020', 'PatientID'],
      ['patient id', 'PatientID'],
      ['RequestAttributesSequence[0].(0040,0009)', 'RequestAttributesSequence[0].ScheduledProcedureStepID'],
      ['(0019,100c)', '0019100C'],
      ['00100020', '00100020'],
      ['no such name', 'no such name'],
    ] as const) {
      await path.fill(entered);
      await path.blur();
      assert.equal(await path.inputValue(), expected);
    }
    await path.fill('');
    await path.pressSequentially('Patient Sp');
    await editor.page.keyboard.press('Enter');
    assert.match(await path.inputValue(), /^PatientSp[a-z]+/i);
  });

  it('says what is wrong with a rule: unknown names, and values that do not fit', async () => {
    await editor.openDialog('wrong');
    const remarks = editor.page.locator('#dicom-edit-remarks-rules');
    await remarks.getByText('Rule 1: not a keyword of PS3.6').waitFor();
    const path = rows().first().locator('input').first();
    assert.equal(await path.getAttribute('aria-invalid'), 'true');
    await enter(path, 'PatientBirthDate');
    await remarks.getByText('Rule 1: DA is a date, as 20240131').waitFor();
    await editor.screenshot('dicom-edit-wrong');
    await rows().first().locator('.red-ui-typedInput-input:visible').fill('20240131');
    await editor.page.waitForFunction(`$('#dicom-edit-remarks-rules').text() === ''`);
    assert.equal(await path.getAttribute('aria-invalid'), 'false');
    await editor.done();
    assert.equal(await editor.node<boolean>('wrong', 'node.valid'), true);
  });

  it('a node with a wrong rule is marked in the workspace, without its dialog', async () => {
    await editor.reload();
    await editor.page.waitForFunction(`RED.nodes.node('wrong').valid === false`);
    assert.equal(await editor.node<boolean>('full', 'node.valid'), true);
  });
});
