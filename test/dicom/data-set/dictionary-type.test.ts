import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bufferSource, convert, type CommonFields } from '../../../src/dicom';
import { BIG_ENDIAN, EXPLICIT, IMPLICIT, keyword, model, warnings } from '../support/convert-elements';
import { element, item, us } from '../support/encode';

function commonFields(...elements: Buffer[]): CommonFields | undefined {
  return convert(bufferSource(Buffer.concat(elements)), {
    transferSyntaxUID: EXPLICIT,
    includeCommonFieldsNode: true,
    includeReportNode: false,
    includeTagsNode: false,
    tagsFormat: 'keyword',
  }).message.CommonFields;
}

const float = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
};
const referenced = element(0x00081155, 'UI', '1.2.3\0');

/** What was sent, and what it is by keyword and among the common fields. */
const CASES: [
  tag: number,
  vr: string,
  value: Buffer | string,
  keyword: string,
  tags: unknown,
  common?: unknown,
][] = [
  [0x00100010, 'LO', 'Doe^Jane', 'PatientName', { Alphabetic: 'Doe^Jane' }, 'Doe^Jane'],
  [0x00100010, 'UT', 'Doe^Jane=Y', 'PatientName', { Alphabetic: 'Doe^Jane', Ideographic: 'Y' }, 'Doe^Jane'],
  [0x00100010, 'OB', 'Doe^Jane', 'PatientName', { Alphabetic: 'Doe^Jane' }, 'Doe^Jane'],
  [0x00100010, 'US', us(7), 'PatientName', { Alphabetic: '7' }, '7'],
  [0x00081030, 'PN', 'Study=ab', 'StudyDescription', 'Study=ab', 'Study=ab'],
  [0x00100020, 'IS', '0012345 ', 'PatientID', '0012345', '0012345'],
  [0x00100020, 'DS', '1e5 ', 'PatientID', '1e5', '1e5'],
  [0x00100020, 'SH', 'AB', 'PatientID', 'AB', 'AB'],
  [0x00100020, 'UI', '0012', 'PatientID', '0012', '0012'],
  [0x00080050, 'DS', '00098765', 'AccessionNumber', '00098765', '00098765'],
  [0x00200010, 'US', us(7), 'StudyID', '7', '7'],
  [0x00181000, 'UL', us(7, 1), 'DeviceSerialNumber', '65543', '65543'],
  [0x00181000, 'AT', us(0x10, 0x20), 'DeviceSerialNumber', '00100020', '00100020'],
  [0x00200013, 'LO', '5 ', 'InstanceNumber', 5, 5],
  [0x00200013, 'US', us(5), 'InstanceNumber', 5, 5],
  [0x00101030, 'FL', float(70.5), 'PatientWeight', 70.5, 70.5],
  [0x00101020, 'OB', '1.8 ', 'PatientSize', 1.8, 1.8],
  [0x00280010, 'IS', '512 ', 'Rows', 512, 512],
  [0x00280010, 'LO', '512 ', 'Rows', 512, 512],
  [0x00280010, 'OW', us(512), 'Rows', 512, 512],
  [0x00280010, 'UL', us(512, 0), 'Rows', 512, 512],
  [0x00080008, 'ST', 'A\\B\\C ', 'ImageType', ['A', 'B', 'C'], 'A\\B\\C'],
  [0x00280030, 'LO', '0.5\\0.5 ', 'PixelSpacing', [0.5, 0.5], '0.5\\0.5'],
  [0x00080020, 'LO', '20260115', 'StudyDate', '20260115', '20260115'],
  [0x0020000d, 'LO', '1.2.3 ', 'StudyInstanceUID', '1.2.3', '1.2.3'],
  [0x00280009, 'OB', us(0x18, 0x1063), 'FrameIncrementPointer', ['00181063']],
  [0x00420011, 'UT', 'ab', 'EncapsulatedDocument', { vr: 'OB', InlineBinary: 'YWI=' }],
  [0x00081140, 'OB', item(referenced), 'ReferencedImageSequence', [{ ReferencedSOPInstanceUID: '1.2.3' }]],
  // What its bytes do not allow stays what it is.
  [0x00081111, 'LO', 'no items', 'ReferencedPerformedProcedureStepSequence', 'no items'],
  [0x00204000, 'SQ', item(referenced), 'ImageComments', [{ ReferencedSOPInstanceUID: '1.2.3' }]],
  [0x00204000, 'OB', '\x01\x02', 'ImageComments', { vr: 'OB', InlineBinary: 'AQI=' }],
];

