import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  applyChanges,
  bufferSource,
  type ChangeOperation,
  type ChangeValue,
  DicomError,
  parseChanges,
  recode,
} from '../../../src/dicom';
import { BIG_ENDIAN, EXPLICIT, IMPLICIT } from '../support/convert-elements';
import { element, item, itemEnd, marker, openItem, sequenceEnd, UNDEFINED, us } from '../support/encode';
import { allOf } from '../write/support';
import { changed, changesFor } from './support';

const implicit = { explicit: false };
const CHARACTER_SET = 0x00080005;
const PATIENT_ID = 0x00100020;
const TEXT_VALUE = 0x0040a160;
const PATIENT_NAME = 0x00100010;
const COMMENTS = 0x00104000;
const SEQUENCE = 0x00400275;
const STEP_ID = 0x00400009;
const CREATOR = 0x00090010;
const PRIVATE = 0x00091001;

const set = (path: string, value: ChangeValue): ChangeOperation => ({ op: 'set', path, value });
const remove = (path: string): ChangeOperation => ({ op: 'remove', path });

function becomes(before: Buffer[], operations: ChangeOperation[], after: Buffer[], from = EXPLICIT): void {
  const result = changed(Buffer.concat(before), from, operations);
  assert.equal(result.toString('hex'), Buffer.concat(after).toString('hex'));
}

function refused(before: Buffer[], operations: ChangeOperation[], reason: RegExp, from = EXPLICIT): void {
  assert.throws(
    () => changed(Buffer.concat(before), from, operations),
    (error) => error instanceof DicomError && error.code === 'cannot-change' && reason.test(error.message),
  );
}

const id = element(PATIENT_ID, 'LO', 'P1');
const step = (text: string): Buffer => element(STEP_ID, 'SH', text);
const utf8 = (text: string): Buffer => {
  const bytes = Buffer.from(text, 'utf8');
  return bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.from(' ')]);
};
const declared = (terms: string): Buffer => element(CHARACTER_SET, 'CS', terms);
const ISO_192 = declared('ISO_IR 192');

