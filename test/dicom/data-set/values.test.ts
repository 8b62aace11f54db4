import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BIG_ENDIAN, IMPLICIT, keyword, model, warnings } from '../support/convert-elements';
import { element, item, us } from '../support/encode';

/** A number in so many bytes, little endian. */
function number(write: (bytes: Buffer) => void, width: number): Buffer {
  const bytes = Buffer.alloc(width);
  write(bytes);
  return bytes;
}

describe('text', () => {
  it('loses its padding as its VR says (PS3.5 Table 6.2-1)', () => {
    const elements = [
      element(0x00080060, 'CS', ' CT '),
      element(0x00081030, 'LO', '  a b  '),
      element(0x00100010, 'PN', 'Doe^Jane '),
      element(0x00104000, 'LT', '  a  \r\n b  '),
      element(0x0020000d, 'UI', '1.2.3\0'),
      element(0x00400244, 'DA', '20240131'),
    ];
    assert.deepEqual(keyword(elements), {
      Modality: 'CT',
      StudyDescription: 'a b',
      PatientName: { Alphabetic: 'Doe^Jane' },
      PatientComments: '  a  \r\n b',
      StudyInstanceUID: '1.2.3',
      PerformedProcedureStepStartDate: '20240131',
    });
  });

  it('is split at backslashes, but not LT, ST, UT and UR', () => {
    const elements = [
      element(0x00080008, 'CS', 'A\\B '),
      element(0x00081190, 'UR', 'http://a\\b'),
      element(0x00104000, 'LT', 'a\\b '),
      element(0x00400280, 'ST', 'a\\b '),
      element(0x0040a160, 'UT', 'a\\b '),
      element(0x00189373, 'CS', 'x '),
    ];
    const tags = model(elements);
    const values = (tag: string): unknown => (tags[tag] as { Value: unknown }).Value;
    assert.deepEqual(values('00080008'), ['A', 'B']);
    for (const tag of ['00104000', '00400280', '0040A160']) assert.deepEqual(values(tag), ['a\\b']);
    assert.deepEqual(values('00081190'), ['http://a\\b']);
  });

  it('is null among others and absent alone when it is empty (PS3.18 F.2.5)', () => {
    const elements = [
      element(0x00080008, 'CS', 'A\\\\B'),
      element(0x00080050, 'SH', ''),
      element(0x00100010, 'PN', '  '),
    ];
    assert.deepEqual(model(elements), {
      '00080008': { vr: 'CS', Value: ['A', null, 'B'] },
      '00080050': { vr: 'SH' },
      '00100010': { vr: 'PN' },
    });
    assert.deepEqual(keyword(elements), {
      ImageType: ['A', null, 'B'],
      AccessionNumber: null,
      PatientName: null,
    });
  });

  it('of names has its component groups apart; a fourth is reported', () => {
    const elements = [element(0x00101001, 'PN', 'A^B=C=D\\=E')];
    assert.deepEqual(keyword(elements).OtherPatientNames, [
      { Alphabetic: 'A^B', Ideographic: 'C', Phonetic: 'D' },
      { Ideographic: 'E' },
    ]);
    assert.deepEqual(warnings([element(0x00100010, 'PN', 'A=B=C=D ')]), ['name-groups 00100010']);
  });
});

describe('decimal and integer strings', () => {
  const decimals = (text: string): unknown => keyword([element(0x00200032, 'DS', text)]).ImagePositionPatient;

  it('are numbers', () => {
    assert.deepEqual(decimals('1.50\\ -2\\+3e2 \\.5\\5.\\-0'), [1.5, -2, 300, 0.5, 5, 0]);
    assert.equal(keyword([element(0x00200013, 'IS', ' 12 ')]).InstanceNumber, 12);
  });

  it('that are no numbers stay strings and are reported', () => {
    for (const text of ['1,5', '0x10', 'NaN', 'Infinity', '1 2', '--1', 'e5']) {
      assert.deepEqual(decimals(text), [text]);
    }
    assert.deepEqual(warnings([element(0x00200013, 'IS', 'abc ')]), ['not-a-number 00200013']);
  });

  it('that a double would change stay strings and are reported; no precision is invented', () => {
    assert.deepEqual(decimals('0.33333333333333331'), [0.3333333333333333]);
    assert.deepEqual(decimals('9007199254740993'), ['9007199254740993']);
    assert.deepEqual(decimals('1.234567890123456789'), ['1.234567890123456789']);
    assert.deepEqual(decimals('1e999'), ['1e999']);
    assert.deepEqual(warnings([element(0x00200013, 'IS', '12345678901234567')]), [
      'odd-length 00200013',
      'precision 00200013',
    ]);
  });

  it('are null when they are empty among others', () => {
    assert.deepEqual(decimals('1\\\\3'), [1, null, 3]);
    assert.equal(keyword([element(0x00180050, 'DS', '')]).SliceThickness, null);
  });
});

