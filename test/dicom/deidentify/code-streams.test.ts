import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KeptBack } from '../../../src/dicom';
import { element, marker, sequenceEnd, UNDEFINED } from '../support/encode';
import { dataSetOf } from '../../support/objects/part10';
import { dataSet, deidentified, fileOf, image, IMAGE } from './support';

const NAME = Buffer.from('SMITH^JOHN');
const JPEG = '1.2.840.10008.1.2.4.50';
const JPEG_LS = '1.2.840.10008.1.2.4.80';
const JPEG_2000 = '1.2.840.10008.1.2.4.90';
const RLE = '1.2.840.10008.1.2.5';

const segment = (code: number, body: Buffer): Buffer => {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(code, 0);
  head.writeUInt16BE(body.length + 2, 2);
  return Buffer.concat([head, body]);
};
const bytes = (...values: number[]): Buffer => Buffer.from(values);

function encapsulated(fragments: Buffer[], table: Buffer = Buffer.alloc(0)): Buffer {
  const items = [table, ...fragments].map((each) => marker(0xe000, each.length, each));
  return element(0x7fe00010, 'OB', Buffer.concat([...items, sequenceEnd]), { length: UNDEFINED });
}

const compressed = (transferSyntaxUID: string, fragments: Buffer[]): Buffer =>
  fileOf(dataSet(...IMAGE, encapsulated(fragments)), transferSyntaxUID);

/** The fragments in the bytes of a file, one after the other, without the offset table. */
function fragmentsOf(file: Buffer): { table: Buffer; fragments: Buffer[] } {
  const set = dataSetOf(file);
  let at = set.indexOf(Buffer.from([0xe0, 0x7f, 0x10, 0, 0x4f, 0x42])) + 12;
  const items: Buffer[] = [];
  for (; set.readUInt16LE(at + 2) === 0xe000; at += 8 + set.readUInt32LE(at + 4))
    items.push(set.subarray(at + 8, at + 8 + set.readUInt32LE(at + 4)));
  const [table = Buffer.alloc(0), ...fragments] = items;
  return { table, fragments };
}

const SOI = bytes(0xff, 0xd8);
const EOI = bytes(0xff, 0xd9);
const JFIF = segment(0xffe0, Buffer.from('JFIF\0\x01\x02\0\0\x01\0\x01\0\0', 'latin1'));
const ADOBE = segment(0xffee, Buffer.from('Adobe\0\x64\0\0\0\0\x01', 'latin1'));
const SOF = segment(0xffc0, bytes(8, 0, 2, 0, 2, 1, 1, 0x11, 0));
const SCAN = Buffer.concat([segment(0xffda, bytes(1, 1, 0, 0, 63, 0)), bytes(1, 0xff, 0, 2, 0xff, 0xd0, 3)]);