describe('an operation', () => {
  it('adds, replaces and removes attributes, in both encodings, in their order', () => {
    const name = element(PATIENT_NAME, 'PN', 'A^B ');
    becomes(
      [id],
      [set('PatientName', 'A^B'), set('PatientID', 'P23')],
      [name, element(PATIENT_ID, 'LO', 'P23 ')],
    );
    becomes([name, id], [remove('PatientName')], [id]);
    becomes([name, id], [set('PatientID', null)], [name, element(PATIENT_ID, 'LO', '')]);
    const bare = element(PATIENT_ID, 'LO', 'P1', implicit);
    becomes([bare], [set('00104000', 'Hi')], [bare, element(COMMENTS, 'LT', 'Hi', implicit)], IMPLICIT);
    // The later one counts.
    becomes([id], [set('PatientName', 'A^B'), remove('PatientName')], [id]);
    becomes([id], [remove('PatientID'), set('PatientID', 'P2')], [element(PATIENT_ID, 'LO', 'P2')]);
  });

  it('that says what is there changes nothing, whatever its writer made of it', () => {
    const odd = [element(PATIENT_ID, 'LO', ' P1\0'), element(0x00181050, 'DS', '1.50')];
    becomes(odd, [set('PatientID', 'P1'), set('SpatialResolution', 1.5), remove('PatientName')], odd);
    const lower = [element(0x00080060, 'CS', 'ct')];
    becomes(lower, [set('Modality', 'ct')], lower);
    const sequence = [
      element(SEQUENCE, 'SQ', Buffer.concat([openItem(step('S1')), itemEnd, sequenceEnd]), {
        length: UNDEFINED,
      }),
    ];
    becomes(sequence, [set('RequestAttributesSequence', [{ ScheduledProcedureStepID: 'S1' }])], sequence);
  });

  it('within a sequence corrects the lengths around it, and leaves undefined ones so', () => {
    const two = (text: string): Buffer => item(step('S1'), element(0x0040a043, 'SQ', item(step(text))));
    const path = 'RequestAttributesSequence[1].ConceptNameCodeSequence[0].ScheduledProcedureStepID';
    becomes(
      [element(SEQUENCE, 'SQ', Buffer.concat([item(), two('X1')])), id],
      [set(path, 'LONGER')],
      [element(SEQUENCE, 'SQ', Buffer.concat([item(), two('LONGER')])), id],
    );
    const open = (text: string): Buffer =>
      element(SEQUENCE, 'SQ', Buffer.concat([openItem(step(text)), itemEnd, item(step('S2')), sequenceEnd]), {
        length: UNDEFINED,
      });
    becomes(
      [open('S1')],
      [set('RequestAttributesSequence[0].ScheduledProcedureStepID', 'LONG')],
      [open('LONG')],
    );
  });

  it('makes sequences and items where there are none, one behind the other', () => {
    becomes(
      [id],
      [set('RequestAttributesSequence[0].ScheduledProcedureStepID', 'S1')],
      [id, element(SEQUENCE, 'SQ', item(step('S1')))],
    );
    const one = element(SEQUENCE, 'SQ', item(step('S1')));
    becomes(
      [one],
      [set('RequestAttributesSequence[1].ScheduledProcedureStepID', 'S2')],
      [element(SEQUENCE, 'SQ', Buffer.concat([item(step('S1')), item(step('S2'))]))],
    );
    refused(
      [one],
      [set('RequestAttributesSequence[2].ScheduledProcedureStepID', 'S2')],
      /there is no item 1/,
    );
    becomes([one], [remove('RequestAttributesSequence[7].ScheduledProcedureStepID')], [one]);
    becomes(
      [element(SEQUENCE, 'UN', '')],
      [set('RequestAttributesSequence', [])],
      [element(SEQUENCE, 'UN', '')],
    );
    // One that only its delimiter tells in implicit VR.
    becomes(
      [element(CREATOR, 'LO', 'ME', implicit)],
      [set('0009"ME"01', { vr: 'SQ', Value: [{ ScheduledProcedureStepID: 'S1' }] })],
      [
        element(CREATOR, 'LO', 'ME', implicit),
        element(PRIVATE, 'SQ', Buffer.concat([item(element(STEP_ID, 'SH', 'S1', implicit)), sequenceEnd]), {
          ...implicit,
          length: UNDEFINED,
        }),
      ],
      IMPLICIT,
    );
  });

  it('is written in implicit VR within what was sent as UN (PS3.5 6.2.2)', () => {
    const bare = (text: string): Buffer =>
      element(SEQUENCE, 'UN', Buffer.concat([item(element(STEP_ID, 'SH', text, implicit)), sequenceEnd]), {
        length: UNDEFINED,
      });
    becomes(
      [bare('S1'), id],
      [set('RequestAttributesSequence[0].ScheduledProcedureStepID', 'LONG')],
      [bare('LONG'), id],
    );
  });

  it('corrects group lengths, here and in items', () => {
    const group = (length: number, ...content: Buffer[]): Buffer[] => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32LE(length);
      return [element(0x00100000, 'UL', bytes), ...content];
    };
    const name = element(PATIENT_NAME, 'PN', 'A^B ');
    becomes(group(10, id), [set('PatientName', 'A^B')], group(22, name, id));
    becomes(
      group(22, name, id),
      [remove('PatientID'), set('ImageComments', 'X')],
      [...group(12, name), element(0x00204000, 'LT', 'X ')],
    );
    becomes(
      [element(SEQUENCE, 'SQ', item(...group(10, id)))],
      [set('RequestAttributesSequence[0].PatientID', 'P234')],
      [element(SEQUENCE, 'SQ', item(...group(12, element(PATIENT_ID, 'LO', 'P234'))))],
    );
  });

  it('finds private attributes by their creator, in whatever block it has, and reserves one for a new creator', () => {
    const other = element(CREATOR, 'LO', 'OTHER ');
    const mine = [element(0x00090011, 'LO', 'ME'), element(0x00091101, 'SH', 'AB')];
    becomes(
      [other, ...mine],
      [set('0009"ME"01', 'XY'), remove('0009"OTHER"01')],
      [other, element(0x00090011, 'LO', 'ME'), element(0x00091101, 'SH', 'XY')],
    );
    becomes([other, id], [set('0009"ME"01', { vr: 'SH', Value: ['AB'] })], [other, ...mine, id]);
    becomes(
      [other, id],
      [set('00091001', { vr: 'SH', Value: ['AB'], PrivateCreator: 'ME' })],
      [other, ...mine, id],
    );
    refused([id], [set('0009"ME"01', 'AB')], /say its VR/);
    refused([id], [set('00091001', { vr: 'SH', Value: ['AB'] })], /nobody has reserved its block/);
    becomes([other, ...mine], [remove('00090011'), remove('00091101')], [other]);
    const full = Array.from({ length: 0xf0 }, (_, index) =>
      element(CREATOR + index, 'LO', `C${index}`.padEnd(4)),
    );
    refused(full, [set('0009"ME"01', { vr: 'SH', Value: ['AB'] })], /all blocks .* are taken/);
  });

  it('has the VR that the object has, where PS3.6 leaves a choice', () => {
    const signed = [element(0x00280103, 'US', us(1)), element(0x00280106, 'SS', us(3))];
    becomes(signed, [set('SmallestImagePixelValue', 4)], [signed[0] ?? id, element(0x00280106, 'SS', us(4))]);
    becomes(
      [element(0x00280103, 'US', us(1))],
      [set('SmallestImagePixelValue', 4)],
      [element(0x00280103, 'US', us(1)), element(0x00280106, 'SS', us(4))],
    );
    becomes([id], [set('SmallestImagePixelValue', 4)], [id, element(0x00280106, 'US', us(4))]);
    becomes([id], [set('PixelData', 'AQIDBA==')], [id, element(0x7fe00010, 'OW', Buffer.from([1, 2, 3, 4]))]);
  });

  it('has the VR that a reader of implicit VR takes it for', () => {
    const representation = (value: number): Buffer => element(0x00280103, 'US', us(value), implicit);
    const smallest = (value: number): Buffer => element(0x00280106, 'US', us(value), implicit);
    const signed = set('PixelRepresentation', 1);
    const change = (value: number): ChangeOperation => set('SmallestImagePixelValue', value);
    const before = [representation(0)];
    becomes(before, [change(40_000)], [representation(0), smallest(40_000)], IMPLICIT);
    refused(before, [change(-1)], /from 0 to 65535/, IMPLICIT);
    becomes(before, [signed, change(-1)], [representation(1), smallest(0xffff)], IMPLICIT);
    refused(before, [signed, change(40_000)], /from -32768 to 32767/, IMPLICIT);
  });

  it('does not touch compressed pixel data, nor what is behind it', () => {
    const pixels = element(
      0x7fe00010,
      'OB',
      Buffer.concat([marker(0xe000, 0), marker(0xe000, 2, us(7)), sequenceEnd]),
      {
        length: UNDEFINED,
      },
    );
    const JPEG = '1.2.840.10008.1.2.4.50';
    becomes([id, pixels], [set('PatientID', 'P345')], [element(PATIENT_ID, 'LO', 'P345'), pixels], JPEG);
    becomes([id, pixels], [remove('PixelData')], [id], JPEG);
    refused([id, pixels], [set('PixelData', 'AAA=')], /compressed pixel data/, JPEG);
  });

  it('cannot take away what an object is, and may give it another UID', () => {
    const uid = element(0x00080018, 'UI', '1.2.3\0');
    for (const operation of [remove('SOPInstanceUID'), set('SOPInstanceUID', ''), remove('SOPClassUID')])
      refused([uid], [operation], /must have it/);
    const source = bufferSource(Buffer.concat([uid]));
    const changes = parseChanges(changesFor(uid, EXPLICIT, [set('SOPInstanceUID', '1.2.4')]));
    const { sopInstanceUID } = applyChanges(source, { transferSyntaxUID: EXPLICIT }, changes);
    assert.deepEqual(sopInstanceUID, { before: '1.2.3', after: '1.2.4' });
  });

  it('is for one object only', () => {
    const changes = parseChanges({
      ...changesFor(id, EXPLICIT, []),
      of: { sopInstanceUID: '1.2.9', size: 10 },
    });
    assert.throws(
      () => applyChanges(bufferSource(id), { transferSyntaxUID: EXPLICIT }, changes),
      (error) => error instanceof DicomError && error.code === 'not-the-object',
    );
  });

  it('stacks with another transfer syntax', async () => {
    const changes = parseChanges(changesFor(id, EXPLICIT, [set('PatientName', 'A^B')]));
    const { splices } = applyChanges(
      bufferSource(id),
      { transferSyntaxUID: EXPLICIT, sopInstanceUID: '' },
      changes,
    );
    assert.equal(splices.length, 1);
    const after = changed(id, EXPLICIT, [set('PatientName', 'A^B')]);
    const big = await allOf(recode(bufferSource(after), { from: EXPLICIT, to: BIG_ENDIAN }).blocks());
    assert.equal(
      big.toString('hex'),
      Buffer.concat([
        element(PATIENT_NAME, 'PN', 'A^B ', { bigEndian: true }),
        element(PATIENT_ID, 'LO', 'P1', { bigEndian: true }),
      ]).toString('hex'),
    );
  });
});