describe('binary numbers', () => {
  it('of every VR', () => {
    const elements = [
      element(0x00280010, 'US', us(65535)),
      element(
        0x00186020,
        'SL',
        number((b) => b.writeInt32LE(-7), 4),
      ),
      element(
        0x00186024,
        'UL',
        number((b) => b.writeUInt32LE(4294967295), 4),
      ),
      element(
        0x00189219,
        'SS',
        number((b) => b.writeInt16LE(-5), 2),
      ),
      element(
        0x00089459,
        'FL',
        number((b) => b.writeFloatLE(0.1), 4),
      ),
      element(
        0x00189087,
        'FD',
        number((b) => b.writeDoubleLE(0.1), 8),
      ),
    ];
    assert.equal(keyword(elements).Rows, 65535);
    const tags = model(elements);
    assert.deepEqual(tags['00186020'], { vr: 'SL', Value: [-7] });
    assert.deepEqual(tags['00186024'], { vr: 'UL', Value: [4294967295] });
    assert.deepEqual(tags['00189219'], { vr: 'SS', Value: [-5] });
    assert.deepEqual(tags['00089459'], { vr: 'FL', Value: [Math.fround(0.1)] });
    assert.deepEqual(tags['00189087'], { vr: 'FD', Value: [0.1] });
  });

  it('of 64 bits are strings beyond 2^53', () => {
    const big = (value: bigint): unknown =>
      (
        model([
          element(
            0x00720082,
            'SV',
            number((b) => b.writeBigInt64LE(value), 8),
          ),
        ])['00720082'] as { Value: unknown }
      ).Value;
    assert.deepEqual(big(-9007199254740991n), [-9007199254740991]);
    assert.deepEqual(big(-9007199254740993n), ['-9007199254740993']);
  });

  it('NaN and infinities are strings (PS3.18 F.2.3)', () => {
    const values = Buffer.alloc(24);
    [NaN, Infinity, -Infinity].forEach((value, index) => values.writeDoubleLE(value, index * 8));
    assert.deepEqual(model([element(0x00720074, 'FD', values)])['00720074'], {
      vr: 'FD',
      Value: ['NaN', 'inf', '-inf'],
    });
  });

  it('of a length that does not fit lose the rest, reported', () => {
    assert.equal(keyword([element(0x00280010, 'US', Buffer.from([1, 0, 9]))]).Rows, 1);
    assert.ok(
      warnings([element(0x00280010, 'US', Buffer.from([1, 0, 9]))]).includes('value-length 00280010'),
    );
  });

  it('several where the dictionary has one are an array, reported', () => {
    assert.deepEqual(keyword([element(0x00280010, 'US', us(1, 2))]).Rows, [1, 2]);
    assert.deepEqual(warnings([element(0x00280010, 'US', us(1, 2))]), ['too-many-values 00280010']);
  });

  it('AT are tags, in both byte orders', () => {
    const pointer = 0x00280009;
    assert.deepEqual(keyword([element(pointer, 'AT', us(0x0018, 0x1063))]).FrameIncrementPointer, [
      '00181063',
    ]);
    const swapped = element(pointer, 'AT', us(0x0018, 0x1063).swap16(), { bigEndian: true });
    assert.deepEqual(keyword([swapped], BIG_ENDIAN).FrameIncrementPointer, ['00181063']);
  });
});

describe('VRs that depend on other attributes (PS3.5 Annex A)', () => {
  const implicit = (tag: number, value: Buffer): Buffer => element(tag, 'xx', value, { explicit: false });
  const smallest = implicit(0x00280106, us(0xffff));

  it('US or SS by Pixel Representation, also within items, whatever the order', () => {
    assert.equal(keyword([implicit(0x00280103, us(0)), smallest], IMPLICIT).SmallestImagePixelValue, 65535);
    assert.equal(keyword([implicit(0x00280103, us(1)), smallest], IMPLICIT).SmallestImagePixelValue, -1);
    const nested = [
      implicit(0x00189810, us(0xffff)),
      implicit(0x00281052, Buffer.from('0 ')),
      implicit(0x00280103, us(1)),
    ];
    assert.equal(keyword(nested, IMPLICIT).ZeroVelocityPixelValue, -1);
    const sequence = [
      implicit(0x00280103, us(1)),
      implicit(0x00409096, item(implicit(0x00409216, us(0xfffe)))),
    ];
    const [mapping] = keyword(sequence, IMPLICIT).RealWorldValueMappingSequence as Record<string, unknown>[];
    assert.equal(mapping?.['RealWorldValueFirstValueMapped'], -2);
  });

  it('pixel data and LUT data are OW; LUT data of one entry is US', () => {
    const pixels = implicit(0x7fe00010, Buffer.from('ab'));
    assert.deepEqual(keyword([smallest, pixels], IMPLICIT).PixelData, { vr: 'OW', Length: 2 });
    const lut = (entries: number): unknown =>
      model([implicit(0x00283002, us(entries, 0, 16)), implicit(0x00283006, us(7))], IMPLICIT)['00283006'];
    assert.deepEqual(lut(2), { vr: 'OW', InlineBinary: 'BwA=' });
    assert.deepEqual(lut(1), { vr: 'US', Value: [7] });
  });

  it('attributes of the dictionary sent as UN are read by the dictionary, little endian (PS3.5 6.2.2)', () => {
    assert.equal(keyword([element(0x00280010, 'UN', us(512))]).Rows, 512);
    const inBigEndian = element(0x00280010, 'UN', us(512), { bigEndian: true });
    assert.equal(keyword([inBigEndian], BIG_ENDIAN).Rows, 512);
    assert.deepEqual(model([element(0x00291001, 'UN', us(1))])['00291001'], {
      vr: 'UN',
      InlineBinary: 'AQA=',
    });
  });
});

