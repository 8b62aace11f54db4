import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import {
  bufferSource,
  type DeidentifyOption,
  type DicomJson,
  Identifiers,
  KeptBack,
  type KeptBackReason,
  readFileMeta,
} from '../../../src/dicom';
import { element, item, us } from '../support/encode';
import { CT, deidentified, fileOf, image, profile, SECRET, tagsOf, text } from './support';

const values = (tags: DicomJson, tag: string): unknown[] =>
  (tags[tag] as { Value?: unknown[] } | undefined)?.Value ?? [];

function cleaned(
  elements: Buffer[],
  options: DeidentifyOption[] = [],
  allowedWords: string[] = [],
): DicomJson {
  return tagsOf(deidentified(fileOf(image(...elements)), profile({ options, allowedWords })).bytes);
}

function keptBack(reason: KeptBackReason, work: () => unknown): void {
  assert.throws(work, (error) => error instanceof KeptBack && error.reason === reason);
}

describe('UIDs', () => {
  const ids = new Identifiers(SECRET);

  it('become 2.25 and a UUID of version 8 that HMAC-SHA-256 makes of them', () => {
    const uid = ids.uid('1.2.840.113619.2.55');
    assert.match(uid, /^2\.25\.\d{1,39}$/);
    const uuid = BigInt(uid.slice(5)).toString(16).padStart(32, '0');
    assert.equal(uuid[12], '8');
    assert.match(uuid[16] ?? '', /[89ab]/);
    const hmac = createHmac('sha256', SECRET).update('1.2.840.113619.2.55').digest('hex');
    const [mine, theirs] = [uuid, hmac].map(
      (hex) => hex.slice(0, 12) + hex.slice(13, 16) + hex.slice(17, 32),
    );
    assert.equal(mine, theirs);
    assert.notEqual(uid, new Identifiers(Buffer.alloc(16)).uid('1.2.840.113619.2.55'));
  });

  it('of PS3.6 stay, and what only looks like one of them does not', () => {
    for (const uid of [
      CT,
      '1.2.840.10008.1.2.1',
      '1.2.840.10008.1.4.1.1',
      '1.2.840.10008.2.16.4',
      '1.2.840.10008.6.1.1',
    ])
      assert.equal(ids.uid(uid), uid);
    for (const uid of [
      '1.2.840.10008.1.1970.1.31',
      '1.2.840.10008.19700131.4711',
      '1.2.840.100081.1.2',
      '1.2.840.10008',
      '1.2.840.10008.5.1234567',
    ])
      assert.notEqual(ids.uid(uid), uid);
  });

  it('of things are not kept for their root: few things are named below that of the Standard', () => {
    const day = '1.2.840.10008.1.19.70.1.31';
    assert.equal(ids.uid(day), day, 'as one of a kind');
    for (const tag of [0x00080018, 0x0020000d, 0x00200052, 0x00081155]) {
      const { bytes, sopInstanceUID } = deidentified(fileOf(image(text(tag, 'UI', day))));
      assert.equal(bytes.indexOf(day), -1, tag.toString(16));
      assert.notEqual(sopInstanceUID, day);
    }
    for (const uid of ['1.2.840.10008.1.4.1.1', '1.2.840.10008.1.4.2.2'])
      assert.deepEqual(values(cleaned([text(0x00200052, 'UI', uid)]), '00200052'), [uid]);
    const kind = '1.2.840.10008.5.1.4.1.1.2';
    const reference = element(0x00081140, 'SQ', item(text(0x00081150, 'UI', kind)));
    assert.deepEqual(values(cleaned([reference]), '00081140'), [{ '00081150': { vr: 'UI', Value: [kind] } }]);
  });

  for (const options of [[], ['retain-uids']] as DeidentifyOption[][])
    it(`are the same in the data set and before it, also with spaces around them, and of no known VR (${options.join()})`, () => {
      for (const [vr, uid] of [
        ['UI', ' 1.2.3.9'],
        ['UI', '1.2.3.9 '],
        ['UI', ' 1.2.3.9 '],
        ['UI', '1.2.3.9'],
        ['UN', '1.2.3.9'],
        ['UN', ' 1.2.3.9'],
      ] as const) {
        const file = fileOf(image(text(0x00080018, vr, uid)));
        const { bytes, sopInstanceUID } = deidentified(file, profile({ options }));
        assert.deepEqual(values(tagsOf(bytes), '00080018'), [sopInstanceUID], `"${uid}"`);
        assert.equal(readFileMeta(bufferSource(bytes)).sopInstanceUID, sopInstanceUID);
      }
    });

  it('are the same wherever they refer to the same: references lead to the same objects across a study', () => {
    const [first, second] = [1, 2].map((number) => {
      const reference = text(0x00081155, 'UI', `1.2.3.4.${number === 1 ? 2 : 1}`);
      const items = [text(0x00081150, 'UI', CT), reference];
      return deidentified(
        fileOf(
          image(
            text(0x00080018, 'UI', `1.2.3.4.${number}`),
            element(0x00081140, 'SQ', item(...items)),
            element(0x52009229, 'SQ', item(element(0x00082112, 'SQ', item(...items)))),
          ),
        ),
      );
    });
    assert.ok(first !== undefined && second !== undefined);
    for (const [one, other] of [
      [first, second],
      [second, first],
    ] as const) {
      const tags = tagsOf(one.bytes);
      const [direct] = values(tags, '00081140') as DicomJson[];
      const [around] = values(tags, '52009229') as DicomJson[];
      const [nested] = values(around ?? {}, '00082112') as DicomJson[];
      assert.deepEqual(values(direct ?? {}, '00081155'), [other.sopInstanceUID]);
      assert.deepEqual(values(nested ?? {}, '00081155'), [other.sopInstanceUID]);
      assert.deepEqual(values(tags, '00080018'), [one.sopInstanceUID]);
      assert.deepEqual(values(tags, '0020000D'), values(tagsOf(other.bytes), '0020000D'));
    }
  });

  it('are no more than can be replaced in a moment', () => {
    const each = item(text(0x00081155, 'UI', '1.2\\'.repeat(1_000)));
    const many = (count: number): Buffer =>
      fileOf(image(element(0x52009229, 'SQ', Buffer.concat(new Array<Buffer>(count).fill(each)))));
    keptBack('too-long', () => deidentified(many(500)));
    deidentified(many(2));
  });

  it('need a secret of 16 bytes', () => {
    assert.throws(() => new Identifiers(Buffer.alloc(15)), /at least 16 bytes/);
    assert.equal(ids.fingerprint, new Identifiers(SECRET).fingerprint);
    assert.notEqual(ids.fingerprint, new Identifiers(Buffer.alloc(16)).fingerprint);
  });
});

