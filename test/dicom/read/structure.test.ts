import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deflateRawSync, deflateSync } from 'node:zlib';
import { DicomError } from '../../../src/dicom';
import {
  BIG_ENDIAN,
  DEFLATED,
  EXPLICIT,
  IMPLICIT,
  keyword,
  model,
  warnings,
} from '../support/convert-elements';
import { element, item, itemEnd, marker, openItem, sequenceEnd, UNDEFINED, us } from '../support/encode';

const PATIENT_ID = 0x00100020;
const SEQUENCE = 0x00400275;
const STEP_ID = 0x00400009;
const PIXEL_DATA = 0x7fe00010;

const step = element(STEP_ID, 'SH', 'S1');
const patient = element(PATIENT_ID, 'LO', 'P1');
const expected = { PatientID: 'P1', RequestAttributesSequence: [{ ScheduledProcedureStepID: 'S1' }] };

function refused(code: string, elements: Buffer[], transferSyntaxUID = EXPLICIT): void {
  assert.throws(
    () => model(elements, transferSyntaxUID),
    (error) => error instanceof DicomError && error.code === code,
  );
}

describe('sequences (PS3.5 7.5)', () => {
  const forms: Record<string, Buffer> = {
    'defined lengths': element(SEQUENCE, 'SQ', item(step)),
    'an undefined sequence with a defined item': element(
      SEQUENCE,
      'SQ',
      Buffer.concat([item(step), sequenceEnd]),
      { length: UNDEFINED },
    ),
    'undefined lengths': element(SEQUENCE, 'SQ', Buffer.concat([openItem(step), itemEnd, sequenceEnd]), {
      length: UNDEFINED,
    }),
    'a defined sequence with an undefined item': element(
      SEQUENCE,
      'SQ',
      Buffer.concat([openItem(step), itemEnd]),
    ),
  };
  for (const [name, sequence] of Object.entries(forms)) {
    it(`with ${name}`, () => {
      assert.deepEqual(keyword([patient, sequence]), expected);
      assert.deepEqual(warnings([patient, sequence]), []);
    });
  }

  it('without items are [] by keyword and have no Value in the model; empty items are {}', () => {
    assert.deepEqual(keyword([element(SEQUENCE, 'SQ', '')]), { RequestAttributesSequence: [] });
    assert.deepEqual(model([element(SEQUENCE, 'SQ', '')]), { '00400275': { vr: 'SQ' } });
    assert.deepEqual(model([element(SEQUENCE, 'SQ', item())]), { '00400275': { vr: 'SQ', Value: [{}] } });
  });

  it('sent as UN with undefined length are implicit VR inside (PS3.5 6.2.2)', () => {
    const implicit = element(STEP_ID, 'SH', 'S1', { explicit: false });
    const content = Buffer.concat([openItem(implicit), itemEnd, sequenceEnd]);
    assert.deepEqual(keyword([patient, element(SEQUENCE, 'UN', content, { length: UNDEFINED })]), expected);
  });

  it('sent as UN with undefined length but explicit VR inside are understood, too', () => {
    const content = Buffer.concat([openItem(step, element(0x0040000a, 'ST', 'x ')), itemEnd, sequenceEnd]);
    const [found] = keyword([element(SEQUENCE, 'UN', content, { length: UNDEFINED })])
      .RequestAttributesSequence as object[];
    assert.equal((found as Record<string, unknown>)['ScheduledProcedureStepID'], 'S1');
  });

  it('sent as UN with a defined length are read if they are sequences, else kept', () => {
    const implicit = item(element(STEP_ID, 'SH', 'S1', { explicit: false }));
    assert.deepEqual(keyword([patient, element(SEQUENCE, 'UN', implicit)]), expected);
    assert.deepEqual(warnings([element(SEQUENCE, 'UN', 'no sequence!')]), ['un-not-a-sequence 00400275']);
  });

  it('of private attributes are read in explicit VR, and in implicit VR with undefined length', () => {
    const creator = element(0x00290010, 'LO', 'ACME');
    const inside = { vr: 'SQ', Value: [{ ScheduledProcedureStepID: 'S1' }], PrivateCreator: 'ACME' };
    assert.deepEqual(keyword([creator, element(0x00291001, 'SQ', item(step))])['00291001'], inside);
    const options = { explicit: false, length: UNDEFINED };
    const implicit = Buffer.concat([item(element(STEP_ID, 'SH', 'S1', { explicit: false })), sequenceEnd]);
    const elements = [
      element(0x00290010, 'LO', 'ACME', { explicit: false }),
      element(0x00291001, 'SQ', implicit, options),
    ];
    assert.deepEqual(keyword(elements, IMPLICIT)['00291001'], inside);
  });

  it('miss a delimiter where it is clear what is meant', () => {
    const noItemEnd = element(SEQUENCE, 'SQ', Buffer.concat([openItem(step), sequenceEnd]), {
      length: UNDEFINED,
    });
    assert.deepEqual(keyword([patient, noItemEnd]), expected);
    assert.deepEqual(warnings([patient, noItemEnd]), ['missing-delimiter 00400275[0]']);
    const noItemEndDefined = element(SEQUENCE, 'SQ', openItem(step));
    assert.deepEqual(keyword([patient, noItemEndDefined, element(0x00400280, 'ST', 'x ')]), {
      ...expected,
      CommentsOnThePerformedProcedureStep: 'x',
    });
  });

  it('are cut off: refused, the end of the data set does not close them', () => {
    refused('ends-inside-sequence', [element(SEQUENCE, 'SQ', openItem(step), { length: UNDEFINED })]);
    refused('ends-inside-sequence', [
      element(SEQUENCE, 'SQ', Buffer.concat([openItem(step), itemEnd]), { length: UNDEFINED }),
    ]);
    refused('ends-inside-element', [element(SEQUENCE, 'SQ', item(step), { length: 100 })]);
  });

  it('whose items are longer than they are, or that hold something else, are refused', () => {
    const long = Buffer.concat([marker(0xe000, step.length + 2, step), patient]);
    refused('overruns-sequence', [
      element(SEQUENCE, 'SQ', marker(0xe000, 99, step)),
      element(0x00400280, 'ST', 'x'.repeat(200)),
    ]);
    refused('unexpected-tag-in-sequence', [element(SEQUENCE, 'SQ', patient)]);
    assert.throws(() => model([element(SEQUENCE, 'SQ', long)]), DicomError);
  });
});

