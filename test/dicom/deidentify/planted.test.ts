import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bufferSource, DicomError, KeptBack, readFileMeta } from '../../../src/dicom';
import { element, item, itemEnd, marker, openItem, sequenceEnd, UNDEFINED, us } from '../support/encode';
import {
  CT,
  dataSet,
  deidentified,
  EXPLICIT,
  fileOf,
  image,
  IMPLICIT,
  profile,
  tagsOf,
  text,
} from './support';

const NAME = 'SMITH^JOHN';

/** Nowhere in the bytes, in no encoding that it may have. */
function assertGone(bytes: Buffer, ...planted: (string | Buffer)[]): void {
  for (const each of planted) {
    const latin1 = typeof each === 'string' ? Buffer.from(each, 'latin1') : each;
    const traces = [latin1];
    if (typeof each === 'string')
      traces.push(
        Buffer.from(each, 'utf8'),
        Buffer.from(each, 'utf16le'),
        Buffer.from(each, 'utf16le').swap16(),
      );
    for (const trace of traces)
      assert.equal(bytes.indexOf(trace), -1, `${latin1.toString('latin1')} is left`);
  }
}

/** The object is passed, and says no more what was planted in it. */
function assertCleaned(elements: Buffer[], ...planted: (string | Buffer)[]): Buffer {
  const file = fileOf(image(...elements));
  for (const each of planted) assert.notEqual(file.indexOf(each, 0, 'latin1'), -1, 'is planted');
  const { bytes } = deidentified(file);
  assertGone(bytes, ...planted);
  return bytes;
}

