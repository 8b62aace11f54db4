import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { constants, deflateSync, inflateSync } from 'node:zlib';
import { readPng } from '../../src/dicom/build/png';
import { encodePng } from '../../src/image/png';
import type { Raster } from '../../src/image/raster';

type Shape = Pick<Raster, 'width' | 'height' | 'channels'>;

/** The same each time, without any order. */
function noise(length: number, most = 256): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return (state >>> 16) % most;
  });
}

const noisy = (shape: Shape, most?: number): Raster => ({
  ...shape,
  data: noise(shape.width * shape.height * shape.channels, most),
});

/** What zlib made of the rows, and the rows. */
function pixelsOf(png: Buffer): { packed: Buffer; lines: Buffer } {
  const at = png.indexOf('IDAT');
  const packed = png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4));
  return { packed, lines: inflateSync(packed) };
}

describe('a picture as PNG', () => {
  it('has the pixels that it is of, whatever its width and height', () => {
    for (const channels of [1, 3] as const)
      for (let width = 1; width <= 9; width += 1)
        for (const height of [1, 2, 3, 5, 8]) {
          const raster = noisy({ width, height, channels });
          assert.deepEqual(
            [...readPng(encodePng(raster)).data],
            [...raster.data],
            `${width} × ${height} × ${channels}`,
          );
        }
  });

  it('has them where they begin anywhere in memory, and in pieces that are filtered one after the other', () => {
    for (const shape of [
      { width: 1_365, height: 99, channels: 3 },
      { width: 40_001, height: 7, channels: 1 },
    ] as const) {
      const raster = noisy(shape);
      const moved = new Uint8Array(raster.data.length + 1);
      moved.set(raster.data, 1);
      for (const data of [raster.data, moved.subarray(1), Buffer.from(moved.buffer, 1)])
        assert.ok(Buffer.from(readPng(encodePng({ ...raster, data })).data).equals(raster.data));
    }
  });

  it('is looked through for repetitions only where there are some', () => {
    const shape = { width: 200, height: 64, channels: 3 } as const;
    const few = pixelsOf(encodePng(noisy(shape, 4)));
    assert.ok(few.packed.equals(deflateSync(few.lines, { strategy: constants.Z_HUFFMAN_ONLY })));
    const { data } = noisy(shape, 4);
    // A tenth of each row is black.
    data.forEach((_, at) => {
      if (at % 600 < 60) data[at] = 0;
    });
    const some = pixelsOf(encodePng({ ...shape, data }));
    assert.ok(some.packed.equals(deflateSync(some.lines, { strategy: constants.Z_RLE })));
  });

  it('has numbers of a palette as they are', () => {
    const raster = { ...noisy({ width: 7, height: 5, channels: 1 }), palette: noise(768) };
    assert.deepEqual(
      [...pixelsOf(encodePng(raster)).lines],
      Array.from({ length: 5 }, (_, row) => [0, ...raster.data.subarray(row * 7, row * 7 + 7)]).flat(),
    );
  });
});
