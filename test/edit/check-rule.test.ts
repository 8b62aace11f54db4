import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { ruleReason } from '../../nodes/dicom-edit/runtime/rule-reasons';
import { attributes, ruleProblem } from '../../src/edit';
import type { EditRule } from '../../src/settings';
import { PACKAGE_DIR } from '../support/package/package-dir';

const problem = (rule: Partial<EditRule>): string | undefined =>
  ruleProblem({ op: 'set', path: 'PatientID', value: '', valueType: 'str', ...rule });

const LONG = 'x'.repeat(65);
const WRONG: [RegExp, Partial<EditRule>][] = [
  [/not a keyword/, { path: 'PatientIdd' }],
  [/no sequence/, { path: 'PatientID[0].StudyID' }],
  [/file meta information/, { path: '00020010' }],
  [/odd groups from 0009/, { path: 'FFFF"ME"01' }],
  [/odd groups from 0009/, { op: 'copy', path: '00030010', value: 'PatientID' }],
  [/LO has at most 64/, { value: LONG }],
  [/DA is a date/, { path: 'PatientBirthDate', value: '1.2.2020' }],
  [/SH has at most 16/, { path: 'ProcedureCodeSequence[*].CodeValue', value: LONG }],
  [/US is an integer/, { path: 'Rows', value: '-1' }],
  [/put it in quotes/, { value: '5', valueType: 'num' }],
  [/must have it/, { op: 'remove', path: 'SOPInstanceUID' }],
  [/must have it/, { path: 'SOPInstanceUID' }],
  [/array of objects/, { path: 'ProcedureCodeSequence', value: '{"a":1}', valueType: 'json' }],
  [/DA, TM or DT/, { valueType: 'date' }],
  [/not a keyword/, { op: 'copy', value: 'Nothing' }],
  [/only in attributes that hold text/, { op: 'replace', path: 'PixelData', from: 'a' }],
  [/missing closing/, { op: 'replace', from: '(', fromType: 're' }],
  [/only attributes of VR UI/, { op: 'new-uid' }],
  [/names an SOP class/, { op: 'new-uid', path: 'SOPClassUID' }],
  [/only attributes of VR DA and DT/, { op: 'shift-date', value: '1' }],
  [/not a keyword/, { when: { path: 'Nothing', test: 'exists', value: '' } }],
  [/missing closing/, { when: { path: 'PatientID', test: 'matches', value: '[' } }],
  [/AE is ASCII/, { path: 'StationAETitle', value: ' ' }],
  [/AS is three digits/, { path: 'PatientAge', value: '42' }],
  [/CS has capital/, { path: 'Modality', value: 'ct' }],
  [/DS is a decimal/, { path: 'SliceThickness', value: 'thick' }],
  [/IS is an integer/, { path: 'InstanceNumber', value: '1.5' }],
  [/DT is a date and time/, { path: 'AcquisitionDateTime', value: '24' }],
  [/TM is a time/, { path: 'StudyTime', value: '250000' }],
  [/UI is digits/, { path: 'StudyInstanceUID', value: '1..2' }],
  [/UR is a URI/, { path: 'RetrieveURL', value: 'a b\\' }],
  [/PN has at most three/, { path: 'PatientName', value: 'a=b=c=d' }],
  [/PN has at most 64/, { path: 'PatientName', value: LONG }],
  [/FL is a number/, { path: 'RecommendedDisplayFrameRateInFloat', value: 'fast' }],
  [/one value here/, { value: 'A\\B' }],
  [/DS has 2 values here, not 1/, { path: 'PixelSpacing', value: '0.5' }],
  [/DS has 2 values here, not 3/, { path: 'PixelSpacing', value: '[1,1,1]', valueType: 'json' }],
  [/DS has 6 values here, not 5/, { path: 'ImageOrientationPatient', value: '1\\0\\0\\0\\1' }],
  [/CS has 2-n values here, not 1/, { path: 'ImageType', value: 'DERIVED' }],
  [/CS has 1-3 values here, not 4/, { path: 'ShutterShape', value: 'A\\B\\C\\D' }],
  [/IS has 2-2n values here, not 3/, { path: 'VerticesOfThePolygonalShutter', value: '1\\2\\3' }],
  [
    /DS has 2 values here, not 1/,
    { path: 'SharedFunctionalGroupsSequence', value: '[{"PixelSpacing":[1]}]', valueType: 'json' },
  ],
  [/control characters/, { value: 'a\nb' }],
  [/base64/, { path: 'PixelData', value: 'abc' }],
  [/leave vr out/, { value: '{"vr":"SH","Value":["a"]}', valueType: 'json' }],
  [/as "LO"/, { value: '{"vr":"XX"}', valueType: 'json' }],
  [
    /says its vr|say its VR/,
    {
      path: 'ProcedureCodeSequence',
      value: '[{"0019\\"A\\"01":"x"}]',
      valueType: 'json',
    },
  ],
  [/creator, element/, { path: '19"A"0' }],
  [/by its item/, { path: 'ProcedureCodeSequence.CodeValue' }],
  [/group lengths/, { path: '00100000' }],
  [/odd group/, { path: '00100020', privateCreator: 'ACME' }],
];
const RIGHT: Partial<EditRule>[] = [
  { path: 'PixelSpacing', value: '0.5\\0.5' },
  { path: 'PixelSpacing', value: '' },
  { path: 'PixelSpacing', value: 'null', valueType: 'json' },
  { path: 'ImageType', value: 'DERIVED\\SECONDARY\\OTHER' },
  { path: 'VerticesOfThePolygonalShutter', value: '1\\2\\3\\4' },
  { value: 'P1' },
  { value: LONG, valueType: 'msg' },
  { value: '${PATIENT}' },
  { path: 'PatientBirthDate', value: '20200131' },
  { path: 'StudyDate', valueType: 'date' },
  { path: 'Rows', value: '512' },
  { path: 'SliceThickness', value: '1.5', valueType: 'num' },
  { path: 'BurnedInAnnotation', value: 'true', valueType: 'bool' },
  { path: 'RequestAttributesSequence.*.ScheduledProcedureStepID', value: 'S1' },
  { path: 'RequestAttributesSequence[3].ScheduledProcedureStepID', value: 'S1' },
  { path: '0019"ACME"01', value: 'whatever the object says' },
  { path: '00191001', privateCreator: 'ACME', value: '{"vr":"LO","Value":["a"]}', valueType: 'json' },
  { op: 'remove-private', path: '' },
  { op: 'new-uid', path: 'SOPInstanceUID' },
  { op: 'replace', path: 'SOPInstanceUID', from: '1.2', value: '1.3' },
  { op: 'shift-date', path: 'AcquisitionDateTime', value: '1' },
];

