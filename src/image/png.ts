import { constants, crc32, deflateSync } from 'node:zlib';
import type { Raster } from './raster';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const GREY = 0;
const RGB = 2;
const PALETTE = 3;
/** Each byte as it is, or as its difference from the same sample of the pixel before it (ISO/IEC 15948 9.2). */
const NONE = 0;
const SUB = 1;
/**
 * Of zlib, looks for repetitions of one byte only: behind differences pictures are as small as with all that zlib can, in a third of the
 * time.
 */
const STRATEGY = constants.Z_RLE;

/** A picture as PNG (ISO/IEC 15948), with nothing in it but the pixels. */
export function encodePng({ width, height, channels, data, palette }: Raster): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, palette !== undefined ? PALETTE : channels === 1 ? GREY : RGB, 0, 0, 0], 8);
  // Numbers of a palette that are near each other need not be near colours.
  const lines =
    palette === undefined
      ? differences(data, width * channels, height, channels)
      : unfiltered(data, width, height);
  const pixels = deflateSync(lines, { strategy: STRATEGY });
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    ...(palette === undefined ? [] : [chunk('PLTE', palette)]),
    chunk('IDAT', pixels),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function unfiltered(data: Uint8Array, rowBytes: number, rows: number): Buffer {
  const lines = Buffer.allocUnsafeSlow((rowBytes + 1) * rows);
  for (let row = 0; row < rows; row += 1) {
    lines[row * (rowBytes + 1)] = NONE;
    lines.set(data.subarray(row * rowBytes, (row + 1) * rowBytes), row * (rowBytes + 1) + 1);
  }
  return lines;
}

function differences(data: Uint8Array, rowBytes: number, rows: number, channels: number): Buffer {
  const lines = Buffer.allocUnsafeSlow((rowBytes + 1) * rows);
  for (let row = 0, to = 0, from = 0; row < rows; row += 1) {
    lines[to] = SUB;
    to += 1;
    const end = from + rowBytes;
    for (const second = from + channels; from < second; from += 1, to += 1) lines[to] = data[from] ?? 0;
    for (; from < end; from += 1, to += 1) lines[to] = (data[from] ?? 0) - (data[from - channels] ?? 0);
  }
  return lines;
}

function chunk(type: string, data: Uint8Array): Buffer {
  const bytes = Buffer.alloc(12 + data.length);
  bytes.writeUInt32BE(data.length, 0);
  bytes.write(type, 4, 'latin1');
  bytes.set(data, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + data.length)), 8 + data.length);
  return bytes;
}