describe('what is planted in an object', () => {
  it('is gone from every VR of attributes that PS3.6 does not know', () => {
    const vrs = [
      'AE',
      'AS',
      'CS',
      'DA',
      'DS',
      'DT',
      'IS',
      'LO',
      'LT',
      'PN',
      'SH',
      'ST',
      'TM',
      'UC',
      'UI',
      'UR',
      'UT',
    ];
    const others = [
      'AT',
      'FD',
      'FL',
      'OB',
      'OD',
      'OF',
      'OL',
      'OV',
      'OW',
      'SL',
      'SS',
      'SV',
      'UL',
      'UN',
      'US',
      'UV',
    ];
    const unknown = [...vrs, ...others].map((vr, index) => text(0x00187700 + index, vr, `${NAME} ${vr} `));
    assertCleaned([element(0x00187690, 'SQ', item(text(0x00100010, 'PN', NAME))), ...unknown], NAME);
  });

  it('is gone from numbers, codes, times and UIDs of attributes that stay', () => {
    assertCleaned(
      [
        text(0x00180050, 'DS', NAME),
        text(0x00200013, 'IS', NAME),
        text(0x00185100, 'CS', `HFS ${NAME}`),
        text(0x00180050, 'LO', NAME),
        text(0x00280106, 'LO', NAME),
        text(0x00080064, 'UN', ''),
        text(0x00180020, 'UN', `SE ${NAME}`),
        text(0x00080070, 'LO', `ACME\0${NAME}`),
        text(0x00209161, 'UI', NAME),
        text(0x00080005, 'CS', NAME),
      ],
      NAME,
    );
  });

  it('is gone from private attributes, their creators and their sequences, at any depth', () => {
    const block = [
      text(0x00090010, 'LO', NAME),
      text(0x00091001, 'PN', NAME),
      text(0x00091002, 'UN', NAME),
      element(0x00091003, 'SQ', item(text(0x00100010, 'PN', NAME))),
    ];
    const safe = [text(0x70530010, 'LO', 'Philips PET Private Group'), text(0x70531000, 'DS', NAME)];
    const inner = element(0x00289110, 'SQ', item(dataSet(...block)));
    const file = fileOf(image(...block, ...safe, element(0x52009229, 'SQ', item(inner))));
    assertGone(deidentified(file).bytes, NAME, 'Philips');
    assertGone(deidentified(file, profile({ options: ['retain-safe-private'] })).bytes, NAME);
  });

  it('is gone from preamble and file meta information', () => {
    const file = fileOf(image());
    file.write(NAME, 5, 'latin1');
    const { dataSetOffset } = readFileMeta(bufferSource(file));
    const more = Buffer.concat([
      text(0x00020016, 'AE', NAME),
      text(0x00020026, 'UR', NAME),
      text(0x00020100, 'UI', '1.2.3.4'),
      text(0x00020102, 'OB', NAME),
      text(0x000200ff, 'LO', NAME),
    ]);
    const head = file.subarray(0, dataSetOffset);
    const { bytes } = deidentified(Buffer.concat([head, more, file.subarray(dataSetOffset)]));
    assertGone(bytes, NAME, '1.2.3.4');
    assert.deepEqual(bytes.subarray(0, 128), Buffer.alloc(128));
    const meta = readFileMeta(bufferSource(bytes));
    assert.match(meta.sopInstanceUID, /^2\.25\./);
    assert.equal(meta.sopClassUID, CT);
  });

  it('is not passed as the transfer syntax: one that nobody knows may be anything', () => {
    for (const uid of [NAME, `${EXPLICIT} ${NAME}`, '1.2.826.0.1.19631112.555'])
      assert.throws(() => deidentified(fileOf(image(), uid)), {
        name: 'KeptBack',
        reason: 'transfer-syntax',
      });
  });

  it('is gone from sequences that were sent as UN, in either encoding, known or not', () => {
    const implicit = element(0x00100010, 'PN', NAME, { explicit: false });
    const explicit = text(0x00100010, 'PN', NAME);
    const bytes = assertCleaned(
      [
        element(0x52009229, 'UN', item(implicit)),
        element(0x52009230, 'UN', Buffer.concat([openItem(implicit), itemEnd, sequenceEnd]), {
          length: UNDEFINED,
        }),
        element(0x00289110, 'UN', item(explicit)),
        element(0x00209116, 'UN', `no sequence ${NAME}`),
        element(0x00181234, 'UN', item(implicit)),
        element(0x00187711, 'UN', Buffer.concat([item(implicit), sequenceEnd]), { length: UNDEFINED }),
      ],
      NAME,
    );
    assert.notEqual(tagsOf(bytes)['52009229'], undefined);
  });

  it('is gone from what is no attribute: group lengths, commands, delimiters, padding, bytes behind pixels', () => {
    const pixels = Buffer.concat([us(1, 2, 3, 4), Buffer.from(NAME)]);
    assertCleaned(
      [
        text(0x00080000, 'UL', NAME),
        text(0x00180000, 'LO', NAME),
        element(
          0x52009229,
          'SQ',
          Buffer.concat([openItem(), marker(0xe00d, 0x4e484f4a), marker(0xe0dd, 0x4e484f4a)]),
          { length: UNDEFINED },
        ),
        element(0x7fe00010, 'OW', pixels),
        text(0xfffcfffc, 'OB', NAME),
      ],
      NAME,
      'JOHN',
    );
    const command = Buffer.concat([image(), text(0x00000600, 'AE', NAME), text(0x00020016, 'AE', NAME)]);
    assertGone(deidentified(fileOf(command)).bytes, NAME);
  });

  it('is gone from reserved bytes of headers, and from an element that comes twice', () => {
    const reserved = element(0x00281201, 'OW', us(1, 2));
    reserved.write('JO', 6, 'latin1');
    const twice = Buffer.concat([
      image(reserved),
      text(0x00100020, 'LO', NAME),
      text(0x00100020, 'LO', 'P2'),
    ]);
    const { bytes } = deidentified(fileOf(twice));
    assertGone(bytes, NAME, 'OWJO');
  });

  it('is gone in whatever character set it is written', () => {
    const japanese = Buffer.from('\x1b$B;3ED\x1b(B', 'latin1');
    const cases: [set: string, value: Buffer][] = [
      ['ISO_IR 100', Buffer.from('M\xfcller^J\xf6rg', 'latin1')],
      ['ISO_IR 192', Buffer.from('Müller^Jörg', 'utf8')],
      ['ISO_IR 144', Buffer.from('\xbb\xee\xda\xe1\xd5\xdc\xd1\xe3\xe0\xd3', 'latin1')],
      ['\\ISO 2022 IR 87', Buffer.concat([Buffer.from('Yamada='), japanese, Buffer.from('=')])],
      ['GB18030', Buffer.from([0xcd, 0xf5, 0x5e, 0xd0, 0xa1, 0xb6, 0xab])],
    ];
    for (const [set, value] of cases) {
      const names = [0x00100010, 0x00080090, 0x00081070].map((tag) => text(tag, 'PN', value));
      const bytes = assertCleaned([text(0x00080005, 'CS', set), ...names], value, value.subarray(2));
      assert.equal(tagsOf(bytes)['00080005'] === undefined, false, set);
    }
  });

  it('is gone from overlays and curves, whatever their group', () => {
    const groups = [0x6000, 0x6002, 0x60fe].flatMap((group) => [
      text(group * 0x10000 + 0x0022, 'LO', NAME),
      element(group * 0x10000 + 0x0100, 'US', us(1)),
      text(group * 0x10000 + 0x3000, 'OW', NAME),
      text(group * 0x10000 + 0x4000, 'LT', NAME),
    ]);
    const curves = [0x5000, 0x50fe].map((group) => text(group * 0x10000 + 0x3000, 'OW', NAME));
    const file = fileOf(image(...groups, ...curves));
    const options = ['clean-graphics', 'clean-descriptors'] as const;
    assertGone(deidentified(file, profile({ options: [...options] })).bytes, NAME);
  });

  it('keeps back what cannot be read to its end, and what is big endian without saying so', () => {
    const cut = fileOf(image()).subarray(0, -3);
    assert.throws(() => deidentified(cut), DicomError);
    const unnamed = fileOf(element(0x00080016, 'UI', CT.padEnd(26, '\0'), { bigEndian: true }), EXPLICIT);
    assert.throws(() => deidentified(unnamed), KeptBack);
    assert.doesNotThrow(() => deidentified(fileOf(image(), IMPLICIT)));
  });
});
