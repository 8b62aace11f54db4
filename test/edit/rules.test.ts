import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { RuleFailed } from '../../src/edit/rules';
import { countComputing } from '../support/machine/computing';
import { fileOf, image, text } from '../dicom/deidentify/support';
import { corpus } from '../support/objects/corpus';
import { operations, remove, results, set, type TestRule } from './support';

/** A private one, and one in each item of a sequence of three. */
const ADDED: readonly TestRule[] = [
  { op: 'set', path: '0019"ACME"01', value: { vr: 'LO', Value: ['one'] } },
  { op: 'set', path: '0019"OTHER"01', value: { vr: 'SH', Value: ['two'] } },
  {
    op: 'set',
    path: 'RequestAttributesSequence',
    value: [
      { ScheduledProcedureStepID: 'S1', RequestedProcedureID: 'R1' },
      { ScheduledProcedureStepID: 'S2', '0019"ACME"02': { vr: 'LO', Value: ['three'] } },
      { ScheduledProcedureStepID: 'S3', RequestedProcedureID: 'R3' },
    ],
  },
];
/** What rules add to those. */
const behind = (...rules: TestRule[]): object[] => operations(...ADDED, ...rules).slice(ADDED.length);

function failure(...rules: TestRule[]): { rule: number; path: string; reason: string } {
  try {
    operations(...rules);
  } catch (error) {
    assert.ok(error instanceof RuleFailed, String(error));
    const { rule, path, reason } = error;
    return { rule, path, reason };
  }
  return assert.fail('the rules can be applied');
}