describe('a sequence that is longer than it says', () => {
  it('says its true length when something in it is changed', () => {
    const content = item(step('S1'));
    const short = element(SEQUENCE, 'SQ', content, { length: content.length - 2 });
    becomes(
      [short, element(0x00400280, 'ST', 'AB')],
      [set('RequestAttributesSequence[0].ScheduledProcedureStepID', 'LONG')],
      [element(SEQUENCE, 'SQ', item(step('LONG'))), element(0x00400280, 'ST', 'AB')],
    );
  });
});

describe('text', () => {
  const latin = declared('ISO_IR 100');

  it('is written in the character set of the object, or of the item', () => {
    becomes(
      [latin, id],
      [set('PatientName', 'Müller')],
      [latin, element(PATIENT_NAME, 'PN', Buffer.from('Müller', 'latin1')), id],
    );
    const greek = declared('ISO_IR 126');
    becomes(
      [latin, element(SEQUENCE, 'SQ', item(greek, step('S1')))],
      [set('RequestAttributesSequence[0].ScheduledProcedureStepID', 'Ωμ')],
      [latin, element(SEQUENCE, 'SQ', item(greek, step('\xd9\xec')))],
    );
    becomes(
      [ISO_192, id],
      [set('PatientName', '山田')],
      [ISO_192, element(PATIENT_NAME, 'PN', utf8('山田')), id],
    );
  });

  it('that does not fit makes all text UTF-8, also in items with a character set of their own', () => {
    const cyrillic = declared('ISO_IR 144');
    becomes(
      [
        latin,
        element(PATIENT_NAME, 'PN', Buffer.from('Müller^Ä', 'latin1')),
        id,
        element(SEQUENCE, 'SQ', item(cyrillic, step('\xb8\xd2'))),
        element(COMMENTS + 0x00300000, 'LO', Buffer.from('Größe\\Maß', 'latin1')),
      ],
      [set('PatientComments', '山')],
      [
        ISO_192,
        element(PATIENT_NAME, 'PN', utf8('Müller^Ä')),
        id,
        element(COMMENTS, 'LT', utf8('山')),
        element(SEQUENCE, 'SQ', item(ISO_192, element(STEP_ID, 'SH', utf8('Ив')))),
        element(COMMENTS + 0x00300000, 'LO', utf8('Größe\\Maß')),
      ],
    );
    becomes([id], [set('PatientName', 'Ä')], [ISO_192, element(PATIENT_NAME, 'PN', utf8('Ä')), id]);
    becomes([id], [set('SpecificCharacterSet', 'ISO_IR 192')], [ISO_192, id]);
  });

  it('of several bytes is decoded before: Japanese and Chinese', () => {
    const japanese = declared('\\ISO 2022 IR 87 ');
    const name = element(PATIENT_NAME, 'PN', 'Yamada=\x1b$B;3ED\x1b(B ');
    becomes(
      [japanese, name],
      [set('PatientID', 'é')],
      [ISO_192, element(PATIENT_NAME, 'PN', utf8('Yamada=山田')), element(PATIENT_ID, 'LO', utf8('é'))],
    );
    const chinese = declared('GB18030 ');
    becomes(
      [chinese, element(PATIENT_NAME, 'PN', '\xd6\xd0')],
      [set('PatientID', '中')],
      [ISO_192, element(PATIENT_NAME, 'PN', utf8('中')), element(PATIENT_ID, 'LO', utf8('中'))],
    );
  });

  it('that would be lost, or may hide, fails the edit and is named', () => {
    const needs8 = [set('PatientComments', '山')];
    refused([element(PATIENT_ID, 'LO', '\xc4\xd6')], needs8, /00100020/);
    refused([latin, element(PATIENT_ID, 'LO', 'a\x80')], needs8, /00100020/);
    refused([declared('WHATEVER'), element(PATIENT_ID, 'LO', '\xc4\xd6')], needs8, /00100020/);
    refused([latin, element(PRIVATE, 'UN', 'M\xfc')], needs8, /00091001/);
    refused([latin, element(SEQUENCE, 'UN', 'M\xfcll')], needs8, /00400275/);
    becomes([latin, element(PRIVATE, 'UN', 'MU')], needs8, [
      ISO_192,
      element(PRIVATE, 'UN', 'MU'),
      element(COMMENTS, 'LT', utf8('山')),
    ]);
    // What is replaced or removed is not lost.
    becomes(
      [element(PATIENT_ID, 'LO', '\xc4\xd6')],
      [...needs8, set('PatientID', 'é')],
      [ISO_192, element(PATIENT_ID, 'LO', utf8('é')), element(COMMENTS, 'LT', utf8('山'))],
    );
  });

  it('leaves ASCII alone however long it is, and says of other text that it is too long', () => {
    const long = 'x'.repeat(16_777_218);
    const ascii = element(TEXT_VALUE, 'UT', long);
    becomes([id, ascii], [set('PatientID', 'é')], [ISO_192, element(PATIENT_ID, 'LO', utf8('é')), ascii]);
    const other = element(TEXT_VALUE, 'UT', `${long}\xfc `);
    refused([latin, id, other], [set('PatientID', 'é山')], /0040A160.*more than 16777216 bytes/);
  });

  it('has no character set of its own in what is set', () => {
    refused([id], [set('SpecificCharacterSet', 'ISO_IR 100')], /stays in its character set/);
    refused(
      [id],
      [set('RequestAttributesSequence', [{ SpecificCharacterSet: 'ISO_IR 192' }])],
      /leave it out/,
    );
    becomes([latin, id], [set('SpecificCharacterSet', ['ISO_IR 100'])], [latin, id]);
  });
});