describe('a code stream', () => {
  const clean = Buffer.concat([SOI, JFIF, ADOBE, SOF, SCAN, EOI]);

  it('of JPEG is left as it is where it says nothing', () => {
    const { fragments } = fragmentsOf(deidentified(compressed(JPEG, [clean])).bytes);
    assert.deepEqual(fragments[0]?.subarray(0, clean.length), clean);
  });

  it('of JPEG loses its comments, application data and thumbnails, and what is behind it; nothing moves', () => {
    const thumbnail = segment(
      0xffe0,
      Buffer.concat([Buffer.from('JFIF\0\x01\x02\0\0\x01\0\x01\x02\x02', 'latin1'), NAME]),
    );
    const stream = Buffer.concat([
      SOI,
      thumbnail,
      segment(0xfffe, NAME),
      bytes(0xff, 0xff),
      segment(0xffe1, Buffer.concat([Buffer.from('Exif\0\0'), NAME])),
      segment(0xffee, NAME),
      segment(0xffee, Buffer.concat([Buffer.from('Adobe\0\x64\0\0\0\0\x01', 'latin1'), NAME])),
      SOF,
      SCAN,
      segment(0xfffe, NAME),
      SCAN,
      EOI,
      NAME,
    ]);
    const result = deidentified(compressed(JPEG, [stream])).bytes;
    assert.equal(result.indexOf(NAME), -1);
    assert.equal(result.indexOf('Exif'), -1);
    const [left = Buffer.alloc(0)] = fragmentsOf(result).fragments;
    assert.equal(left.length, stream.length + (stream.length % 2));
    const differences = [...stream].flatMap((byte, index) => (byte === left[index] ? [] : [left[index]]));
    assert.ok(differences.every((byte) => byte === 0));
    assert.notEqual(left.indexOf('Adobe'), -1);
  });

  it('over several fragments is read as one, also where a comment is', () => {
    const stream = Buffer.concat([SOI, segment(0xfffe, NAME), SOF, SCAN, EOI]);
    for (let cut = 2; cut < stream.length - 2; cut += 2) {
      const result = deidentified(compressed(JPEG, [stream.subarray(0, cut), stream.subarray(cut)])).bytes;
      const whole = Buffer.concat(fragmentsOf(result).fragments);
      for (let at = 0; at + 4 <= NAME.length; at += 1)
        assert.equal(whole.indexOf(NAME.subarray(at, at + 4)), -1, `cut at ${cut}`);
    }
  });

  it('of JPEG-LS may have bytes behind FF that would be markers of JPEG', () => {
    const scan = Buffer.concat([segment(0xffda, bytes(1, 1, 0, 0, 0, 0)), bytes(0xff, 0x7e, 0xff, 0x01)]);
    const frame = segment(0xfff7, bytes(8, 0, 2, 0, 2, 1, 1, 0x11, 0));
    const stream = Buffer.concat([
      SOI,
      segment(0xffe8, Buffer.from('mrfx\x01')),
      segment(0xfffe, NAME),
      frame,
      scan,
      EOI,
    ]);
    const result = deidentified(compressed(JPEG_LS, [stream])).bytes;
    assert.equal(result.indexOf(NAME), -1);
    assert.notEqual(result.indexOf('mrfx'), -1);
  });

  const jpeg2000 = (length: number, data: Buffer, comment = NAME): Buffer => {
    const tile = Buffer.alloc(8);
    tile.writeUInt32BE(length, 2);
    tile.writeUInt8(1, 7);
    return Buffer.concat([
      bytes(0xff, 0x4f),
      segment(0xff51, Buffer.alloc(36)),
      segment(0xff64, Buffer.concat([bytes(0, 1), comment])),
      segment(0xff90, tile),
      segment(0xff64, Buffer.concat([bytes(0, 1), comment])),
      bytes(0xff, 0x93),
      data,
      EOI,
      NAME,
    ]);
  };

  it('of JPEG 2000 loses its comments in every header', () => {
    const data = bytes(1, 2, 0xff, 0x8f, 3, 4);
    for (const length of [0, 12 + 4 + 2 + NAME.length + 2 + data.length]) {
      const result = deidentified(compressed(JPEG_2000, [jpeg2000(length, data)])).bytes;
      assert.equal(result.indexOf(NAME), -1, String(length));
      assert.notEqual(result.indexOf(data), -1);
    }
    assert.throws(() => deidentified(compressed(JPEG_2000, [jpeg2000(500, data)])), KeptBack);
  });

  it('has nothing behind what its headers consist of', () => {
    const more = (header: Buffer): Buffer => Buffer.concat([header, NAME]);
    const frame = segment(0xffc0, more(SOF.subarray(4)));
    const scan = Buffer.concat([segment(0xffda, more(bytes(1, 1, 0, 0, 63, 0))), bytes(1, 2)]);
    const ls = segment(0xfff7, more(SOF.subarray(4)));
    const data = bytes(1, 2);
    const size = segment(0xff51, more(Buffer.alloc(36)));
    const registration = segment(0xff63, NAME);
    const tile = segment(0xff90, bytes(0, 0, 0, 0, 0, 0, 0, 1));
    const streams: [string, Buffer[]][] = [
      [JPEG, [SOI, segment(0xffdd, more(bytes(0, 1))), frame, segment(0xffdc, more(bytes(0, 2))), scan, EOI]],
      [JPEG_LS, [SOI, ls, scan, EOI]],
      [JPEG_2000, [bytes(0xff, 0x4f), size, registration, tile, bytes(0xff, 0x93), data, EOI]],
    ];
    for (const [syntax, parts] of streams) {
      const result = deidentified(compressed(syntax, [Buffer.concat(parts)])).bytes;
      assert.equal(result.indexOf(NAME), -1, syntax);
    }
    const short = Buffer.concat([SOI, segment(0xffc0, SOF.subarray(4, -1)), SCAN, EOI]);
    assert.throws(() => deidentified(compressed(JPEG, [short])), KeptBack);
  });

  it('of JPEG 2000 in boxes is kept back', () => {
    const box = Buffer.concat([
      bytes(0, 0, 0, 12),
      Buffer.from('jP  \r\n\x87\n', 'latin1'),
      jpeg2000(0, bytes(1, 2)),
    ]);
    assert.throws(() => deidentified(compressed(JPEG_2000, [box])), KeptBack);
  });

  it('of RLE has nothing in its header and behind its pixels', () => {
    const header = Buffer.alloc(64);
    header.writeUInt32LE(2, 0);
    header.writeUInt32LE(64, 4);
    header.writeUInt32LE(64 + 5 + 11, 8);
    NAME.copy(header, 30);
    const literal = bytes(3, 1, 2, 3, 4);
    const stream = Buffer.concat([header, literal, NAME, bytes(0), bytes(253, 7), NAME]);
    const result = deidentified(compressed(RLE, [stream])).bytes;
    assert.equal(result.indexOf(NAME), -1);
    assert.notEqual(result.indexOf(literal), -1);
  });

  it('of RLE has no more segments than its pixels have bytes', () => {
    const header = Buffer.alloc(64);
    header.writeUInt32LE(3, 0);
    [64, 69, 74].forEach((start, index) => header.writeUInt32LE(start, 4 + index * 4));
    const literal = bytes(3, 1, 2, 3, 4);
    const stream = Buffer.concat([header, literal, literal, bytes(3), NAME.subarray(0, 4)]);
    assert.throws(() => deidentified(compressed(RLE, [stream])), KeptBack);
  });

  it('that cannot be read to its end is kept back', () => {
    const wrong: [string, Buffer][] = [
      [JPEG, clean.subarray(0, -2)],
      [JPEG, clean.subarray(2)],
      [JPEG, Buffer.concat([SOI, bytes(0xff, 0xf1, 0, 4, 0, 0), SOF, SCAN, EOI])],
      [JPEG, Buffer.concat([SOI, bytes(0xff, 0xfe, 0, 0), SOF, SCAN, EOI])],
      [RLE, Buffer.alloc(60)],
      [RLE, Buffer.alloc(64)],
      ['1.2.840.10008.1.2.4.110', clean],
      ['1.2.840.10008.1.2.4.102', clean],
      ['1.2.3', clean],
    ];
    for (const [syntax, stream] of wrong)
      assert.throws(() => deidentified(compressed(syntax, [stream])), KeptBack);
    assert.throws(() => deidentified(compressed(JPEG, [clean, clean])), KeptBack, 'two frames, one is said');
  });

  it('has no byte within it that pads a fragment of odd length', () => {
    const frames = element(0x00280008, 'IS', '2 ');
    const [first, second] = [clean.subarray(0, 7), clean.subarray(7)];
    const file = fileOf(
      image(
        frames,
        encapsulated([first, second, clean.subarray(0, 8), clean.subarray(8)], bytes(0, 0, 0, 0)),
      ),
      JPEG,
    );
    const { table, fragments } = fragmentsOf(deidentified(file).bytes);
    const even = Buffer.concat([clean, Buffer.alloc(clean.length % 2)]);
    assert.deepEqual(fragments[0], even);
    assert.deepEqual(Buffer.concat(fragments.slice(1)), even);
    assert.deepEqual([fragments.length, table.readUInt32LE(4)], [3, 8 + even.length]);
  });

  it('in more fragments than memory has room for is kept back', () => {
    const empty = Buffer.alloc(500_001 * 8);
    for (let at = 0; at < empty.length; at += 8) marker(0xe000, 0).copy(empty, at);
    const value = Buffer.concat([marker(0xe000, 0), empty, sequenceEnd]);
    const pixels = element(0x7fe00010, 'OB', value, { length: UNDEFINED });
    assert.throws(() => deidentified(fileOf(dataSet(...IMAGE, pixels), JPEG)), {
      name: 'KeptBack',
      reason: 'too-long',
    });
  });

  it('has an offset table that was made anew, if it had one', () => {
    const frames = element(0x00280008, 'IS', '2 ');
    const streams = [clean, Buffer.concat([clean, bytes(0)])];
    const file = fileOf(image(frames, encapsulated(streams, Buffer.concat([NAME.subarray(0, 8)]))), JPEG);
    const result = deidentified(file).bytes;
    assert.equal(result.indexOf(NAME.subarray(0, 8)), -1);
    const { table } = fragmentsOf(result);
    assert.deepEqual(
      [table.readUInt32LE(0), table.readUInt32LE(4)],
      [0, 8 + clean.length + (clean.length % 2)],
    );
  });
});
