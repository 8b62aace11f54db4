import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bufferSource, convert, type MessageConversion } from '../../../src/dicom';
import { CharacterSet } from '../../../src/dicom/text/character-set';
import { CHARACTER_SETS } from '../../../src/settings';
import { EXPLICIT } from '../support/convert-elements';
import { element, item } from '../support/encode';

const CHARSET = 0x00080005;
const INSTITUTION = 0x00080080;
const NAME = 0x00100010;
const COMMENTS = 0x00204000;

const hex = (text: string): Buffer => Buffer.from(text.replace(/ /g, ''), 'hex');
const MULLER = hex('4dfc6c6c6572');
const KOREAN = hex('c8abb1e6b5bf');
const JAPANESE = hex('8e52936391be9859');

interface Read {
  text: unknown;
  warnings: string[];
}

function conversion(elements: Buffer[], defaultCharacterSet?: string): MessageConversion {
  return convert(bufferSource(Buffer.concat(elements)), {
    transferSyntaxUID: EXPLICIT,
    includeCommonFieldsNode: true,
    includeReportNode: true,
    includeTagsNode: true,
    tagsFormat: 'keyword',
    ...(defaultCharacterSet !== undefined && { defaultCharacterSet }),
  });
}

/** Institution Name, and what was said. */
function read(value: Buffer, terms?: string, expected?: string): Read {
  const charset = terms === undefined ? [] : [element(CHARSET, 'CS', terms)];
  const { message, warnings } = conversion([...charset, element(INSTITUTION, 'LO', value)], expected);
  assert.equal(message.CommonFields?.['InstitutionName'], message.Tags?.['InstitutionName']);
  const said = warnings
    .filter(({ code }) => code !== 'odd-length')
    .map(({ code, text }) => `${code}: ${text}`);
  return { text: message.Tags?.['InstitutionName'], warnings: said };
}

const assumed = (name: string, why = 'no character set is declared'): string[] => [
  `character-set-assumed: ${why}; read as ${name}`,
];

describe('text beyond ASCII that declares no character set', () => {
  it('is Latin-1 unless the user expects another, and that is said', () => {
    assert.deepEqual(read(MULLER), { text: 'Müller', warnings: assumed('ISO_IR 100') });
    assert.deepEqual(read(hex('3337b0')), {
      text: '37°',
      warnings: assumed('ISO_IR 100'),
    });
    assert.deepEqual(read(hex('b3f364bc'), undefined, 'ISO_IR 101'), {
      text: 'łódź',
      warnings: assumed('ISO_IR 101'),
    });
    assert.equal(read(MULLER, '').text, 'Müller');
  });

  it('is UTF-8 where it can be nothing else, whatever the user expects', () => {
    for (const expected of [undefined, 'EUC-KR', 'ISO_IR 6']) {
      const found = read(Buffer.from('Müller 山田'), undefined, expected);
      assert.deepEqual(found, {
        text: 'Müller 山田',
        warnings: assumed('ISO_IR 192 (UTF-8)'),
      });
    }
    assert.equal(read(Buffer.from('Müller 山田').subarray(0, 13)).text, 'Müller 山\uFFFD');
  });

  it('is what all texts of the object are: one that looks like UTF-8 by chance does not count', () => {
    const chance = hex('c2a1'); // a syllable of EUC-KR, and an exclamation mark of UTF-8
    const elements = [
      element(INSTITUTION, 'LO', KOREAN),
      element(NAME, 'PN', KOREAN),
      element(COMMENTS, 'LT', chance),
    ];
    const { message } = conversion(elements, 'EUC-KR');
    assert.equal(message.Tags?.['ImageComments'], new TextDecoder('euc-kr').decode(chance));
  });

  it('is read in each set that a user can choose, in upper and lower case', () => {
    const cases: Record<string, [Buffer, string]> = {
      'EUC-KR': [KOREAN, '홍길동'],
      SHIFT_JIS: [JAPANESE, '山田太郎'],
      SJIS: [JAPANESE, '山田太郎'],
      'EUC-JP': [hex('bbb3c5c4'), '山田'],
      'ISO_IR 13': [hex('d4cfc0de'), 'ﾔﾏﾀﾞ'],
      GBK: [hex('cdf5d0a1b6ab'), '王小东'],
      GB18030: [hex('cdf5d0a1b6ab'), '王小东'],
      'ISO 2022 IR 149': [KOREAN, '홍길동'],
      BIG5: [hex('a4fda470'), '王小'],
      'KOI8-R': [hex('e9d7c1ce'), 'Иван'],
      'WINDOWS-1250': [
        hex('8af364bc'),
        'Šódź'.replace('ź', new TextDecoder('windows-1250').decode(hex('bc'))),
      ],
      'WINDOWS-1251': [hex('c8e2e0ed'), 'Иван'],
      'ISO_IR 144': [hex('b8d2d0dd'), 'Иван'],
      'ISO_IR 126': [hex('c4e9efedf5f3'), 'Διονυσ'],
    };
    for (const [name, [value, expected]] of Object.entries(cases)) {
      assert.equal(read(value, undefined, name).text, expected, name);
      assert.equal(read(value, undefined, name.toLowerCase()).text, expected, name);
    }
    for (const name of CHARACTER_SETS) assert.ok(CharacterSet.named(name), name);
  });

  it('stays undecodable for who expects ASCII', () => {
    const { text, warnings } = read(MULLER, undefined, 'ISO_IR 6');
    assert.equal(text, 'M\uFFFDller');
    assert.match(warnings.join(), /undecodable-text/);
  });

  it('is Latin-1 where what the user expects cannot be', () => {
    assert.deepEqual(read(hex('41ff42'), undefined, 'EUC-KR').text, 'AÿB');
  });

  it('has Windows quotes where Latin-1 has controls', () => {
    assert.deepEqual(read(hex('8461622094 20')).text, '„ab ”');
  });

  it('in names, items, private attributes and their creators', () => {
    const code = item(element(0x00080104, 'LO', MULLER));
    const elements = [
      element(0x00081032, 'SQ', code),
      element(NAME, 'PN', Buffer.concat([MULLER, Buffer.from('^A')])),
      element(0x00290010, 'LO', MULLER),
      element(0x00291001, 'LO', MULLER),
    ];
    const { message, warnings } = conversion(elements);
    assert.deepEqual(message.Tags, {
      ProcedureCodeSequence: [{ CodeMeaning: 'Müller' }],
      PatientName: { Alphabetic: 'Müller^A' },
      '00290010': { vr: 'LO', Value: ['Müller'] },
      '00291001': { vr: 'LO', Value: ['Müller'], PrivateCreator: 'Müller' },
    });
    assert.equal(warnings.length, 1, 'said once');
  });
});