describe('a value that does not fit its VR', () => {
  const cases: [path: string, value: ChangeValue, limit: RegExp][] = [
    ['StationAETitle', 'A'.repeat(17), /AE has at most 16/],
    ['PatientAge', '42', /AS is three digits/],
    ['FrameIncrementPointer', '0018', /AT is a tag/],
    ['Modality', 'ct', /CS has capital letters/],
    ['Modality', 'C'.repeat(17), /CS has at most 16/],
    ['StudyDate', '2024-01-31', /DA is a date, as 20240131/],
    ['StudyDate', '20241301', /DA is a date/],
    ['SliceThickness', 0.1 + 0.2, /DS has at most 16/],
    ['SliceThickness', 'thick', /DS is a decimal/],
    ['AcquisitionDateTime', '2024013125', /DT is a date and time/],
    ['InstanceNumber', 2 ** 31, /IS is an integer of 32 bits/],
    ['InstanceNumber', 1.5, /IS is an integer/],
    ['PatientID', 'é'.repeat(65), /LO has at most 64/],
    ['PatientID', 'a\nb', /LO has no control characters/],
    ['PatientID', 12, /LO is text/],
    ['PatientID', 'A\\B', /LO has one value here/],
    ['PatientComments', 'a'.repeat(10241), /LT has at most 10240/],
    ['PatientComments', '\ud800', /LT has no incomplete characters/],
    ['PatientName', 'a'.repeat(65), /PN has at most 64 characters in a component group/],
    ['PatientName', 'a=b=c=d', /PN has at most three/],
    ['AccessionNumber', '山'.repeat(17), /SH has at most 16/],
    ['StudyTime', '250000', /TM is a time/],
    ['StudyInstanceUID', '1..2', /UI is digits/],
    ['RetrieveURL', 'a b\\', /UR is a URI/],
    ['Rows', 65_536, /US is an integer from 0 to 65535/],
    ['Rows', -1, /US is an integer/],
    ['SimpleFrameList', 2 ** 32, /UL is an integer from 0 to 4294967295/],
    ['ReferencePixelX0', 2 ** 31, /SL is an integer/],
    ['RecommendedDisplayFrameRateInFloat', 1e39, /FL is a number of 32 bits/],
    ['RecommendedDisplayFrameRateInFloat', 'fast', /FL is a number/],
    ['SelectorSVValue', '9223372036854775808', /SV is an integer/],
    ['SelectorUVValue', -1, /UV is an integer/],
    ['RedPaletteColorLookupTableData', 'AQ==', /OW is of 2 bytes/],
  ];

  it('is an error that names the operation, the attribute and the limit', () => {
    for (const [path, value, limit] of cases) {
      refused([id], [set('PatientBirthName', 'X'), set(path, value)], limit);
      refused(
        [id],
        [set('PatientBirthName', 'X'), set(path, value)],
        new RegExp(`^operations\\[1\\], ${path}: `),
      );
    }
  });

  it('may have as many values as the object has, where PS3.6 does not allow that, and no more', () => {
    const found = element(0x0008002a, 'DT', '20240228\\20240301 ');
    const shifted = element(0x0008002a, 'DT', '20240229\\20240302 ');
    becomes([found], [set('AcquisitionDateTime', ['20240229', '20240302'])], [shifted]);
    refused([found], [set('AcquisitionDateTime', ['2024', '2025', '2026'])], /DT has one value here/);
    const type = element(0x00080008, 'CS', 'DERIVED ');
    becomes([type], [set('ImageType', 'ORIGINAL')], [element(0x00080008, 'CS', 'ORIGINAL')]);
    refused([id], [set('ImageType', 'ORIGINAL')], /CS has 2-n values here, not 1/);
    // More than are allowed may become fewer, fewer may not become others.
    const spacing = element(0x00280030, 'DS', '1\\2\\3\\4 ');
    becomes([spacing], [set('PixelSpacing', [1, 2, 3])], [element(0x00280030, 'DS', '1\\2\\3 ')]);
    refused([element(0x00200037, 'DS', '1\\2 ')], [set('ImageOrientationPatient', [1])], /6 values here/);
  });

  it('is longer than 65534 bytes in explicit VR as UN (PS3.5 6.2.2), and text is not', () => {
    const values = Array.from({ length: 8_000 }, () => 1.234567);
    const value = Buffer.from(values.join('\\'));
    becomes(
      [id],
      [set('DVHData', values)],
      [id, element(0x30040058, 'UN', Buffer.concat([value, Buffer.from(' ')]))],
    );
    const names = Array.from({ length: 8_000 }, () => 'Somebody');
    refused([id], [set('OtherPatientNames', names)], /PN has at most 65534 bytes/);
    const bare = element(PATIENT_ID, 'LO', 'P1', implicit);
    const after = changed(bare, IMPLICIT, [set('DVHData', values)]);
    assert.equal(after.length, bare.length + 8 + 8_000 * 9);
  });
});