describe('dates', () => {
  const DATES = [
    text(0x00080020, 'DA', '20240301'),
    text(0x00080030, 'TM', '101112.5'),
    text(0x0008002a, 'DT', '20240301101112.5+0100'),
    text(0x00080201, 'SH', '+0100'),
    element(0x52009229, 'SQ', item(text(0x00080023, 'DA', '20240311'))),
  ];
  const day = (text: unknown): number =>
    Date.parse(`${String(text).slice(0, 4)}-${String(text).slice(4, 6)}-${String(text).slice(6, 8)}`) /
    86_400_000;

  it('all move by the same number of days for a patient, backwards, by another one for another patient', () => {
    const offsets = ['PATIENT 1', 'PATIENT 2'].map((id) => {
      const tags = cleaned([...DATES, text(0x00100020, 'LO', id)], ['retain-modified-dates']);
      const [study] = values(tags, '00080020');
      const [moment] = values(tags, '0008002A');
      const [around] = values(tags, '52009229') as DicomJson[];
      const [content] = values(around ?? {}, '00080023');
      const offset = day(study) - day('20240301');
      assert.equal(day(moment) - day('20240301'), offset);
      assert.equal(day(content) - day('20240311'), offset);
      assert.match(String(moment), /^\d{8}101112\.5\+0100$/);
      assert.deepEqual(values(tags, '00080030'), ['101112.5']);
      assert.deepEqual(values(tags, '00080201'), ['+0100']);
      assert.deepEqual(values(tags, '00280303'), ['MODIFIED']);
      return offset;
    });
    for (const offset of offsets) assert.ok(offset <= -1 && offset >= -3650 && Number.isInteger(offset));
    assert.notEqual(offsets[0], offsets[1]);
  });

  it('never stay, whatever the patient', () => {
    const ids = new Identifiers(SECRET);
    const days = Array.from({ length: 20_000 }, (_, index) => ids.days({ id: String(index), issuer: '' }));
    assert.ok(days.every((each) => each <= -1 && each >= -3650));
    assert.notEqual(ids.days({ id: 'A', issuer: 'B' }), ids.days({ id: 'A', issuer: 'C' }));
    assert.equal(ids.days({ id: 'A', issuer: 'B' }), new Identifiers(SECRET).days({ id: 'A', issuer: 'B' }));
  });

  it('that are none are not passed on as they are', () => {
    for (const wrong of ['20240230', 'SMITH', '2024-3-1', '00000101']) {
      const tags = cleaned([text(0x00080020, 'DA', wrong)], ['retain-modified-dates']);
      assert.deepEqual(values(tags, '00080020'), []);
    }
    assert.deepEqual(values(cleaned(DATES), '00080020'), []);
    assert.deepEqual(values(cleaned(DATES), '00280303'), ['REMOVED']);
  });

  it('stay with full dates, and an age above 89 is 90', () => {
    const full = cleaned(DATES, ['retain-full-dates']);
    assert.deepEqual(values(full, '00080020'), ['20240301']);
    assert.deepEqual(values(full, '00280303'), ['UNMODIFIED']);
    const age = (text_: string, options: DeidentifyOption[]): unknown =>
      values(cleaned([text(0x00101010, 'AS', text_)], options), '00101010')[0];
    assert.equal(age('091Y', ['retain-patient-characteristics']), '090Y');
    assert.equal(age('089Y', ['retain-patient-characteristics']), '089Y');
    assert.equal(age('103Y', []), undefined);
    assert.equal(age('ABCY', ['retain-patient-characteristics']), undefined);
  });
});