describe('text in another character set than is declared', () => {
  it('is read as what it can be, and that is said', () => {
    const cannot = (term: string): string => `${term} is declared and cannot be`;
    assert.deepEqual(read(MULLER, 'ISO_IR 192'), {
      text: 'Müller',
      warnings: assumed('ISO_IR 100', cannot('ISO_IR 192 (UTF-8)')),
    });
    assert.deepEqual(read(Buffer.concat([MULLER]), 'ISO_IR 6'), {
      text: 'Müller',
      warnings: assumed('ISO_IR 100', cannot('ISO_IR 6')),
    });
    assert.deepEqual(read(Buffer.from('ÄÖ'), 'ISO_IR 100'), {
      text: 'ÄÖ',
      warnings: assumed('ISO_IR 192 (UTF-8)', cannot('ISO_IR 100')),
    });
    assert.equal(read(KOREAN, 'ISO_IR 192', 'EUC-KR').text, '홍길동');
    assert.equal(read(hex('8af3'), 'ISO_IR 101').text, 'Šó');
  });

  it('is the set that code extension was to bring, where no escape sequence does', () => {
    assert.equal(read(KOREAN, '\\ISO 2022 IR 149').text, '홍길동');
    assert.equal(read(JAPANESE, 'ISO 2022 IR 6\\ISO 2022 IR 87').text, '山田太郎');
    assert.equal(read(hex('cdf5d0a1b6ab'), '\\ISO 2022 IR 58').text, '王小东');
  });

  it('is not doubted without a reason', () => {
    assert.deepEqual(read(MULLER, 'ISO_IR 100').warnings, []);
    assert.deepEqual(read(Buffer.from('ü'), 'ISO_IR 100').text, 'Ã¼');
    assert.deepEqual(read(Buffer.from('ab\uFFFDü'), 'ISO_IR 192').text, 'ab\uFFFDü');
    assert.deepEqual(read(Buffer.from('a\u0085'), 'ISO_IR 192 ').text, 'a\u0085');
  });
});

describe('vendors’ names of character sets', () => {
  const cases: [term: string, value: Buffer, text: string][] = [
    ['EUC-KR', KOREAN, '홍길동'],
    ['KS_C_5601-1987', KOREAN, '홍길동'],
    ['SJIS', JAPANESE, '山田太郎'],
    ['Shift_JIS', JAPANESE, '山田太郎'],
    ['EUC-JP', hex('bbb3c5c4'), '山田'],
    ['WINDOWS-1251', hex('c8e2e0ed'), 'Иван'],
    ['CP1251', hex('c8e2e0ed'), 'Иван'],
    ['KOI8-R', hex('e9d7c1ce'), 'Иван'],
    ['BIG5', hex('a4fda470'), '王小'],
    ['GB2312', hex('cdf5d0a1b6ab'), '王小东'],
    ['ISO_8859-1', MULLER, 'Müller'],
    ['iso-8859-1', MULLER, 'Müller'],
    ['UTF8', Buffer.from('ü山'), 'ü山'],
    ['ISO_IR_192', Buffer.from('ü山'), 'ü山'],
  ];
  for (const [term, value, text] of cases) {
    it(term, () => {
      const found = read(value, term);
      assert.equal(found.text, text);
      assert.ok(found.warnings.some((each) => /^character-set: .*; read as \S+/.test(each)));
    });
  }

  it('that mean nothing leave it to what is expected', () => {
    const found = read(MULLER, 'NONSENSE');
    assert.equal(found.text, 'Müller');
    assert.deepEqual(found.warnings, [
      'character-set: Specific Character Set has a value that is not a defined term; it is ignored',
      ...assumed('ISO_IR 100'),
    ]);
    assert.equal(read(MULLER, '__proto__').text, 'Müller');
    assert.equal(read(MULLER, 'constructor ').text, 'Müller');
  });
});