describe('a value of each VR', () => {
  const cases: [vr: string, value: ChangeValue, bytes: Buffer | string][] = [
    ['AE', 'ARCHIVE', 'ARCHIVE '],
    ['AS', '042Y', '042Y'],
    ['AT', ['00181063', '7FE00010'], us(0x18, 0x1063, 0x7fe0, 0x10)],
    ['CS', ['A_B', 'C'], 'A_B\\C '],
    ['DA', '20240131', '20240131'],
    ['DS', [1.5, -0.25, '1E3'], '1.5\\-0.25\\1E3 '],
    ['DT', '20240131+0100', '20240131+0100 '],
    ['FD', 1.5, Buffer.from('000000000000f83f', 'hex')],
    ['FL', ['NaN', '-inf'], Buffer.from('0000c07f000080ff', 'hex')],
    ['IS', [-7, 8], '-7\\8'],
    ['LO', 'a\\b', 'a\\b '],
    ['LT', 'a\\b\r\n', 'a\\b\r\n '],
    ['OB', 'AQI=', Buffer.from([1, 2])],
    ['OD', { vr: 'OD', InlineBinary: 'AAAAAAAA+D8=' }, Buffer.from('000000000000f83f', 'hex')],
    ['OW', 'AQI=', Buffer.from([1, 2])],
    ['PN', ['A^B', { Alphabetic: 'C', Ideographic: 'D' }], 'A^B\\C=D '],
    ['SH', '', ''],
    ['SL', -2, Buffer.from('feffffff', 'hex')],
    ['SS', -2, Buffer.from('feff', 'hex')],
    ['ST', ' x', ' x'],
    ['SV', '-9007199254740993', Buffer.from('ffffffffffffdfff', 'hex')],
    ['TM', '2359', '2359'],
    ['UC', ['a', null, 'b'], 'a\\\\b'],
    ['UI', '1.2', '1.2\0'],
    ['UL', 4294967295, Buffer.from('ffffffff', 'hex')],
    ['UN', { vr: 'UN', InlineBinary: 'AQ==' }, Buffer.from([1, 0])],
    ['UR', 'http://x', 'http://x'],
    ['US', [1, 65535], us(1, 65535)],
    ['UT', 'a\\b', 'a\\b '],
    ['UV', '18446744073709551615', Buffer.from('ffffffffffffffff', 'hex')],
  ];

  it('is what PS3.5 6.2 has, padded', () => {
    for (const [vr, value, bytes] of cases) {
      const model: ChangeValue =
        typeof value === 'object' && value !== null && !Array.isArray(value) && 'vr' in value
          ? value
          : vr.startsWith('O')
            ? { vr, InlineBinary: value }
            : { vr, Value: Array.isArray(value) ? value : [value] };
      const creator = element(CREATOR, 'LO', 'ME');
      becomes([id], [set('0009"ME"01', model)], [creator, element(PRIVATE, vr, bytes), id]);
    }
  });
});
