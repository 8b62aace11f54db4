import { endianness } from 'node:os';
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
const WITH_REPETITIONS = constants.Z_RLE;
/** Looks for none: a fifth faster, and as small where there are few. */
const WITHOUT_REPETITIONS = constants.Z_HUFFMAN_ONLY;
/** Shorter repetitions save nothing. */
const LONG_REPETITION = 16;
/** There are few when less than this part of the bytes is in long ones. */
const FEW = 1 / 16;
/** They are counted in one row of this many. */
const COUNTED_ROWS = 16;
/** Of zlib, in bytes. In one piece as large as all of it, which it does not become, compressing takes a twentieth less time than in many. */
const LEAST_CHUNK = 64;
/** Rows are filtered in pieces of about this size. */
const BAND_BYTES = 32_768;
/** The highest bit of each of four bytes. */
const HIGHEST = 0x80808080;
const IS_LITTLE_ENDIAN = endianness() === 'LE';

/** A picture as PNG (ISO/IEC 15948), with nothing in it but the pixels. */
export function encodePng({ width, height, channels, data, palette }: Raster): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, palette !== undefined ? PALETTE : channels === 1 ? GREY : RGB, 0, 0, 0], 8);
  const rowBytes = width * channels;
  // Numbers of a palette that are near each other need not be near colours.
  const lines =
    palette === undefined
      ? differences(data, rowBytes, height, channels)
      : unfiltered(data, rowBytes, height);
  const strategy = hasRepetitions(lines, rowBytes + 1) ? WITH_REPETITIONS : WITHOUT_REPETITIONS;
  return Buffer.concat([
    SIGNATURE,
    ...chunk('IHDR', header),
    ...(palette === undefined ? [] : chunk('PLTE', palette)),
    ...chunk('IDAT', deflateSync(lines, { strategy, chunkSize: Math.max(LEAST_CHUNK, lines.length) })),
    ...chunk('IEND', Buffer.alloc(0)),
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

function differences(data: Uint8Array, rowBytes: number, rows: number, channels: 1 | 3): Buffer {
  const lines = Buffer.allocUnsafeSlow((rowBytes + 1) * rows);
  // A multiple of four rows is one of four bytes.
  const band = 4 * Math.ceil(BAND_BYTES / (4 * rowBytes));
  const memory = new Uint32Array((band * rowBytes) / 4);
  for (let first = 0, to = 0; first < rows; first += band) {
    const pixels = data.subarray(first * rowBytes, Math.min(first + band, rows) * rowBytes);
    const differing = fromLeft(pixels, channels, memory);
    for (let from = 0; from < pixels.length; from += rowBytes, to += rowBytes + 1) {
      lines[to] = SUB;
      lines.set(differing.subarray(from, from + rowBytes), to + 1);
      // Nothing is left of the first pixel of a row.
      lines.set(pixels.subarray(from, from + channels), to + 1);
    }
  }
  return lines;
}

/** Differences of bytes from those `channels` before them, of four bytes at a time: in a third of the time. */
function fromLeft(bytes: Uint8Array, channels: 1 | 3, memory: Uint32Array<ArrayBuffer>): Uint8Array {
  const differing = new Uint8Array(memory.buffer, 0, bytes.length);
  const { buffer, byteOffset, length } = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  const words = new Uint32Array(buffer, byteOffset, length >>> 2);
  const near = 8 * channels;
  const far = 32 - near;
  for (let at = 0, before = 0; at < words.length; at += 1) {
    const word = words[at] ?? 0;
    const left = IS_LITTLE_ENDIAN ? (before >>> far) | (word << near) : (before << far) | (word >>> near);
    // The highest bit of each byte keeps the borrow of the others within it, and is itself put right then.
    memory[at] = ((word | HIGHEST) - (left & ~HIGHEST)) ^ ((word ^ ~left) & HIGHEST);
    before = word;
  }
  for (let at = 4 * words.length; at < length; at += 1)
    differing[at] = (bytes[at] ?? 0) - (bytes[at - channels] ?? 0);
  return differing;
}

function hasRepetitions(lines: Buffer, lineBytes: number): boolean {
  let [counted, repeated] = [0, 0];
  for (let start = 0; start < lines.length; start += COUNTED_ROWS * lineBytes) {
    const end = start + lineBytes;
    counted += lineBytes;
    for (let at = start + 1, same = 1; at <= end; at += 1, same += 1) {
      if (at < end && lines[at] === lines[at - 1]) continue;
      if (same >= LONG_REPETITION) repeated += same;
      same = 0;
    }
  }
  return repeated >= FEW * counted;
}

/** A chunk, in parts. */
function chunk(type: string, data: Uint8Array): [head: Buffer, data: Uint8Array, checksum: Buffer] {
  const [head, checksum] = [Buffer.alloc(8), Buffer.alloc(4)];
  head.writeUInt32BE(data.length, 0);
  head.write(type, 4, 'latin1');
  checksum.writeUInt32BE(crc32(data, crc32(head.subarray(4))), 0);
  return [head, data, checksum];
}
