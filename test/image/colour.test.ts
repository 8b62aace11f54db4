import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readPng } from '../../src/dicom/build/png';
import { pictures } from '../../src/image/pictures';
import { element, us } from '../dicom/support/encode';
import { AS_IT_IS, nativeObject, shown, values } from './image-object';

const RED = [255, 0, 0];
const BLUE = [0, 0, 255];
const colours = (photometric: string, pixels: number[], more = {}): Buffer =>
  nativeObject({ columns: 2, samples: 3, bitsAllocated: 8, photometric, ...more }, Buffer.from(pixels));

/** Within one grey level: chroma of 8 bits is no more exact. */
function near(actual: number[], expected: number[], by = 1): void {
  assert.equal(actual.length, expected.length);
  actual.forEach((value, index) =>
    assert.ok(Math.abs(value - (expected[index] ?? NaN)) <= by, `${actual.join()} is not ${expected.join()}`),
  );
}

describe('a picture of a colour image', () => {
  it('is of RGB, pixel by pixel or plane by plane', async () => {
    const interleaved = colours('RGB', [...RED, ...BLUE]);
    assert.deepEqual(await values(interleaved), [...RED, ...BLUE]);
    const before = Buffer.from([255, 0, 0, 0, 0, 255]);
    const planes = colours('RGB', [...before], { planar: true });
    assert.deepEqual(await values(planes), [...RED, ...BLUE]);
    // Nothing is turned round in the object itself.
    assert.deepEqual(await values(planes), [...RED, ...BLUE]);
  });

  it('is of 16 bits, or of fewer than 8', async () => {
    const deep = nativeObject({ columns: 1, samples: 3, bitsAllocated: 16 }, us(0xffff, 0x8000, 0));
    assert.deepEqual(await values(deep), [255, 128, 0]);
    const shallow = colours('RGB', [31, 0, 15, 0, 31, 0], { bitsStored: 5 });
    assert.deepEqual(await values(shallow), [255, 0, 123, 0, 255, 0]);
  });

  it('is of YCbCr: full, subsampled, partial, reversible', async () => {
    near(await values(colours('YBR_FULL', [76, 85, 255, 29, 255, 107])), [254, 0, 0, 0, 0, 254]);
    near(await values(colours('YBR_FULL_422', [76, 150, 85, 255])), [254, 0, 0, 255, 74, 74]);
    // Some write all samples, and call them subsampled.
    near(await values(colours('YBR_FULL_422', [76, 85, 255, 29, 255, 107])), [254, 0, 0, 0, 0, 254]);
    near(await values(colours('YBR_PARTIAL_422', [16, 235, 128, 128])), [0, 0, 0, 255, 255, 255]);
    assert.deepEqual(
      await values(colours('YBR_RCT', [100, 128, 128, 50, 138, 148])),
      [100, 100, 100, 63, 43, 53],
    );
    near(await values(colours('YBR_ICT', [76, 85, 255, 29, 255, 107])), [254, 0, 0, 0, 0, 254]);
  });

  const palette = (bits: number, first: number, ...tables: number[][]): Buffer[] =>
    tables.flatMap((table, index) => [
      element(0x00281101 + index, 'US', us(table.length, first, bits)),
      element(0x00281201 + index, 'OW', us(...table)),
    ]);
  const indexed = (pixels: number[], others: Buffer[]): Buffer =>
    nativeObject(
      { columns: pixels.length, bitsAllocated: 8, photometric: 'PALETTE COLOR' },
      Buffer.from(pixels),
      others,
    );

  it('is of palettes of 8 and 16 bits', async () => {
    const deep = palette(16, 10, [0xff00, 0, 0x1234], [0, 0xff00, 0x5678], [0, 0, 0x9abc]);
    assert.deepEqual(
      await values(indexed([0, 10, 11, 12, 200], deep)),
      [255, 0, 0, 255, 0, 0, 0, 255, 0, 0x12, 0x56, 0x9a, 0x12, 0x56, 0x9a],
    );
    const shallow = palette(8, 0, [1, 255], [2, 254], [3, 253]);
    assert.deepEqual(await values(indexed([0, 1], shallow)), [1, 2, 3, 255, 254, 253]);
    // 16 bits are announced, and 8 are meant.
    const wrong = palette(16, 0, [1, 255], [2, 254], [3, 253]);
    assert.deepEqual(await values(indexed([0, 1], wrong)), [1, 2, 3, 255, 254, 253]);
  });

  it('has its palette while every pixel of the frame is there, and colours when it is smaller', async () => {
    const object = indexed([0, 1, 1, 0], palette(8, 0, [10, 20], [30, 40], [50, 60]));
    const given = { place: { kind: 'bytes', bytes: object } } as const;
    const sizes: number[][] = [];
    for (const longestEdge of [0, 2]) {
      const { pictures: made } = await pictures(given, undefined, { ...AS_IT_IS, longestEdge });
      const png = Buffer.from(made[0]?.data ?? []);
      // The type of colours of its header: 3, a palette; 2, RGB.
      sizes.push([png[25] ?? 0, ...readPng(png).data]);
    }
    assert.deepEqual(sizes, [
      [3, 10, 30, 50, 20, 40, 60, 20, 40, 60, 10, 30, 50],
      [2, 15, 35, 55, 15, 35, 55],
    ]);
    const overlay = [
      element(0x60000010, 'US', us(1)),
      element(0x60000011, 'US', us(4)),
      element(0x60000040, 'CS', 'G '),
      element(0x60003000, 'OW', us(0b1000)),
    ];
    const drawn = indexed([0, 1, 1, 0], [...palette(8, 0, [10, 20], [30, 40], [50, 60]), ...overlay]);
    assert.deepEqual((await values(drawn, { overlays: true })).slice(6), [20, 40, 60, 255, 255, 255]);
  });

  it('is of segmented palettes: discrete, linear, indirect (PS3.3 C.7.9.2)', async () => {
    const segments = us(0, 2, 0, 0x4000, 1, 4, 0x8000, 2, 1, 0, 0, 0, 1, 0xff00);
    const others = [0, 1, 2].flatMap((index) => [
      element(0x00281101 + index, 'US', us(9, 0, 16)),
      element(0x00281221 + index, 'OW', segments),
    ]);
    const greys = [0, 0x40, 0x50, 0x60, 0x70, 0x80, 0, 0x40, 0xff];
    const all = greys.map((_, index) => index);
    assert.deepEqual(
      await values(indexed(all, others)),
      greys.flatMap((grey) => [grey, grey, grey]),
    );
  });

  it('is refused where a segmented palette leads nowhere, or round in a circle', async () => {
    const broken = [us(2, 1, 0, 0), us(0, 9, 1), us(1, 3, 5), us(7, 7), us(0, 1, 1, 1, 0xffff, 2)];
    for (const segments of broken) {
      const others = [0, 1, 2].flatMap((index) => [
        element(0x00281101 + index, 'US', us(9, 0, 16)),
        element(0x00281221 + index, 'OW', segments),
      ]);
      await assert.rejects(() => shown(indexed([0], others)), /segmented palette is damaged/);
    }
  });

  it('is refused with the name of colours that are not known', async () => {
    await assert.rejects(() => shown(colours('HSV', [1, 2, 3, 4, 5, 6])), /its colours are HSV/);
    await assert.rejects(() => shown(indexed([0], [])), /no palette/);
  });
});