describe('an attribute with another VR than the dictionary has', () => {
  for (const [tag, vr, value, key, tags, common] of CASES) {
    it(`${key} as ${vr}`, () => {
      const elements = [element(tag, vr, value)];
      assert.deepEqual(keyword(elements), { [key]: tags });
      const path = tag.toString(16).toUpperCase().padStart(8, '0');
      assert.ok(warnings(elements).includes(`vr-not-as-in-dictionary ${path}`), warnings(elements).join());
      if (common !== undefined) assert.deepEqual(commonFields(...elements), { [key]: common });
      assert.equal(model(elements)[path]?.vr, vr, 'dicom-json shows what was sent');
    });
  }

  it('is said of what is neither empty, UN, nor left open by PS3.6', () => {
    const elements = [
      element(0x00080008, 'UN', 'A\\B '),
      element(0x00100010, 'LO', ''),
      element(0x00280103, 'US', us(1)),
      element(0x00280106, 'US', us(1)),
      element(0x00280107, 'SS', us(1)),
      element(0x00281201, 'OW', us(1)),
      element(0x7fe00010, 'OB', us(1)),
    ];
    assert.deepEqual(warnings(elements), []);
  });

  it('that is no number says so, and stays text', () => {
    const elements = [element(0x00200013, 'LO', 'abc ')];
    assert.deepEqual(keyword(elements), { InstanceNumber: 'abc' });
    assert.deepEqual(warnings(elements), ['vr-not-as-in-dictionary 00200013', 'not-a-number 00200013']);
  });

  it('is bulk data where it is long, and pixel data always', () => {
    assert.deepEqual(keyword([element(0x00420011, 'UT', 'x'.repeat(2000))]).EncapsulatedDocument, {
      vr: 'OB',
      Length: 2000,
    });
    assert.deepEqual(keyword([element(0x7fe00010, 'UT', 'abcd')]).PixelData, { vr: 'OW', Length: 4 });
  });
});

describe('LUT descriptors (PS3.3 C.7.6.3.1.5, C.11.1.1, C.11.2.1.1)', () => {
  const implicit = (tag: number, value: Buffer | string): Buffer =>
    element(tag, 'xx', value, { explicit: false });
  const signed = implicit(0x00280103, us(1));
  const unsigned = implicit(0x00280103, us(0));
  const values = us(0xf500, 0xf800, 16);
  const lut = (tag: number): Buffer => implicit(tag, item(implicit(0x00283002, values)));
  const rescale = (intercept: string, type?: string): Buffer =>
    Buffer.concat([
      implicit(0x00281052, intercept),
      implicit(0x00281053, '1 '),
      ...(type === undefined ? [] : [implicit(0x00281054, type)]),
    ]);
  const second = (sequence: string, ...elements: Buffer[]): unknown => {
    const [found] = keyword(elements, IMPLICIT)[sequence] as { LUTDescriptor: number[] }[];
    assert.equal(found?.LUTDescriptor[0], 0xf500);
    assert.equal(found.LUTDescriptor[2], 16);
    return found.LUTDescriptor[1];
  };

  it('have first and third unsigned whatever the VR, in every transfer syntax', () => {
    for (const tag of [0x00281101, 0x00281102, 0x00281103, 0x00281104, 0x00283002]) {
      const path = tag.toString(16).toUpperCase().padStart(8, '0');
      const pixels = element(0x00280103, 'US', us(1));
      assert.deepEqual(model([pixels, element(tag, 'SS', us(0xffff, 0xffff, 0xffff))])[path], {
        vr: 'SS',
        Value: [65535, -1, 65535],
      });
      const big = { bigEndian: true };
      const inBig = [
        element(0x00280103, 'US', us(1).swap16(), big),
        element(tag, 'SS', us(0xffff, 0xffff, 0xffff).swap16(), big),
      ];
      assert.deepEqual(model(inBig, BIG_ENDIAN)[path], { vr: 'SS', Value: [65535, -1, 65535] });
    }
    assert.deepEqual(
      keyword([element(0x00281101, 'US', us(256))]).RedPaletteColorLookupTableDescriptor,
      [256],
    );
  });

  it('have a second of the sign of the pixels where they are what goes in', () => {
    assert.equal(second('ModalityLUTSequence', signed, lut(0x00283000)), -2048);
    assert.equal(second('ModalityLUTSequence', unsigned, lut(0x00283000)), 63488);
    assert.equal(second('VOILUTSequence', signed, lut(0x00283010)), -2048);
    assert.equal(second('VOILUTSequence', unsigned, lut(0x00283010)), 63488);
  });

  it('of a VOI LUT have a signed second where the Modality LUT makes Hounsfield units or anything below zero', () => {
    assert.equal(second('VOILUTSequence', unsigned, rescale('-1024 ', 'HU'), lut(0x00283010)), -2048);
    assert.equal(second('VOILUTSequence', unsigned, rescale('0 ', 'HU'), lut(0x00283010)), -2048);
    assert.equal(second('VOILUTSequence', unsigned, rescale('-1'), lut(0x00283010)), -2048);
    assert.equal(second('VOILUTSequence', unsigned, rescale('0 '), lut(0x00283010)), 63488);
    assert.equal(second('VOILUTSequence', signed, rescale('32768 '), lut(0x00283010)), 63488);
    assert.equal(second('VOILUTSequence', signed, lut(0x00283000), lut(0x00283010)), 63488);
    const explicit = [
      element(0x00280103, 'US', us(0)),
      element(0x00281052, 'DS', '-1024 '),
      element(0x00281054, 'LO', 'HU'),
      element(0x00283010, 'SQ', item(element(0x00283002, 'US', values))),
    ];
    assert.deepEqual(keyword(explicit)['VOILUTSequence'], [{ LUTDescriptor: [0xf500, -2048, 16] }]);
  });

  it('of enhanced objects find their rescale among the functional groups', () => {
    const shared = item(implicit(0x00289145, item(rescale('-1024 ', 'HU'))));
    const frame = item(implicit(0x00289132, item(lut(0x00283010))));
    const tags = keyword([unsigned, implicit(0x52009229, shared), implicit(0x52009230, frame)], IMPLICIT);
    const text = JSON.stringify(tags['PerFrameFunctionalGroupsSequence']);
    assert.match(text, /"LUTDescriptor":\[62720,-2048,16\]/);
  });

  it('of a presentation LUT are unsigned (C.11.4.1)', () => {
    assert.equal(second('PresentationLUTSequence', signed, lut(0x20500010)), 63488);
  });
});