describe('numbers and times', () => {
  it('stay as what they are; what only consists of their characters goes', () => {
    const number = (vr: 'DS' | 'IS', value: string): unknown[] =>
      values(
        cleaned([text(vr === 'DS' ? 0x00180050 : 0x00200013, vr, value)]),
        vr === 'DS' ? '00180050' : '00200013',
      );
    assert.deepEqual(number('DS', ' 1.5'), [1.5]);
    assert.deepEqual(number('DS', '-1.25E+2\\ 3 '), [-125, 3]);
    assert.deepEqual(number('IS', '7'), [7]);
    for (const wrong of [
      '555-123-4567',
      '1970-01-31',
      '31.01.1970',
      '0171 1234567',
      'E',
      '1e',
      '4'.repeat(40),
    ])
      for (const vr of ['DS', 'IS'] as const) assert.deepEqual(number(vr, wrong), [], wrong);
    const time = (tag: number, vr: string, value: string): Buffer =>
      deidentified(fileOf(image(text(tag, vr, value))), profile({ options: ['retain-full-dates'] })).bytes;
    assert.ok(time(0x0008002a, 'DT', '202403011011').includes('202403011011'));
    assert.ok(time(0x0008002a, 'DT', '2024').includes('2024'));
    assert.ok(time(0x00080030, 'TM', '10:11:12').includes('10:11:12'));
    for (const [tag, vr] of [
      [0x0008002a, 'DT'],
      [0x00080020, 'DA'],
      [0x00080030, 'TM'],
    ] as const)
      for (const wrong of ['555-123-4567', '0171 1234567', '4711.4711.4711'])
        assert.ok(!time(tag, vr, wrong).includes(wrong), `${vr} ${wrong}`);
  });
});

