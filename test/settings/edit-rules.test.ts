import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DICOM_EDIT, LONGEST_PATTERN, MOST_RULES, readRules, type RuleCode } from '../../src/settings';

const codes = (rules: unknown): [code: string, rule: unknown][] =>
  DICOM_EDIT.check('rules', rules).map(({ code, values }) => [code, values['rule']]);

const RIGHT = { op: 'set', path: 'PatientID', value: 'x', valueType: 'str' };
const WRONG: [RuleCode, object][] = [
  ['notARule', { ...RIGHT, op: 'explode' }],
  ['notARule', { ...RIGHT, valueType: 'bin' }],
  ['notARule', { ...RIGHT, when: { path: 'PatientID', test: 'is' } }],
  ['notARule', { ...RIGHT, when: 'always' }],
  ['ruleWithoutPath', { ...RIGHT, path: ' ' }],
  ['ruleWithoutPath', { ...RIGHT, when: { path: '', test: 'exists' } }],
  ['ruleWithoutValue', { ...RIGHT, valueType: 'msg', value: '' }],
  ['ruleWithoutValue', { ...RIGHT, op: 'copy', value: '' }],
  ['ruleWithoutValue', { ...RIGHT, op: 'replace', from: '' }],
  ['ruleWithoutValue', { ...RIGHT, when: { path: 'PatientID', test: 'matches', value: '' } }],
  ['ruleNotANumber', { ...RIGHT, valueType: 'num', value: 'many' }],
  ['ruleNotANumber', { ...RIGHT, valueType: 'num', value: '' }],
  ['ruleNotJson', { ...RIGHT, valueType: 'json', value: '{' }],
  ['ruleNotDays', { ...RIGHT, op: 'shift-date', value: '1.5', valueType: 'num' }],
  ['ruleNotDays', { ...RIGHT, op: 'shift-date', value: '40000' }],
  ['rulePatternTooLong', { ...RIGHT, op: 'replace', fromType: 're', from: 'x'.repeat(LONGEST_PATTERN + 1) }],
  ['ruleTextTooLong', { ...RIGHT, value: 'x'.repeat(70_000) }],
];

describe('the rules of dicom-edit', () => {
  it('are checked one by one, as far as that needs no dictionary', () => {
    for (const [code, rule] of WRONG)
      assert.deepEqual(codes([RIGHT, rule]), [[code, 2]], JSON.stringify(rule).slice(0, 80));
    assert.deepEqual(codes([RIGHT, null, 7, []]), [
      ['notARule', 2],
      ['notARule', 3],
      ['notARule', 4],
    ]);
    const fine = [
      { op: 'set', path: 'PatientID', value: '' },
      { op: 'remove-private', path: '' },
      { op: 'new-uid', path: 'SOPInstanceUID', value: '', valueType: 'msg' },
      { op: 'shift-date', path: 'StudyDate', value: '-3' },
      { op: 'set', path: 'Whatever', value: 'x', when: null },
    ];
    assert.deepEqual(codes(fine), []);
  });

  it('are a list, as the flow has it or as JSON text, of so many at most', () => {
    for (const none of ['all', '{}', '"x"', { 0: RIGHT }])
      assert.deepEqual(codes(none), [['rulesNotAList', undefined]]);
    assert.deepEqual(codes(JSON.stringify([RIGHT])), []);
    assert.deepEqual(codes(Array(MOST_RULES + 1).fill(RIGHT)), [['tooManyRules', undefined]]);
  });

  it('are read without what they do not have, and with the text of what Node-RED has made a number', () => {
    assert.deepEqual(readRules([{ ...RIGHT, value: 110, more: 1, from: 'x' }, { op: 'none' }]), [
      { ...RIGHT, value: '110' },
    ]);
    const { settings, problems } = DICOM_EDIT.parse({ rules: [RIGHT] });
    assert.deepEqual([settings.rules, problems], [[RIGHT], []]);
    assert.deepEqual(DICOM_EDIT.parse({}).settings.rules, []);
  });
});