describe('bytes', () => {
  it('are little endian base64 in every transfer syntax (PS3.18 F.2.7)', () => {
    const swapped = { bigEndian: true };
    const bytes = Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]);
    const inline = (vr: string): string =>
      (model([element(0x00291001, vr, bytes, swapped)], BIG_ENDIAN)['00291001'] as { InlineBinary: string })
        .InlineBinary;
    assert.deepEqual(Buffer.from(inline('OB'), 'base64'), bytes);
    assert.deepEqual([...Buffer.from(inline('OW'), 'base64')], [2, 1, 4, 3, 6, 5, 8, 7]);
    assert.deepEqual([...Buffer.from(inline('OL'), 'base64')], [4, 3, 2, 1, 8, 7, 6, 5]);
    assert.deepEqual([...Buffer.from(inline('OV'), 'base64')], [8, 7, 6, 5, 4, 3, 2, 1]);
  });

  it('of every short length are the base64 of Buffer', () => {
    for (let length = 2; length <= 60; length += 1) {
      const bytes = Buffer.from(Array.from({ length }, (_, index) => 251 * (index + length)));
      const { InlineBinary } = model([element(0x00291001, 'OB', bytes)])['00291001'] as {
        InlineBinary: string;
      };
      assert.equal(InlineBinary, bytes.toString('base64'));
    }
  });

  it('up to 1024 are inlined, more are bulk data', () => {
    const tag = 0x00281201;
    assert.ok('InlineBinary' in (model([element(tag, 'OW', Buffer.alloc(1024))])['00281201'] ?? {}));
    assert.deepEqual(model([element(tag, 'OW', Buffer.alloc(1026))])['00281201'], { vr: 'OW', Length: 1026 });
  });

  it('text too long for the message is bulk data, reported', () => {
    const long = element(0x0040a160, 'UT', 'x'.repeat(1024 * 1024 + 2));
    assert.deepEqual(keyword([long]).TextValue, { vr: 'UT', Length: 1024 * 1024 + 2 });
    assert.deepEqual(warnings([long]), ['text-not-inlined 0040A160']);
  });
});

describe('keys', () => {
  it('of private attributes carry VR and creator; without creator there is none', () => {
    const elements = [
      element(0x00290010, 'LO', 'ACME '),
      element(0x00290011, 'LO', 'OTHER '),
      element(0x00291001, 'SH', 'a '),
      element(0x00291101, 'SH', ''),
      element(0x00291201, 'DS', '1\\2 '),
    ];
    assert.deepEqual(keyword(elements), {
      '00290010': { vr: 'LO', Value: ['ACME'] },
      '00290011': { vr: 'LO', Value: ['OTHER'] },
      '00291001': { vr: 'SH', Value: ['a'], PrivateCreator: 'ACME' },
      '00291101': { vr: 'SH', PrivateCreator: 'OTHER' },
      '00291201': { vr: 'DS', Value: [1, 2] },
    });
  });

  it('of repeating groups: the first has the keyword', () => {
    const elements = [element(0x60000010, 'US', us(1)), element(0x60020010, 'US', us(2))];
    assert.deepEqual(keyword(elements), { OverlayRows: 1, '60020010': { vr: 'US', Value: [2] } });
  });

  it('are never a part of Object.prototype, whatever the object says', () => {
    const elements = [element(0x00290010, 'LO', '__proto__ '), element(0x00291001, 'LO', 'constructor ')];
    const tags = keyword(elements);
    assert.equal(Object.getPrototypeOf(tags), Object.prototype);
    assert.deepEqual(Object.keys(tags), ['00290010', '00291001']);
  });
});