describe('text that breaks the rules', () => {
  it('ends at a NUL within it, which is said; NULs at its end are padding', () => {
    const elements = [element(0x00100020, 'LO', 'ABC\0garbage')];
    assert.deepEqual(keyword(elements), { PatientID: 'ABC' });
    assert.deepEqual(commonFields(...elements), { PatientID: 'ABC' });
    assert.ok(warnings(elements).includes('embedded-nul 00100020'));
    assert.deepEqual(keyword([element(0x00080008, 'CS', 'A\0x\\B ')]), { ImageType: ['A', 'B'] });
    assert.deepEqual(keyword([element(0x00104000, 'LT', 'ab\0 cd ')]), { PatientComments: 'ab' });
    assert.deepEqual(keyword([element(0x00100010, 'PN', 'A^B\0C^D ')]), {
      PatientName: { Alphabetic: 'A^B' },
    });
    assert.deepEqual(keyword([element(0x00200013, 'IS', '12\x0099 ')]), { InstanceNumber: 12 });
    const padded = [element(0x00080008, 'CS', 'A\0\\B\0 \0\0'), element(0x00100020, 'LO', 'ABC \0\0')];
    assert.deepEqual(keyword(padded), { ImageType: ['A', 'B'], PatientID: 'ABC' });
    assert.deepEqual(warnings(padded), []);
  });

  it('and UIDs with spaces or dots where none belong are as they are, without the spaces around, and reported', () => {
    const uid = (text: string): unknown => keyword([element(0x0020000d, 'UI', text)]).StudyInstanceUID;
    assert.equal(uid('1.2.3.'), '1.2.3.');
    assert.equal(uid(' 1.2.3'), '1.2.3');
    assert.equal(uid('1.2. 3'), '1.2. 3');
    for (const text of ['1.2.3.', ' 1.2.3', '1.2. 3', '1..2', 'ABC ', '.1', `1.${'2'.repeat(64)}`]) {
      const said = warnings([element(0x0020000d, 'UI', text)]);
      assert.ok(said.includes('invalid-uid 0020000D'), text);
    }
    for (const text of ['1.2.3\0', '1.2.3 ', '1.2.03', '0 ']) {
      assert.deepEqual(
        warnings([element(0x0020000d, 'UI', text)]).filter((each) => /uid/.test(each)),
        [],
        text,
      );
    }
  });
});
