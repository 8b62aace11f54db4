import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { element, item, us } from '../dicom/support/encode';
import { even, nativeObject, values } from './image-object';

const words = (...numbers: number[]): Buffer => {
  const bytes = Buffer.alloc(numbers.length * 2);
  numbers.forEach((number, index) => bytes.writeInt16LE((number << 16) >> 16, index * 2));
  return bytes;
};
const ds = (tag: number, ...numbers: number[]): Buffer => element(tag, 'DS', even(numbers.join('\\')));
const cs = (tag: number, text: string): Buffer => element(tag, 'CS', even(text));
const sq = (tag: number, ...items: Buffer[]): Buffer => element(tag, 'SQ', Buffer.concat(items));
const grey = (pixels: number[], others: Buffer[] = [], more = {}): Buffer =>
  nativeObject({ columns: pixels.length, signed: true, ...more }, words(...pixels), others);
const window = (center: number, width: number, shape?: string): Buffer[] => [
  ds(0x00281050, center),
  ds(0x00281051, width),
  ...(shape === undefined ? [] : [cs(0x00281056, shape)]),
];
const lut = (first: number, bits: number, entries: number[]): Buffer =>
  item(
    element(0x00283002, 'US', us(entries.length, first & 0xffff, bits)),
    element(0x00283006, 'OW', us(...entries)),
  );