describe('a rule that sets an attribute', () => {
  it('gives it a value, whether it is there or not', () => {
    assert.deepEqual(
      operations(
        { op: 'set', path: 'PatientID', value: 'P1' },
        { op: 'set', path: '00104000', value: 'a comment' },
        { op: 'set', path: 'ImageType', value: ['DERIVED', 'PRIMARY'] },
        { op: 'set', path: 'AccessionNumber', value: '' },
        { op: 'set', path: 'StudyID', value: null },
      ),
      [
        set('PatientID', 'P1'),
        set('PatientComments', 'a comment'),
        set('ImageType', ['DERIVED', 'PRIMARY']),
        set('AccessionNumber', ''),
        set('StudyID', null),
      ],
    );
  });

  it('does nothing where the value is there already', () => {
    assert.deepEqual(
      operations(
        { op: 'set', path: 'PatientID', value: '12345' },
        { op: 'set', path: 'ImageType', value: 'ORIGINAL\\PRIMARY\\AXIAL' },
        { op: 'set', path: 'SliceThickness', value: 5 },
        { op: 'set', path: 'SliceThickness', value: '5.0' },
        { op: 'set', path: 'Rows', value: 64 },
        { op: 'set', path: 'PatientName', value: { Alphabetic: 'Doe^Jane' } },
        {
          op: 'set',
          path: 'ProcedureCodeSequence',
          value: [
            { CodeValue: 'PHANTOM', CodingSchemeDesignator: '99EXAMPLE', CodeMeaning: 'Phantom examination' },
          ],
        },
        { op: 'set', path: 'ProcedureCodeSequence[0].CodeValue', value: 'PHANTOM' },
      ),
      [],
    );
  });

  it('makes of a value what the VR wants: times, truths, and numbers that are text', () => {
    const noon = new Date(2026, 0, 31, 12, 5, 7, 9);
    const made = operations(
      { op: 'set', path: 'StudyDate', value: noon },
      { op: 'set', path: 'StudyTime', value: noon },
      { op: 'set', path: 'AcquisitionDateTime', value: noon },
      { op: 'set', path: 'BurnedInAnnotation', value: false },
      { op: 'set', path: 'Rows', value: ' 65' },
      { op: 'set', path: 'RecommendedDisplayFrameRateInFloat', value: '2.5' },
    ) as { value: unknown }[];
    const dateTime = String(made[2]?.value);
    assert.match(dateTime, /^20260131120507\.009[+-]\d{4}$/);
    assert.deepEqual(
      made.map(({ value }) => value),
      ['20260131', '120507.009', dateTime, 'NO', 65, 2.5],
    );
    assert.match(failure({ op: 'set', path: 'PatientID', value: noon }).reason, /fits only .* DA, TM or DT/);
  });

  it('reaches into items: of a number, of all, and of those that are new', () => {
    assert.deepEqual(
      behind(
        { op: 'set', path: 'RequestAttributesSequence[1].RequestedProcedureID', value: 'R2' },
        { op: 'set', path: 'RequestAttributesSequence[*].StudyInstanceUID', value: '1.2.3' },
        { op: 'set', path: 'RequestAttributesSequence.*.StudyInstanceUID', value: '1.2.3' },
        { op: 'set', path: 'ReferencedStudySequence[*].ReferencedSOPInstanceUID', value: '1.2.3' },
        { op: 'set', path: 'ReferencedStudySequence[0].ReferencedSOPInstanceUID', value: '1.2.3' },
        { op: 'set', path: 'ReferencedStudySequence[*].ReferencedSOPClassUID', value: '1.2.4' },
      ),
      [
        set('RequestAttributesSequence[1].RequestedProcedureID', 'R2'),
        ...[0, 1, 2].map((item) => set(`RequestAttributesSequence[${item}].StudyInstanceUID`, '1.2.3')),
        set('ReferencedStudySequence[0].ReferencedSOPInstanceUID', '1.2.3'),
        set('ReferencedStudySequence[0].ReferencedSOPClassUID', '1.2.4'),
      ],
    );
    assert.deepEqual(
      failure(...ADDED, { op: 'set', path: 'RequestAttributesSequence[5].StudyInstanceUID', value: '1' }),
      {
        rule: ADDED.length + 1,
        path: 'RequestAttributesSequence[5].StudyInstanceUID',
        reason: 'there is no item 3; the next one is that',
      },
    );
  });

  it('of a private attribute finds its block by the creator, and its VR in the object', () => {
    assert.deepEqual(
      behind(
        { op: 'set', path: '00191001', privateCreator: 'ACME', value: 'other' },
        { op: 'set', path: '0019"ACME"01', value: ['more', 'values'] },
      ),
      [
        set('0019"ACME"01', { vr: 'LO', Value: ['other'] }),
        set('0019"ACME"01', { vr: 'LO', Value: ['more', 'values'] }),
      ],
    );
  });

  it('fails where that is no attribute, and says which rule', () => {
    assert.deepEqual(
      failure({ op: 'remove', path: 'PatientID' }, { op: 'set', path: 'PatientIdd', value: 'x' }),
      {
        rule: 2,
        path: 'PatientIdd',
        reason: 'not a keyword of PS3.6, nor a tag of eight hexadecimal digits; check its spelling',
      },
    );
    assert.match(failure({ op: 'set', path: 'PatientID[0].StudyID', value: 'x' }).reason, /no sequence/);
  });
});

describe('rules that remove', () => {
  it('remove what is there, also in items', () => {
    assert.deepEqual(
      behind(
        { op: 'remove', path: 'PatientComments' },
        { op: 'remove', path: 'PatientID' },
        { op: 'remove', path: 'PatientID' },
        { op: 'remove', path: 'RequestAttributesSequence[*].RequestedProcedureID' },
        { op: 'remove', path: 'RequestAttributesSequence[7].RequestedProcedureID' },
      ),
      [
        remove('PatientID'),
        remove('RequestAttributesSequence[0].RequestedProcedureID'),
        remove('RequestAttributesSequence[2].RequestedProcedureID'),
      ],
    );
  });

  it('remove private attributes at any depth, of all or of one creator', () => {
    assert.deepEqual(behind({ op: 'remove-private', privateCreator: 'ACME' }), [
      remove('0019"ACME"01'),
      remove('RequestAttributesSequence[1].0019"ACME"02'),
    ]);
    assert.deepEqual(behind({ op: 'remove-private' }), [
      remove('0019"ACME"01'),
      remove('0019"OTHER"01'),
      remove('RequestAttributesSequence[1].0019"ACME"02'),
    ]);
  });

  it('remove creators with what is theirs; one that is set afterwards has its creator again', () => {
    const file = readFileSync(join(corpus, 'good/ct/pydicom__CT_small.dcm'));
    const { operations: made } = results([{ op: 'remove-private' }], file).object;
    assert.ok(made.length > 150, String(made.length));
    assert.ok(made.every(({ op, path }) => op === 'remove' && /^[0-9A-F]{3}[13579BDF]/.test(path)));
    assert.ok(made.some(({ path }) => path === '00090010'));
    const again = results(
      [
        { op: 'remove-private' },
        { op: 'set', path: '0009"GEMS_IDEN_01"01', value: { vr: 'LO', Value: ['x'] } },
      ],
      file,
    ).object.operations;
    assert.deepEqual(again.slice(made.length), [
      set('00090010', { vr: 'LO', Value: ['GEMS_IDEN_01'] }),
      set('0009"GEMS_IDEN_01"01', { vr: 'LO', Value: ['x'] }),
    ]);
  });
});

