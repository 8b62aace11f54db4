import { crc32, deflateSync } from 'node:zlib';
import type { Raster } from './raster';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const GREY = 0;
const RGB = 2;
/** Each byte as its difference from the one above (ISO/IEC 15948 9.2). */
const UP = 2;
/** Of zlib: higher levels gain some percent, and take twice the time. */
const LEVEL = 4;

/** A picture as PNG (ISO/IEC 15948), with nothing in it but the pixels. */
export function encodePng({ width, height, channels, data }: Raster): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, channels === 1 ? GREY : RGB, 0, 0, 0], 8);
  const pixels = deflateSync(filtered(data, width * channels, height), { level: LEVEL });
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', pixels),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function filtered(data: Uint8Array, rowBytes: number, rows: number): Buffer {
  const lines = Buffer.allocUnsafeSlow((rowBytes + 1) * rows);
  for (let row = 0, to = 0, from = 0; row < rows; row += 1) {
    lines[to] = UP;
    to += 1;
    for (let at = 0; at < rowBytes; at += 1, from += 1, to += 1)
      lines[to] = (data[from] ?? 0) - (row === 0 ? 0 : (data[from - rowBytes] ?? 0));
  }
  return lines;
}

function chunk(type: string, data: Buffer): Buffer {
  const bytes = Buffer.alloc(12 + data.length);
  bytes.writeUInt32BE(data.length, 0);
  bytes.write(type, 4, 'latin1');
  data.copy(bytes, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + data.length)), 8 + data.length);
  return bytes;
}
