import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readJpeg } from '../../../src/dicom/build/jpeg';
import { readPng } from '../../../src/dicom/build/png';
import { recipeWarnings } from '../../../src/dicom/build/recipes';
import { countComputing } from '../../support/machine/computing';
import { adobe, greyPng, jfif, jpegHead, png } from './pictures';

const refusal = (text: RegExp) => ({ code: 'cannot-build', message: text });

describe('a PNG', () => {
  it('is read with each filter of its lines', () => {
    // Lines of three RGB pixels: none, sub, up, average, Paeth; of the same pixels each.
    const pixels = [
      [10, 20, 30, 40, 50, 60, 70, 80, 90],
      [11, 21, 31, 200, 1, 255, 0, 128, 7],
      [9, 8, 7, 6, 5, 4, 3, 2, 1],
      [250, 251, 252, 253, 254, 255, 0, 1, 2],
      [100, 3, 200, 7, 99, 98, 17, 255, 254],
    ];
    const at = (row: number, index: number): number => (index < 0 ? 0 : (pixels[row]?.[index] ?? 0));
    const paeth = (a: number, b: number, c: number): number => {
      const distances = [a, b, c].map((each) => Math.abs(a + b - c - each));
      return [a, b, c][distances.indexOf(Math.min(...distances))] ?? 0;
    };
    const lines = pixels.flatMap((line, row) => [
      row,
      ...line.map((value, index) => {
        const [left, up, corner] = [at(row, index - 3), at(row - 1, index), at(row - 1, index - 3)];
        const predictions = [0, left, up, (left + up) >> 1, paeth(left, up, corner)];
        return (value - (predictions[row] ?? 0)) & 255;
      }),
    ]);
    const read = readPng(png({ columns: 3, rows: 5, depth: 8, colour: 2, lines: Buffer.from(lines) }));
    assert.deepEqual([...read.data], pixels.flat());
    assert.deepEqual([read.rows, read.columns, read.samples], [5, 3, 3]);
  });

  it('of fewer bits, with a palette, or transparent becomes grey or RGB of 8 bits', () => {
    const of = (parts: Omit<Parameters<typeof png>[0], 'rows'>): number[] => [
      ...readPng(png({ rows: 1, ...parts })).data,
    ];
    assert.deepEqual(
      of({ columns: 4, depth: 1, colour: 0, lines: Buffer.from([0, 0b10100000]) }),
      [255, 0, 255, 0],
    );
    assert.deepEqual(
      of({ columns: 3, depth: 2, colour: 0, lines: Buffer.from([0, 0b00011100]) }),
      [0, 85, 255],
    );
    const palette = Buffer.from([1, 2, 3, 4, 5, 6]);
    const indices = Buffer.from([0, 0b01000000]);
    assert.deepEqual(of({ columns: 2, depth: 1, colour: 3, lines: indices, palette }), [1, 2, 3, 4, 5, 6]);
    const transparency = Buffer.from([0]);
    assert.deepEqual(
      of({ columns: 2, depth: 1, colour: 3, lines: indices, palette, transparency }),
      [255, 255, 255, 4, 5, 6],
    );
    // One grey, or one colour, stands for what is not there.
    const grey = { columns: 3, depth: 8, colour: 0, lines: Buffer.from([0, 7, 8, 7]) };
    assert.deepEqual(of({ ...grey, transparency: Buffer.from([0, 7]) }), [255, 8, 255]);
    assert.deepEqual(of({ ...grey, transparency: Buffer.from([1, 7]) }), [7, 8, 7]);
    const bits = { columns: 4, depth: 1, colour: 0, lines: Buffer.from([0, 0b10100000]) };
    assert.deepEqual(of({ ...bits, transparency: Buffer.from([0, 0]) }), [255, 255, 255, 255]);
    const colours = { columns: 2, depth: 8, colour: 2, lines: Buffer.from([0, 1, 2, 3, 1, 2, 4]) };
    assert.deepEqual(
      of({ ...colours, transparency: Buffer.from([0, 1, 0, 2, 0, 3]) }),
      [255, 255, 255, 1, 2, 4],
    );
    assert.throws(() => of({ ...colours, transparency: Buffer.from([0, 1]) }), refusal(/damaged/));
    assert.deepEqual(
      of({ columns: 2, depth: 8, colour: 4, lines: Buffer.from([0, 9, 255, 9, 0]) }),
      [9, 255],
    );
    assert.deepEqual(
      of({ columns: 1, depth: 8, colour: 6, lines: Buffer.from([0, 0, 100, 200, 128]) }),
      [127, 177, 227],
    );
  });

  it('is refused where it is interlaced, of 16 bits, damaged, or larger than it may be', () => {
    const lines = Buffer.alloc(9);
    assert.throws(
      () => readPng(png({ columns: 2, rows: 3, depth: 16, colour: 0, lines })),
      refusal(/16 bits/),
    );
    assert.throws(
      () => readPng(png({ columns: 2, rows: 3, depth: 8, colour: 0, interlace: 1, lines })),
      refusal(/interlaced/),
    );
    const whole = greyPng(20, 20);
    for (let length = 8; length < whole.length; length += 7)
      assert.throws(() => readPng(whole.subarray(0, length)), refusal(/damaged or incomplete/));
    const spoilt = Buffer.from(whole);
    spoilt[60] = (spoilt[60] ?? 0) ^ 1;
    assert.throws(() => readPng(spoilt), refusal(/damaged/));
    assert.throws(
      () => readPng(png({ columns: 65_000, rows: 65_000, depth: 8, colour: 0, lines })),
      refusal(/more than 268435456 bytes/),
    );
    // Fewer pixels than there are bytes, and more.
    assert.throws(
      () => readPng(png({ columns: 2, rows: 2, depth: 8, colour: 0, lines })),
      refusal(/damaged/),
    );
    assert.throws(
      () => readPng(png({ columns: 9, rows: 9, depth: 8, colour: 0, lines })),
      refusal(/damaged/),
    );
  });

  it('that is a bomb takes no more memory than its header says, and little time', () => {
    // 64 MB of zeros for a picture of 4 x 4.
    const bomb = png({ columns: 4, rows: 4, depth: 8, colour: 0, lines: Buffer.alloc(67_108_864) });
    const before = process.memoryUsage().arrayBuffers;
    const computed = countComputing();
    assert.throws(() => readPng(bomb), refusal(/damaged/));
    assert.ok(computed() < 500, `${computed()} ms`);
    assert(process.memoryUsage().arrayBuffers - before < 8_388_608);
  });
});