describe('a rule that copies', () => {
  it('takes what the other attribute has now', () => {
    assert.deepEqual(
      operations(
        { op: 'set', path: 'PatientID', value: 'P1' },
        { op: 'copy', path: 'AccessionNumber', value: 'PatientID' },
        { op: 'copy', path: 'StudyID', value: 'Rows' },
        { op: 'copy', path: 'Columns', value: 'InstanceNumber' },
        { op: 'copy', path: 'PatientComments', value: 'PatientName' },
        { op: 'copy', path: 'PerformedProtocolCodeSequence', value: 'ProcedureCodeSequence' },
        { op: 'copy', path: 'PatientID', value: 'PatientInsurancePlanCodeSequence[0].CodeValue' },
        { op: 'copy', path: 'PatientID', value: 'OtherPatientIDs' },
      ).slice(1),
      [
        set('AccessionNumber', 'P1'),
        set('StudyID', '64'),
        set('Columns', 1),
        set('PatientComments', 'Doe^Jane'),
        set('PerformedProtocolCodeSequence', [
          { CodeValue: 'PHANTOM', CodingSchemeDesignator: '99EXAMPLE', CodeMeaning: 'Phantom examination' },
        ]),
      ],
    );
  });

  it('from item to item, and says its VR where PS3.6 does not', () => {
    assert.deepEqual(
      behind(
        {
          op: 'copy',
          path: 'RequestAttributesSequence[*].RequestedProcedureID',
          value: 'RequestAttributesSequence[*].ScheduledProcedureStepID',
        },
        { op: 'copy', path: '0019"ACME"03', value: 'PatientName' },
        { op: 'copy', path: 'PatientComments', value: '0019"OTHER"01' },
      ),
      [
        ...[1, 2, 3].map((id) => set(`RequestAttributesSequence[${id - 1}].RequestedProcedureID`, `S${id}`)),
        set('0019"ACME"03', { vr: 'PN', Value: ['Doe^Jane'] }),
        set('PatientComments', 'two'),
      ],
    );
  });

  it('cannot copy pixel data', () => {
    assert.match(
      failure({ op: 'copy', path: 'IconImageSequence[0].PixelData', value: 'PixelData' }).reason,
      /too long/,
    );
  });
});

describe('a rule that replaces', () => {
  it('replaces text in each value, or what a pattern matches', () => {
    assert.deepEqual(
      operations(
        { op: 'replace', path: 'ImageType', from: 'IM', fromType: 'str', value: 'XX' },
        {
          op: 'replace',
          path: 'PatientName',
          from: '^(\\w+)\\^(?P<given>\\w+)$',
          fromType: 're',
          value: '$<given>^$1^$$',
        },
        { op: 'replace', path: 'SliceThickness', from: '5', fromType: 'str', value: '7' },
        { op: 'replace', path: 'StudyDescription', from: 'not there', fromType: 'str', value: 'x' },
        { op: 'replace', path: 'PatientComments', from: '.*', fromType: 're', value: 'x' },
      ),
      [
        set('ImageType', ['ORIGINAL', 'PRXXARY', 'AXIAL']),
        set('PatientName', 'Jane^Doe^$'),
        set('SliceThickness', '7'),
      ],
    );
    const { reason } = failure({ op: 'replace', path: 'Rows', from: '6', fromType: 'str', value: '7' });
    assert.equal(reason, 'text can be replaced only in attributes that hold text');
  });
});