describe('who the patient is', () => {
  it('is a pseudonym that the secret makes of Patient ID and its issuer', () => {
    const of = (id: string, issuer: string): unknown =>
      values(cleaned([text(0x00100020, 'LO', id), text(0x00100021, 'LO', issuer)]), '00100020')[0];
    assert.match(String(of('1', 'A')), /^[A-Z2-9]{16}$/);
    assert.equal(of('1', 'A'), of('1', 'A'));
    assert.notEqual(of('1', 'A'), of('1', 'B'));
    assert.notEqual(of('1', 'A'), of('2', 'A'));
  });

  it('is the pseudonym that is given, also where the Patient ID is in an item; another one there is emptied', () => {
    const nested = (id: string): Buffer => element(0x52009229, 'SQ', item(text(0x00100020, 'LO', id)));
    for (const [id, expected] of [
      ['PATIENT 1', ['STUDY-7']],
      ['SOMEBODY', []],
    ] as const) {
      const tags = tagsOf(
        deidentified(fileOf(image(nested(id), text(0x00100010, 'PN', 'A^B'))), profile(), 'STUDY-7').bytes,
      );
      assert.deepEqual(values(tags, '00100020'), ['STUDY-7']);
      assert.deepEqual(values(tags, '00100010'), [{ Alphabetic: 'STUDY-7' }]);
      const [around] = values(tags, '52009229') as DicomJson[];
      assert.deepEqual(values(around ?? {}, '00100020'), expected);
    }
  });

  it('keeps the object back where nobody can tell', () => {
    const file = fileOf(image());
    for (const wrong of ['', ' ', 'A\\B', 'Müller', 'x'.repeat(65), 'A\nB'])
      keptBack('pseudonym', () => deidentified(file, profile(), wrong));
    keptBack('patient-id', () => deidentified(fileOf(image(text(0x00100020, 'LO', ''))), profile(), 'P'));
    keptBack('patient-id', () => deidentified(fileOf(image(text(0x00100020, 'LO', '   ')))));
  });
});

describe('text that is cleaned', () => {
  const DESCRIPTION = text(0x0008103e, 'LO', 'CT Thorax, SMITH *1970\\axial');

  it('consists of allowed words; without any, of nothing', () => {
    const words = ['ct', 'Thorax', 'AXIAL'];
    assert.deepEqual(values(cleaned([DESCRIPTION], ['clean-descriptors'], words), '0008103E'), [
      'CT Thorax',
      'axial',
    ]);
    assert.equal(cleaned([DESCRIPTION], ['clean-descriptors'])['0008103E'], undefined);
    assert.equal(cleaned([DESCRIPTION], ['clean-descriptors'], ['MR'])['0008103E'], undefined);
    assert.equal(cleaned([DESCRIPTION], [], words)['0008103E'], undefined);
  });

  it('is read and written in the character set of the object', () => {
    const german = [
      text(0x00080005, 'CS', 'ISO_IR 100'),
      text(0x0008103e, 'LO', Buffer.from('Sch\xe4del M\xfcller', 'latin1')),
    ];
    assert.deepEqual(values(cleaned(german, ['clean-descriptors'], ['schädel']), '0008103E'), ['Schädel']);
  });

  it('says which profile and options were applied, and nothing else', () => {
    const codes = (options: DeidentifyOption[]): unknown[] =>
      (
        values(
          cleaned([element(0x00120064, 'SQ', item(text(0x00080100, 'SH', '1')))], options),
          '00120064',
        ) as DicomJson[]
      ).map((code) => [values(code, '00080100')[0], values(code, '00080102')[0]]);
    assert.deepEqual(codes([]), [['113100', 'DCM']]);
    assert.deepEqual(codes(['retain-uids', 'clean-descriptors', 'retain-modified-dates']), [
      ['113100', 'DCM'],
      ['113105', 'DCM'],
      ['113107', 'DCM'],
      ['113110', 'DCM'],
    ]);
    assert.deepEqual(values(cleaned([text(0x00120062, 'CS', 'NO')]), '00120062'), ['YES']);
  });
});