describe('elements', () => {
  it('behind pixel data are there; group lengths are not', () => {
    const elements = [
      element(0x00100000, 'UL', '\x0a\0\0\0'),
      patient,
      element(PIXEL_DATA, 'OW', 'abcd'),
      element(0xfffcfffc, 'OB', '\0\0'),
    ];
    assert.deepEqual(Object.keys(keyword(elements)), ['PatientID', 'PixelData', 'DataSetTrailingPadding']);
  });

  it('out of order or twice: in order, the last one counts, both reported', () => {
    const elements = [patient, element(0x00080060, 'CS', 'CT'), element(PATIENT_ID, 'LO', 'P2')];
    assert.deepEqual(JSON.stringify(keyword(elements)), '{"Modality":"CT","PatientID":"P2"}');
    assert.deepEqual(warnings(elements), ['tag-order 00080060', 'duplicate-tag 00100020']);
  });

  it('of odd length are read and reported', () => {
    assert.equal(keyword([element(PATIENT_ID, 'LO', 'ABC')]).PatientID, 'ABC');
    assert.deepEqual(warnings([element(PATIENT_ID, 'LO', 'ABC')]), ['odd-length 00100020']);
  });

  it('of a VR that PS3.5 does not have are read in the form of new VRs, or the short one', () => {
    const short = element(0x00100010, 'PN', 'A^B ');
    const long = Buffer.concat([
      Buffer.from([0x10, 0, 0x20, 0, 0x5a, 0x5a, 0, 0, 2, 0, 0, 0]),
      Buffer.from('P1'),
    ]);
    assert.deepEqual(keyword([short, long]).PatientID, 'P1');
    const shortForm = element(PATIENT_ID, 'ZZ', 'P1');
    assert.deepEqual(keyword([short, shortForm]).PatientID, 'P1');
    assert.deepEqual(warnings([short, shortForm]), ['unknown-vr 00100020']);
  });

  it('without VR among others with VR are read and reported', () => {
    const elements = [element(0x00080060, 'CS', 'CT'), element(PATIENT_ID, 'LO', 'P1', { explicit: false })];
    assert.deepEqual(keyword(elements), { Modality: 'CT', PatientID: 'P1' });
    assert.deepEqual(warnings(elements), ['implicit-element 00100020']);
  });

  it('cut off in header or value are refused', () => {
    for (let length = 1; length < patient.length; length += 1) {
      refused('ends-inside-element', [element(0x00080060, 'CS', 'CT'), patient.subarray(0, length)]);
    }
  });

  it('of groups 0000 and 0002 are left out; zeros at the end as well', () => {
    assert.deepEqual(warnings([element(0x00020010, 'UI', '1.2\0'), patient]), ['unexpected-group 00020010']);
    assert.deepEqual(warnings([patient, Buffer.alloc(13)]), ['trailing-bytes']);
    assert.deepEqual(keyword([patient, Buffer.alloc(1000)]), { PatientID: 'P1' });
  });
});

