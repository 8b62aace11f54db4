import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { keyword, model, warnings } from '../support/convert-elements';
import { element, item } from '../support/encode';

const CHARSET = 0x00080005;
const NAME = 0x00100010;
const INSTITUTION = 0x00080080;
const COMMENTS = 0x00204000;

const bytes = (hex: string): Buffer => Buffer.from(hex.replace(/ /g, ''), 'hex');

/** Institution Name (LO) in a character set. */
function text(terms: string, value: Buffer | string): unknown {
  return keyword([element(CHARSET, 'CS', terms), element(INSTITUTION, 'LO', value)]).InstitutionName;
}

function name(terms: string, value: Buffer): unknown {
  return keyword([element(CHARSET, 'CS', terms), element(NAME, 'PN', value)]).PatientName;
}

describe('Specific Character Set, single-byte (PS3.3 C.12.1.1.2)', () => {
  const cases: Record<string, [term: string, hex: string, expected: string]> = {
    'Latin-1': ['ISO_IR 100', '4dfc6c6c6572', 'Müller'],
    'Latin-2': ['ISO_IR 101', 'b3f364bc', 'łódź'],
    'Latin-3': ['ISO_IR 109', 'a6f8', 'Ĥĝ'],
    'Latin-4': ['ISO_IR 110', 'bae3', 'ēã'],
    Cyrillic: ['ISO_IR 144', 'bbeeda', 'Люк'],
    Arabic: ['ISO_IR 127', 'e2c8c7e6ea', 'قباني'],
    Greek: ['ISO_IR 126', 'c4e9efedf5f3', 'Διονυσ'],
    Hebrew: ['ISO_IR 138', 'f9f8e5ef', 'שרון'],
    Turkish: ['ISO_IR 148', 'd0fdfe5afc', 'ĞışZü'],
    'Latin-9': ['ISO_IR 203', 'a4b8', '€ž'],
    Thai: ['ISO_IR 166', 'b9d2', 'นา'],
    'Japanese katakana': ['ISO_IR 13', 'd4cfc0de', 'ﾔﾏﾀﾞ'],
  };
  for (const [title, [term, hex, expected]] of Object.entries(cases)) {
    it(`${title}: ${term}, also as ISO 2022 term`, () => {
      assert.equal(text(term, bytes(hex)), expected);
      assert.equal(text(term.replace('ISO_IR', 'ISO 2022 IR'), bytes(hex)), expected);
    });
  }

  it('ISO_IR 13 has yen and overline for 5C and 7E, but 5C still separates values', () => {
    const elements = [element(CHARSET, 'CS', 'ISO_IR 13'), element(COMMENTS, 'LT', 'a\\b~')];
    assert.equal(keyword(elements).ImageComments, 'a¥b‾');
    const names = [element(CHARSET, 'CS', 'ISO_IR 13'), element(0x00101001, 'PN', 'A^B\\C^D')];
    assert.deepEqual(keyword(names).OtherPatientNames, [{ Alphabetic: 'A^B' }, { Alphabetic: 'C^D' }]);
  });

  it('terms that are meant but not written so are understood and reported', () => {
    for (const term of ['ISO-IR 100', 'ISO IR 100', 'iso_ir_100', 'ISO8859-1', 'LATIN1']) {
      assert.equal(text(term, bytes('fc')), 'ü', term);
    }
    assert.equal(text('UTF-8', 'Ã¼'), 'ü');
    assert.deepEqual(warnings([element(CHARSET, 'CS', 'ISO-IR 100'), element(INSTITUTION, 'LO', 'ab')]), [
      'character-set 00080005',
    ]);
  });
});

describe('Specific Character Set, several bytes', () => {
  it('UTF-8, GB18030, GBK, with a 5C in the second byte of a character', () => {
    assert.equal(text('ISO_IR 192', Buffer.from('Müller 山田')), 'Müller 山田');
    assert.equal(text('GBK', bytes('815c41')), '乗A');
    assert.deepEqual(name('GB18030', bytes('57616e675e5869616f446f6e67 3d cdf5 5e d0a1b6ab 3d')), {
      Alphabetic: 'Wang^XiaoDong',
      Ideographic: '王^小东',
    });
  });

  it('bytes that are none become U+FFFD and are reported, where others are characters', () => {
    const elements = [element(CHARSET, 'CS', 'ISO_IR 192'), element(INSTITUTION, 'LO', bytes('c3bc42e5'))];
    assert.equal(keyword(elements).InstitutionName, 'üB\uFFFD');
    assert.deepEqual(warnings(elements).slice(-1), ['undecodable-text 00080080']);
  });
});