describe('private attributes that are safe', () => {
  const PHILIPS = [
    text(0x70530010, 'LO', 'Philips PET Private Group'),
    text(0x70531000, 'DS', '0.0123'),
    text(0x70531003, 'LO', 'SMITH'),
  ];

  it('stay with their creator, and no others of the same block', () => {
    const tags = cleaned(PHILIPS, ['retain-safe-private']);
    assert.deepEqual(values(tags, '70531000'), [0.0123]);
    assert.deepEqual(values(tags, '70530010'), ['Philips PET Private Group']);
    assert.equal(tags['70531003'], undefined);
    assert.equal(cleaned(PHILIPS)['70530010'], undefined);
  });

  it('are in the groups in which the table has them', () => {
    const elscint = (group: number): Buffer[] => [
      text(group * 0x10000 + 0x10, 'LO', 'ELSCINT1'),
      text(group * 0x10000 + 0x1050, 'DS', '12.5'),
    ];
    const tags = cleaned([...elscint(0x00e1), ...elscint(0x01e1)], ['retain-safe-private']);
    assert.deepEqual(values(tags, '00E11050'), [12.5], 'Acquisition Duration');
    assert.equal(tags['01E11050'], undefined);
  });
});

describe('attributes that PS3.15 leaves', () => {
  it('go where they name persons or say something of the patient', () => {
    const planted: [number, string][] = [
      [0x00401060, 'LO'],
      [0x00440011, 'LO'],
      [0x00440012, 'SH'],
      [0x00720008, 'LO'],
      [0x0074100c, 'LO'],
      [0x21000160, 'SH'],
      [0x40080103, 'LO'],
    ];
    const elements = planted.map(([tag, vr]) => text(tag, vr, 'Dr SMITH'));
    const file = fileOf(image(...elements, element(0x52009229, 'SQ', item(...elements))));
    assert.ok(file.includes('SMITH'));
    assert.ok(!deidentified(file).bytes.includes('SMITH'));
  });
});

describe('codes of local schemes', () => {
  const code = (tag: number, scheme: string, word: string): Buffer =>
    element(
      tag,
      'SQ',
      item(
        text(0x00080100, 'SH', word),
        text(0x00080102, 'SH', scheme),
        text(0x00080104, 'LO', `for Mr ${word}`),
      ),
    );
  // View Code Sequence, and in it a modifier.
  const nested = element(
    0x00540220,
    'SQ',
    item(
      text(0x00080100, 'SH', 'R-102CD'),
      text(0x00080102, 'SH', 'SRT'),
      text(0x00080104, 'LO', 'projection'),
      code(0x00540222, '99SMITH', 'SMITH'),
    ),
  );

  it('have dummy values, at any depth; those of published ones stay', () => {
    for (const scheme of ['99SMITH', 'L', '', 'DCM\\99SMITH']) {
      const file = fileOf(image(nested, code(0x00082229, scheme, 'SMITH')));
      const { bytes } = deidentified(file);
      assert.ok(!bytes.includes('SMITH'), scheme);
      assert.ok(bytes.includes('R-102CD') && bytes.includes('projection'));
    }
    assert.ok(deidentified(fileOf(image(code(0x00082229, 'SCT', '39607008')))).bytes.includes('39607008'));
  });

  it('keep allowed words where descriptions are cleaned', () => {
    const by = profile({ options: ['clean-descriptors'], allowedWords: ['for'] });
    const { bytes } = deidentified(fileOf(image(code(0x00082229, '99SMITH', 'SMITH'))), by);
    assert.ok(!bytes.includes('SMITH'));
    assert.ok(bytes.includes('for '));
  });
});