describe('a rule that makes new UIDs', () => {
  it('makes the same of the same one, and leaves UIDs of PS3.6 alone', () => {
    const [uid, reference, ...more] = operations(
      { op: 'set', path: 'ReferencedStudySequence', value: [{ ReferencedSOPInstanceUID: '1.2.3' }] },
      { op: 'set', path: 'FrameOfReferenceUID', value: '1.2.3' },
      // Of PS3.6, and without a name here: a frame of reference, a mapping resource, a context.
      { op: 'set', path: 'SynchronizationFrameOfReferenceUID', value: '1.2.840.10008.15.1.1' },
      { op: 'set', path: 'MappingResourceUID', value: '1.2.840.10008.8.1.1' },
      { op: 'set', path: 'ContextUID', value: '1.2.840.10008.6.1.1' },
      { op: 'new-uid', path: 'FrameOfReferenceUID' },
      { op: 'new-uid', path: 'ReferencedStudySequence[*].ReferencedSOPInstanceUID' },
      { op: 'new-uid', path: 'SOPClassUID' },
      { op: 'new-uid', path: 'IrradiationEventUID' },
      { op: 'new-uid', path: 'SynchronizationFrameOfReferenceUID' },
      { op: 'new-uid', path: 'MappingResourceUID' },
      { op: 'new-uid', path: 'ContextUID' },
    ).slice(5) as { value: string }[];
    assert.equal(uid?.value, reference?.value);
    assert.match(uid?.value ?? '', /^2\.25\.[1-9]\d{30,38}$/);
    // Kept: flows of other machines, and of years ago, have it.
    assert.equal(uid?.value, NEW_UID_OF_1_2_3);
    assert.deepEqual(more, []);
    assert.match(failure({ op: 'new-uid', path: 'PatientID' }).reason, /LO is not UI/);
  });
});

/** SHA-256 of "node-red-contrib-dicom new-uid\n1.2.3", its first 16 bytes as a UUID of version 8. */
const NEW_UID_OF_1_2_3 = '2.25.304835151577254599798337279123415861338';

describe('a rule that shifts dates', () => {
  it('shifts those that are written as ACR-NEMA had them', () => {
    const file = fileOf(image(text(0x00080020, 'DA', '1993.02.28'), text(0x00080021, 'DA', '1993.02.30')));
    const shift = (path: string): TestRule => ({ op: 'shift-date', path, value: 1 });
    const { object, warnings } = results([shift('StudyDate'), shift('SeriesDate')], file);
    assert.deepEqual(object.operations, [set('StudyDate', '19930301')]);
    assert.deepEqual(
      warnings.map(({ path }) => path),
      ['00080021'],
    );
  });

  it('shifts each of them over the ends of months and years, and leaves times of day', () => {
    const { object, warnings } = results([
      { op: 'set', path: 'DateOfSecondaryCapture', value: '20240229' },
      { op: 'set', path: 'CalibrationDate', value: null },
      { op: 'set', path: 'AcquisitionDateTime', value: '20251231235959.5+0100' },
      { op: 'set', path: 'DateOfLastCalibration', value: ['20240301', '2024'] },
      ...['StudyDate', 'StudyTime', 'AcquisitionDateTime', 'CalibrationDate', 'DateOfSecondaryCapture'].map(
        (path): TestRule => ({ op: 'shift-date', path, value: '1' }),
      ),
    ]);
    assert.deepEqual(object.operations.slice(-3), [
      set('StudyDate', '20260116'),
      set('AcquisitionDateTime', '20260101235959.5+0100'),
      set('DateOfSecondaryCapture', '20240301'),
    ]);
    assert.deepEqual(warnings, []);
  });

  it('warns of what is no whole date', () => {
    const { object, warnings } = results([
      { op: 'set', path: 'AcquisitionDateTime', value: '2024' },
      { op: 'shift-date', path: 'AcquisitionDateTime', value: -30 },
    ]);
    assert.equal(object.operations.length, 1);
    assert.deepEqual(warnings, [
      { code: 'date-not-shifted', path: '0008002A', text: 'not a whole date; it was not shifted' },
    ]);
    assert.match(
      failure({ op: 'shift-date', path: 'StudyDate', value: '1.5' }).reason,
      /whole number of days/,
    );
    assert.match(failure({ op: 'shift-date', path: 'PatientID', value: '1' }).reason, /neither DA nor DT/);
  });
});