describe('a picture of a grey image', () => {
  it('has the window of the object: linear, linear exact, sigmoid (PS3.3 C.11.2.1.2, C.11.2.1.3)', async () => {
    const pixels = [-1000, -160, -60, 40, 140, 240, 1000];
    const linear = (value: number): number =>
      Math.round(Math.min(1, Math.max(0, (value - 39.5) / 399 + 0.5)) * 255);
    assert.deepEqual(await values(grey(pixels, window(40, 400))), pixels.map(linear));
    const exact = (value: number): number =>
      Math.round(Math.min(1, Math.max(0, (value - 40) / 400 + 0.5)) * 255);
    assert.deepEqual(await values(grey(pixels, window(40, 400, 'LINEAR_EXACT'))), pixels.map(exact));
    const sigmoid = (value: number): number => Math.round(255 / (1 + Math.exp((-4 * (value - 40)) / 400)));
    assert.deepEqual(await values(grey(pixels, window(40, 400, 'SIGMOID'))), pixels.map(sigmoid));
    assert.deepEqual(await values(grey([9, 10, 11], window(10.5, 1))), [0, 0, 255]);
  });

  it('has the first of several windows', async () => {
    const both = [ds(0x00281050, 100, 0), ds(0x00281051, 2, 5000)];
    assert.deepEqual(await values(grey([0, 99, 100, 200], both)), [0, 0, 255, 255]);
  });

  it('has a window that was given, or of all but a hundredth at each end', async () => {
    const pixels = Array.from({ length: 200 }, (_, index) => index);
    pixels[0] = -30_000;
    pixels[199] = 30_000;
    const given = await values(grey([0, 50, 100], window(1, 2)), {
      window: { kind: 'given', center: 50.5, width: 101 },
    });
    assert.deepEqual(given, [0, 128, 255]);
    const [first, second, , ...rest] = await values(grey(pixels), { window: { kind: 'percentile' } });
    assert.deepEqual([first, second, rest.at(-1), rest.at(-2)], [0, 0, 255, 255]);
    assert.ok((rest[97] ?? 0) > 120 && (rest[97] ?? 0) < 136);
  });

  it('has all values that are there, without padding, where the object says nothing', async () => {
    assert.deepEqual(await values(grey([-1000, 0, 1000])), [0, 128, 255]);
    const padding = [element(0x00280120, 'SS', words(-2000))];
    assert.deepEqual(await values(grey([-2000, -1000, 0, 1000], padding)), [0, 0, 128, 255]);
    const range = [...padding, element(0x00280121, 'SS', words(-1900))];
    assert.deepEqual(await values(grey([-1950, -1000, 0, 1000], range)), [0, 0, 128, 255]);
    const unsigned = [element(0x00280120, 'US', us(0xf830))];
    assert.deepEqual(await values(grey([-2000, -1000, 1000], unsigned)), [0, 0, 255]);
  });

  it('has all values that there can be of 8 bits', async () => {
    const object = nativeObject({ columns: 4, bitsAllocated: 8 }, Buffer.from([10, 20, 100, 255]));
    assert.deepEqual(await values(object), [10, 20, 100, 255]);
  });

  it('is rescaled, or has a Modality LUT, before it has a window', async () => {
    const rescaled = [ds(0x00281052, -1024), ds(0x00281053, 2), ...window(0, 2)];
    assert.deepEqual(await values(grey([511, 513], rescaled)), [0, 255]);
    const table = [sq(0x00283000, lut(10, 16, [0, 1000, 2000])), ...window(1000.5, 2001)];
    assert.deepEqual(await values(grey([0, 10, 11, 12, 50], table)), [0, 0, 128, 255, 255]);
  });

  it('has the first VOI LUT where it has no window, also with entries of 8 bits and negative first values', async () => {
    const table = [sq(0x00283010, lut(-2, 8, [0, 51, 102, 153, 255]), lut(0, 8, [255]))];
    assert.deepEqual(await values(grey([-9, -2, -1, 0, 1, 2, 9], table)), [0, 0, 51, 102, 153, 255, 255]);
    const packed = item(
      element(0x00283002, 'US', us(4, 0, 8)),
      element(0x00283006, 'OW', Buffer.from([0, 100, 200, 255])),
    );
    assert.deepEqual(await values(grey([0, 1, 2, 3], [sq(0x00283010, packed)])), [0, 100, 200, 255]);
  });

  it('has what functional groups say of the frame, else of all frames', async () => {
    const voi = (center: number): Buffer => sq(0x00289132, item(...window(center, 2)));
    const slope = sq(0x00289145, item(ds(0x00281052, 0), ds(0x00281053, 10)));
    const groups = [sq(0x52009229, item(slope, voi(1000))), sq(0x52009230, item(), item(voi(50)))];
    const object = grey([4, 6, 4, 6], groups, { columns: 2, frames: 2 });
    assert.deepEqual(await values(object), [0, 0]);
    assert.deepEqual(await values(object, { frame: 2 }), [0, 255]);
  });

  it('has a VOI LUT that functional groups have for the frame, before a window of the object', async () => {
    const table = sq(0x00289132, item(sq(0x00283010, lut(0, 8, [255, 51]))));
    const groups = [...window(0, 2), sq(0x52009229, item()), sq(0x52009230, item(), item(table))];
    const object = grey([0, 1, 0, 1], groups, { columns: 2, frames: 2 });
    assert.deepEqual(await values(object), [255, 255]);
    assert.deepEqual(await values(object, { frame: 2 }), [255, 51]);
  });

  it('is inverted as MONOCHROME1 or Presentation LUT Shape say', async () => {
    const inverse = { photometric: 'MONOCHROME1' };
    assert.deepEqual(await values(grey([0, 10], [], inverse)), [255, 0]);
    assert.deepEqual(await values(grey([0, 10], [cs(0x20500020, 'INVERSE')])), [255, 0]);
    assert.deepEqual(await values(grey([0, 10], [cs(0x20500020, 'INVERSE')], inverse)), [255, 0]);
    assert.deepEqual(await values(grey([0, 10], [cs(0x20500020, 'IDENTITY')])), [0, 255]);
  });

  for (const bits of [1, 2, 4, 7, 8, 10, 12, 16, 24, 32])
    it(`has the lowest and the highest of ${bits} bits, signed and unsigned, wherever in the cell`, async () => {
      const allocated = bits === 1 ? 1 : bits <= 8 ? 8 : bits <= 16 ? 16 : bits;
      for (const high of [bits - 1, allocated - 1])
        for (const signed of [false, true]) {
          const [least, most] = signed ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
          const image = { columns: 3, bitsAllocated: allocated, bitsStored: bits, highBit: high, signed };
          const cells = [least, most, least].map((value) => cellOf(value, bits, high));
          const object = nativeObject(image, packedCells(cells, allocated));
          const center = (least + most) / 2;
          const given = { kind: 'given', center, width: Math.max(1e-3, most - least - 1e-3) } as const;
          assert.deepEqual(await values(object, { window: given }), [0, 255, 0], JSON.stringify(image));
        }
    });

  it('is of frames that do not begin at a byte', async () => {
    const object = nativeObject({ columns: 3, bitsAllocated: 1, frames: 3 }, Buffer.from([0b10101100, 1]));
    const frames = [
      [0, 0, 255],
      [255, 0, 255],
      [0, 255, 255],
    ];
    for (const [index, frame] of frames.entries())
      assert.deepEqual(await values(object, { frame: index + 1 }), frame);
  });

  it('is of floating point numbers, without what is none', async () => {
    const floats = Buffer.from(Float32Array.of(-0.5, 0, 0.5, NaN).buffer);
    const image = { columns: 4, bitsAllocated: 32, pixelTag: 0x7fe00008 };
    assert.deepEqual(await values(nativeObject(image, floats)), [0, 128, 255, 0]);
    const doubles = Buffer.from(Float64Array.of(1e300, -1e300, 0).buffer);
    const double = { columns: 3, bitsAllocated: 64, pixelTag: 0x7fe00009 };
    assert.deepEqual(
      await values(nativeObject(double, doubles), { window: { kind: 'given', center: 0, width: 3 } }),
      [255, 0, 191],
    );
    assert.deepEqual(await values(nativeObject(image, floats, window(0.25, 0.5))), [0, 0, 255, 0]);
  });
});

function cellOf(value: number, bits: number, high: number): number {
  return (value < 0 ? value + 2 ** bits : value) * 2 ** (high + 1 - bits);
}

/** Cells one after the other, the least significant bit first. */
function packedCells(cells: number[], bits: number): Buffer {
  const bytes = Buffer.alloc(Math.ceil((cells.length * bits) / 8));
  cells.forEach((cell, index) => {
    for (let bit = 0; bit < bits; bit += 1) {
      const at = index * bits + bit;
      if (Math.floor(cell / 2 ** bit) % 2 === 1)
        bytes[Math.floor(at / 8)] = (bytes[Math.floor(at / 8)] ?? 0) | (1 << (at % 8));
    }
  });
  return bytes;
}