for (const [expected, rule] of WRONG)
  it(`finds what is wrong with ${JSON.stringify(rule).slice(0, 100)}`, () =>
    assert.match(problem(rule) ?? '', expected));

it('has words in the catalogue for all of that, which say the same in English', () => {
  const english = catalogue('en-US');
  for (const [, rule] of WRONG) {
    const { text, key, values = {} } = ruleReason(problem(rule) ?? '');
    assert.ok(key !== undefined, text);
    const words = english[key]?.replace(/__(\w+?)__/g, (_, name: string) => values[name] ?? '');
    assert.equal(words, text);
    assert.notEqual(catalogue('de')[key] ?? text, english[key], key);
  }
  assert.deepEqual(ruleReason('what nobody has said before'), { text: 'what nobody has said before' });
});

function catalogue(language: string): Record<string, string> {
  const path = join(PACKAGE_DIR, 'nodes', 'dicom-edit', 'locales', language, 'dicom-edit.json');
  const texts = JSON.parse(readFileSync(path, 'utf8')) as {
    'dicom-edit': { rule: { reason: Record<string, string> } };
  };
  return texts['dicom-edit'].rule.reason;
}

for (const rule of RIGHT)
  it(`finds nothing wrong with ${JSON.stringify(rule).slice(0, 100)}`, () =>
    assert.equal(problem(rule), undefined));

it('the attributes for the dialog are those of data sets, by keyword, in less than 256 KB', () => {
  const all = attributes();
  assert.ok(all.length > 5_000);
  assert.ok(JSON.stringify(all).length < 262_144);
  assert.deepEqual(
    all.find(([keyword]) => keyword === 'PatientName'),
    ['PatientName', '00100010', 'PN'],
  );
  assert.ok(
    all.every(
      ([, tag, vr]) => /^(?!0000|0002|FFFE)[0-9A-F]{8}$/.test(tag) && /^[A-Z]{2}(, [A-Z]{2})?$/.test(vr),
    ),
  );
});