describe('a condition', () => {
  const then = (when: NonNullable<TestRule['when']>): TestRule => ({
    op: 'set',
    path: 'PatientComments',
    value: 'yes',
    when,
  });
  const holds = (path: string, test: 'equals' | 'exists' | 'matches', value = ''): boolean =>
    behind(then({ path, test, value })).length > 0;

  it('looks at the object as it is by then', () => {
    assert.deepEqual(
      [
        holds('PatientID', 'equals', '12345'),
        holds('PatientID', 'equals', '1234'),
        holds('ImageType', 'equals', 'PRIMARY'),
        holds('ImageType', 'equals', 'ORIGINAL\\PRIMARY\\AXIAL'),
        holds('SliceThickness', 'equals', '5.0'),
        holds('Rows', 'equals', '64'),
        holds('PatientName', 'matches', '^Doe'),
        holds('PatientName', 'matches', '^Jane'),
        holds('PatientID', 'exists'),
        holds('PatientBirthName', 'exists'),
        holds('PatientBirthName', 'equals', ''),
        holds('PatientID', 'equals', ''),
        holds('RequestAttributesSequence', 'exists'),
        holds('PixelData', 'exists'),
        holds('RequestAttributesSequence[*].ScheduledProcedureStepID', 'equals', 'S3'),
        holds('RequestAttributesSequence[0].ScheduledProcedureStepID', 'equals', 'S3'),
        holds('0019"ACME"01', 'equals', 'one'),
      ],
      [
        true,
        false,
        true,
        true,
        true,
        true,
        true,
        false,
        true,
        false,
        true,
        false,
        true,
        true,
        true,
        false,
        true,
      ],
    );
  });

  it('with * is about the same item as the rule', () => {
    assert.deepEqual(
      behind({
        op: 'set',
        path: 'RequestAttributesSequence[*].ScheduledProcedureStepDescription',
        value: 'second',
        when: {
          path: 'RequestAttributesSequence[*].ScheduledProcedureStepID',
          test: 'matches',
          value: '[12]',
        },
      }),
      [0, 1].map((item) =>
        set(`RequestAttributesSequence[${item}].ScheduledProcedureStepDescription`, 'second'),
      ),
    );
  });

  it('is as the rules above have left it, whatever the rule itself changes', () => {
    const when = {
      path: 'RequestAttributesSequence[0].RequestedProcedureID',
      test: 'equals',
      value: 'R1',
    } as const;
    const path = 'RequestAttributesSequence[*].RequestedProcedureID';
    assert.deepEqual(
      behind({ op: 'set', path, value: 'R9', when }),
      [0, 1, 2].map((item) => set(`RequestAttributesSequence[${item}].RequestedProcedureID`, 'R9')),
    );
  });

  it('of another sequence is looked for once, and so is what is copied from one', () => {
    const count = 1_500;
    const items = Array.from({ length: count }, (_, index) => ({ ReferencedSOPInstanceUID: `1.2.${index}` }));
    const others = items.map(() => ({ RequestedProcedureID: 'R' }));
    const rules: TestRule[] = [
      { op: 'set', path: 'ReferencedStudySequence', value: items },
      { op: 'set', path: 'RequestAttributesSequence', value: others },
    ];
    const path = 'RequestAttributesSequence[*].ScheduledProcedureStepID';
    const uids = 'ReferencedStudySequence[*].ReferencedSOPInstanceUID';
    const timeOf = (...last: TestRule[]): number => {
      const computed = countComputing();
      operations(...rules, ...last);
      return computed();
    };
    timeOf({ op: 'set', path, value: 'S' });
    const plain = timeOf({ op: 'set', path, value: 'S' });
    const when = { path: uids, test: 'equals', value: `1.2.${count - 1}` } as const;
    // Before: a hundred times as long.
    for (const rule of [
      { op: 'set', path, value: 'S', when },
      { op: 'copy', path, value: 'ReferencedStudySequence[*].ReferencedSOPClassUID' },
    ] as const)
      assert.ok(timeOf(rule) < 10 * plain + 200, rule.op);
  });

  it('holds for removing private attributes, too', () => {
    const when = { path: 'Modality', test: 'equals', value: 'MR' } as const;
    assert.deepEqual(behind({ op: 'remove-private', when }), []);
  });
});