describe('bytes that may be anything', () => {
  it('of selectors of hanging protocols become zeros', () => {
    for (const [tag, vr] of [
      [0x00720067, 'OF'],
      [0x00720069, 'OW'],
      [0x00720073, 'OD'],
      [0x00720075, 'OL'],
      [0x00720081, 'OV'],
    ] as const) {
      const value = Buffer.from('SMITH^JOHN^16 b.');
      const file = fileOf(
        image(element(tag, vr, value), element(0x00720052, 'SQ', item(element(tag, vr, value)))),
      );
      const { bytes } = deidentified(file);
      assert.ok(!bytes.includes('SMITH'), vr);
      assert.ok(tagsOf(bytes)[tag.toString(16).padStart(8, '0').toUpperCase()] !== undefined, vr);
    }
  });

  it('of waveforms go, but where the object is for them', () => {
    const VOICE = '1.2.840.10008.5.1.4.1.1.9.4.1';
    const waveform = element(
      0x54000100,
      'SQ',
      item(element(0x54001004, 'US', us(8)), element(0x54001010, 'OB', Buffer.from('SMITH SPEAKS'))),
    );
    const by = profile({ alsoPass: [VOICE] });
    const inItem = element(0x52009229, 'SQ', item(waveform));
    for (const [sopClass, stays] of [
      [undefined, false],
      [VOICE, true],
    ] as const) {
      const about =
        sopClass === undefined ? [] : [text(0x00080016, 'UI', sopClass), text(0x00280301, 'CS', 'NO')];
      const { bytes } = deidentified(fileOf(image(waveform, inItem, ...about)), by);
      assert.equal(bytes.includes('SMITH SPEAKS'), stays, sopClass);
    }
  });
});

describe('UIDs behind which the rest of a buffer stands', () => {
  it('become the same as without it, in the data set, in references and before the data set', () => {
    const CLASS = `${CT}\0SMITH`;
    const elements = [
      text(0x00080016, 'UI', CLASS),
      text(0x00080018, 'UI', '1.2.3.4.5\0SMITH^JOHN'),
      text(0x00081155, 'UI', '1.2.3.4.5'),
    ];
    for (const options of [[], ['retain-uids']] as const) {
      const { bytes, sopInstanceUID } = deidentified(fileOf(image(...elements)), profile({ options }));
      const tags = tagsOf(bytes);
      assert.deepEqual(values(tags, '00080018'), [sopInstanceUID]);
      assert.equal(readFileMeta(bufferSource(bytes)).sopInstanceUID, sopInstanceUID);
      assert.deepEqual(values(tags, '00080016'), [CT]);
      if (options.length === 0) assert.deepEqual(values(tags, '00081155'), [sopInstanceUID]);
      assert.ok(!bytes.includes('SMITH'));
    }
  });
});

describe('a value that is longer than its VR can tell', () => {
  const CONTOUR_DATA = 0x30060050;
  const contour = (value: string): Buffer =>
    image(element(0x30060040, 'SQ', item(element(CONTOUR_DATA, 'UN', Buffer.from(value)))));

  it('stays UN, as it came (PS3.5 6.2.2), where it may stay', () => {
    const value = '-12.5\\3\\'.repeat(10_000) + '4 ';
    const { bytes } = deidentified(fileOf(contour(value)));
    const at = bytes.indexOf(Buffer.from([0x06, 0x30, 0x50, 0x00]));
    assert.equal(bytes.toString('latin1', at + 4, at + 6), 'UN');
    assert.equal(bytes.readUInt32LE(at + 8), value.length);
    const [read] = values(tagsOf(bytes), '30060040') as DicomJson[];
    assert.equal(values(read ?? {}, '30060050').length, 20_001);
    const named = deidentified(fileOf(contour(`${value.slice(0, -2)}SMITH^JOHN `))).bytes;
    assert.ok(!named.includes('SMITH'));
  });
});

describe('pixels of colours', () => {
  it('are as many as the object has, also where it says that some are left out and none are', () => {
    const colours = [
      element(0x00280002, 'US', us(3)),
      text(0x00280004, 'CS', 'YBR_FULL_422'),
      element(0x00280100, 'US', us(8)),
    ];
    const left = (length: number): Buffer => {
      const pixels = Buffer.from(Array.from({ length }, (_, index) => 0x41 + index));
      const { bytes } = deidentified(fileOf(image(...colours, element(0x7fe00010, 'OB', pixels))));
      return bytes.subarray(bytes.indexOf('ABCD'));
    };
    // 2 × 2 pixels: 8 bytes in 4:2:2, 12 as they would be without.
    for (const [length, kept] of [
      [8, 8],
      [10, 8],
      [12, 12],
      [14, 8],
    ] as const)
      assert.equal(left(length).length, kept, String(length));
  });
});