describe('transfer syntaxes', () => {
  const rows = 0x00280010;

  it('implicit and explicit, little and big endian give the same', () => {
    const swapped = us(512).swap16();
    assert.deepEqual(keyword([element(rows, 'US', us(512))]), { Rows: 512 });
    assert.deepEqual(keyword([element(rows, 'US', us(512), { explicit: false })], IMPLICIT), { Rows: 512 });
    assert.deepEqual(keyword([element(rows, 'US', swapped, { bigEndian: true })], BIG_ENDIAN), { Rows: 512 });
  });

  it('deflated, padded, or with a zlib header', () => {
    const deflated = deflateRawSync(Buffer.concat([patient, element(rows, 'US', us(1))]));
    assert.deepEqual(keyword([deflated, Buffer.alloc(1)], DEFLATED), { PatientID: 'P1', Rows: 1 });
    assert.deepEqual(warnings([deflateSync(patient)], DEFLATED), ['zlib-header']);
    refused('inflate-failed', [deflated.subarray(0, deflated.length - 4)], DEFLATED);
  });

  it('that are not the one that was negotiated are found out', () => {
    const implicit = [
      element(0x00080060, 'CS', 'CT', { explicit: false }),
      element(PATIENT_ID, 'LO', 'P1', { explicit: false }),
    ];
    const explicit = [element(0x00080060, 'CS', 'CT'), patient];
    const result = { Modality: 'CT', PatientID: 'P1' };
    assert.deepEqual(keyword(implicit, EXPLICIT), result);
    assert.deepEqual(keyword(explicit, IMPLICIT), result);
    assert.deepEqual(keyword(explicit, BIG_ENDIAN), result);
    assert.deepEqual(warnings(explicit, IMPLICIT), ['transfer-syntax-mismatch']);
  });

  it('with encapsulated pixel data: length, fragments, offset', () => {
    const value = Buffer.concat([
      marker(0xe000, 0),
      marker(0xe000, 4, Buffer.from('abcd')),
      marker(0xe000, 2, Buffer.from('ef')),
      sequenceEnd,
    ]);
    const pixels = element(PIXEL_DATA, 'OB', value, { length: UNDEFINED });
    assert.deepEqual(keyword([patient, pixels]).PixelData, { vr: 'OB', Length: value.length, Fragments: 2 });
    const open = element(PIXEL_DATA, 'OB', value.subarray(0, value.length - 8), { length: UNDEFINED });
    assert.deepEqual(warnings([patient, open]), ['missing-delimiter 7FE00010']);
    refused('ends-inside-element', [element(0x00280008, 'IS', '3 '), open]);
    refused('unexpected-tag-in-fragments', [element(PIXEL_DATA, 'OB', patient, { length: UNDEFINED })]);
  });
});