describe('ISO 2022 code extension (PS3.5 6.1.2.5, examples of Annexes H, I, K)', () => {
  it('Japanese, G0 = ASCII: H.3.1', () => {
    const value = bytes(
      '59616d6164615e5461726f75 3d 1b2442 3b334544 1b2842 5e 1b2442 42404f3a 1b2842' +
        ' 3d 1b2442 2464245e2440 1b2842 5e 1b2442 243f246d2426 1b2842',
    );
    assert.deepEqual(name('\\ISO 2022 IR 87', value), {
      Alphabetic: 'Yamada^Tarou',
      Ideographic: '山田^太郎',
      Phonetic: 'やまだ^たろう',
    });
  });

  it('Japanese, G0 = JIS X 0201: H.3.2', () => {
    const value = bytes(
      'd4cfc0de5ec0dbb3 3d 1b2442 3b334544 1b284a 5e 1b2442 42404f3a 1b284a 3d 1b2442 2464245e2440 1b284a 5e 1b2442 243f246d2426 1b284a',
    );
    assert.deepEqual(name('ISO 2022 IR 13\\ISO 2022 IR 87', value), {
      Alphabetic: 'ﾔﾏﾀﾞ^ﾀﾛｳ',
      Ideographic: '山田^太郎',
      Phonetic: 'やまだ^たろう',
    });
  });

  it('JIS X 0212 supplementary kanji', () => {
    assert.equal(text('\\ISO 2022 IR 159', bytes('1b242844 3021 1b2842')), '丂');
  });

  it('Korean, G1 = KS X 1001: I.2', () => {
    const value = bytes(
      '486f6e675e47696c646f6e67 3d 1b242943 fbf3 5e 1b242943 d1ced4d7' +
        ' 3d 1b242943 c8ab 5e 1b242943 b1e6b5bf',
    );
    assert.deepEqual(name('\\ISO 2022 IR 149', value), {
      Alphabetic: 'Hong^Gildong',
      Ideographic: '洪^吉洞',
      Phonetic: '홍^길동',
    });
  });

  it('Chinese, G1 = GB 2312: K.2', () => {
    const value = bytes('5a68616e67 5e 5869616f446f6e67 3d 1b242941 d5c5 5e 1b242941 d0a1b6ab 3d');
    assert.deepEqual(name('\\ISO 2022 IR 58', value), {
      Alphabetic: 'Zhang^XiaoDong',
      Ideographic: '张^小东',
    });
  });

  it('several ISO 8859 parts in one value', () => {
    assert.equal(text('ISO 2022 IR 100\\ISO 2022 IR 144', bytes('fc 1b2d4c bb 1b2d41 fc')), 'üЛü');
  });

  it('a delimiter brings back the initial sets: backslash between values, ^ and = in names, line ends in texts', () => {
    const charset = element(CHARSET, 'CS', 'ISO 2022 IR 100\\ISO 2022 IR 144');
    const values = keyword([charset, element(0x00081048, 'PN', bytes('1b2d4c bb 5c fc'))]).PhysiciansOfRecord;
    assert.deepEqual(values, [{ Alphabetic: 'Л' }, { Alphabetic: 'ü' }]);
    assert.deepEqual(name('ISO 2022 IR 100\\ISO 2022 IR 144', bytes('1b2d4c bb 5e fc')), {
      Alphabetic: 'Л^ü',
    });
    assert.equal(
      keyword([charset, element(COMMENTS, 'LT', bytes('1b2d4c bb 0d0a fc'))]).ImageComments,
      'Л\r\nü',
    );
    assert.equal(keyword([charset, element(COMMENTS, 'LT', bytes('1b2d4c bb 5c bb'))]).ImageComments, 'Л\\Л');
  });

  it('a 5C within a two-byte character of G0 separates nothing', () => {
    assert.equal(
      text('\\ISO 2022 IR 87', bytes('1b2442 5c5c 1b2842')),
      new TextDecoder('euc-jp').decode(bytes('dcdc')),
    );
  });

  it('broken escape sequences and half characters become U+FFFD', () => {
    assert.equal(text('\\ISO 2022 IR 87', bytes('41 1b 51')), 'A\uFFFDQ');
    assert.equal(text('\\ISO 2022 IR 87', bytes('1b2442 3b')), '\uFFFD');
    assert.equal(text('\\ISO 2022 IR 149', bytes('1b242943 b0')), '\uFFFD');
  });
});

describe('where it applies', () => {
  it('items inherit it, unless they have their own', () => {
    const code = (value: Buffer, ...before: Buffer[]): Buffer =>
      item(...before, element(0x00080104, 'LO', value));
    const elements = [
      element(CHARSET, 'CS', 'ISO_IR 100'),
      element(
        0x00081032,
        'SQ',
        Buffer.concat([code(bytes('fc')), code(Buffer.from('ü'), element(CHARSET, 'CS', 'ISO_IR 192'))]),
      ),
    ];
    const items = model(elements)['00081032'] as { Value: Record<string, { Value: string[] }>[] };
    assert.deepEqual(
      items.Value.map((each) => each['00080104']?.Value),
      [['ü'], ['ü']],
    );
  });

  it('only to LO, LT, PN, SH, ST, UC, UT: others are ASCII', () => {
    const elements = [element(CHARSET, 'CS', 'ISO_IR 100'), element(0x00080060, 'CS', bytes('43fc'))];
    assert.equal(keyword(elements).Modality, 'C\uFFFD');
  });

  it('to the private creator, too', () => {
    const elements = [
      element(CHARSET, 'CS', 'ISO_IR 100'),
      element(0x00290010, 'LO', bytes('fc41')),
      element(0x00291001, 'SH', 'ab'),
    ];
    assert.deepEqual(keyword(elements)['00291001'], { vr: 'SH', Value: ['ab'], PrivateCreator: 'üA' });
  });
});