describe('a JPEG', () => {
  it('says in which transfer syntax it goes into an object', () => {
    const uidOf = (marker: number, precision: number, selection?: number): string =>
      readJpeg(jpegHead({ marker, precision }, [], selection)).transferSyntaxUID.slice(
        '1.2.840.10008.1.2.4.'.length,
      );
    assert.equal(uidOf(0xc0, 8), '50');
    assert.equal(uidOf(0xc1, 12), '51');
    assert.equal(uidOf(0xc3, 16, 1), '70');
    assert.equal(uidOf(0xc3, 12, 6), '57');
  });

  it('says its size, and what its colours are', () => {
    const of = (factors: number[], segments: Buffer[], ids?: string): string =>
      readJpeg(jpegHead({ marker: 0xc0, factors, ...(ids && { ids }) }, segments)).photometricInterpretation;
    const { rows, columns, samples } = readJpeg(jpegHead({ marker: 0xc0, rows: 300, columns: 700 }));
    assert.deepEqual([rows, columns, samples], [300, 700, 1]);
    assert.equal(of([0x11], []), 'MONOCHROME2');
    assert.equal(of([0x21, 0x11, 0x11], [jfif]), 'YBR_FULL_422');
    assert.equal(of([0x22, 0x11, 0x11], []), 'YBR_FULL_422');
    assert.equal(of([0x11, 0x11, 0x11], [jfif]), 'YBR_FULL_422');
    const lossless = jpegHead({ marker: 0xc3, factors: [0x11, 0x11, 0x11] }, [jfif]);
    assert.equal(readJpeg(lossless).photometricInterpretation, 'YBR_FULL');
    assert.equal(of([0x11, 0x11, 0x11], [adobe(0)]), 'RGB');
    assert.equal(of([0x11, 0x11, 0x11], [adobe(1)]), 'YBR_FULL_422');
    assert.equal(of([0x11, 0x11, 0x11], [], 'RGB'), 'RGB');
  });

  it('says whether it is to be shown turned', () => {
    const exif = (order: 'II' | 'MM', orientation: number, entries = 1): Buffer => {
      const tiff = Buffer.alloc(8 + 2 + 12);
      const write = (value: number, at: number, bytes: number): unknown =>
        order === 'II' ? tiff.writeUIntLE(value, at, bytes) : tiff.writeUIntBE(value, at, bytes);
      tiff.write(order, 'latin1');
      write(42, 2, 2);
      write(8, 4, 4);
      write(entries, 8, 2);
      write(0x0112, 10, 2);
      write(3, 12, 2);
      write(1, 14, 4);
      write(orientation, 18, 2);
      const body = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff]);
      return Buffer.concat([Buffer.from([0xff, 0xe1, 0, body.length + 2]), body]);
    };
    const of = (...segments: Buffer[]): number => readJpeg(jpegHead({ marker: 0xc0 }, segments)).orientation;
    assert.equal(of(), 1);
    assert.equal(of(jfif, exif('MM', 6)), 6);
    assert.equal(of(exif('II', 3)), 3);
    // A directory that says that it is longer than it is.
    const cut = exif('II', 3, 65_535);
    cut.writeUInt16LE(0x0100, 20);
    assert.equal(of(cut), 1);
    assert.equal(of(Buffer.from([0xff, 0xe1, 0, 8, ...Buffer.from('Exif\0\0')])), 1);
    const turned = recipeWarnings('secondary-capture', jpegHead({ marker: 0xc0 }, [exif('MM', 6)]));
    assert.deepEqual(
      turned.map(({ code }) => code),
      ['picture-turned'],
    );
    assert.deepEqual(recipeWarnings('secondary-capture', jpegHead({ marker: 0xc0 }, [exif('MM', 1)])), []);
    assert.deepEqual(recipeWarnings('secondary-capture', greyPng(2, 2)), []);
  });

  it('is refused where DICOM has no transfer syntax for it, or it is damaged', () => {
    assert.throws(() => readJpeg(jpegHead({ marker: 0xc2 })), refusal(/progressive/));
    assert.throws(() => readJpeg(jpegHead({ marker: 0xc9 })), refusal(/this process/));
    assert.throws(() => readJpeg(jpegHead({ marker: 0xf7 })), refusal(/JPEG-LS/));
    assert.throws(
      () => readJpeg(jpegHead({ marker: 0xc0, factors: [17, 17, 17, 17] })),
      refusal(/4 components/),
    );
    assert.throws(() => readJpeg(jpegHead({ marker: 0xc0, rows: 0 })), refusal(/size first/));
    const whole = jpegHead({ marker: 0xc0 }, [jfif]);
    for (let length = 2; length < whole.length; length += 1)
      assert.throws(() => readJpeg(whole.subarray(0, length)), refusal(/damaged/), `${length} bytes`);
  });
});
