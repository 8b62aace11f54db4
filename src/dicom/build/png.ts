import { crc32, inflateSync } from 'node:zlib';
import { beat } from '../../basics';
import { cannotBuild } from './build-errors';

/** Pixels of 8 bits a sample, row by row, from the top. */
export interface Pixels {
  readonly rows: number;
  readonly columns: number;
  /** 1: grey; 3: red, green, blue. */
  readonly samples: 1 | 3;
  readonly data: Buffer;
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const LENGTH_AND_TYPE = 8;
const CHUNK_FRAME = 12;
const HEADER_BYTES = 13;
/** Rows and Columns are of 16 bits. */
const MOST_ACROSS = 65_535;
/** Bytes that a picture may have without compression. */
const MOST_BYTES = 268_435_456;

/** Samples of a pixel by the type of colour, with alpha. */
const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const PALETTE = 3;
const DEPTHS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8],
  2: [8],
  3: [1, 2, 4, 8],
  4: [8],
  6: [8],
};

interface Header {
  readonly columns: number;
  readonly rows: number;
  readonly depth: number;
  readonly colour: number;
}

/** Is it a PNG, by its first bytes? */
export function isPng(bytes: Buffer): boolean {
  return bytes.subarray(0, SIGNATURE.length).equals(SIGNATURE);
}

/**
 * The pixels of a PNG (ISO/IEC 15948), as grey or RGB of 8 bits; what is transparent is put on white. Memory and time: linear
 * in what its header says, which is limited.
 * @throws DicomError `cannot-build`: damaged, larger than limits, interlaced, or of 16 bits
 */
export function readPng(bytes: Buffer): Pixels {
  const chunks = chunksOf(bytes);
  const header = headerOf(chunks.get('IHDR')?.[0]);
  const samples = SAMPLES[header.colour] ?? 1;
  const rowBytes = Math.ceil((header.columns * samples * header.depth) / 8);
  const size = (rowBytes + 1) * header.rows;
  if (size > MOST_BYTES) throw cannotBuild(`the PNG has more than ${MOST_BYTES} bytes of pixels`);
  const lines = inflated(Buffer.concat(chunks.get('IDAT') ?? []), size);
  unfilter(lines, rowBytes, header.rows, Math.max(1, (samples * header.depth) >> 3));
  return pixelsOf(lines, rowBytes, header, chunks.get('PLTE')?.[0], chunks.get('tRNS')?.[0]);
}

/** By type, in order, up to the end; each is checked. */
function chunksOf(bytes: Buffer): Map<string, Buffer[]> {
  const chunks = new Map<string, Buffer[]>();
  for (let at = SIGNATURE.length; at + CHUNK_FRAME <= bytes.length;) {
    const length = bytes.readUInt32BE(at);
    const end = at + LENGTH_AND_TYPE + length;
    if (end + 4 > bytes.length) break;
    if (crc32(bytes.subarray(at + 4, end)) !== bytes.readUInt32BE(end)) throw damaged();
    const type = bytes.toString('latin1', at + 4, at + LENGTH_AND_TYPE);
    if (type === 'IEND') return chunks;
    const data = bytes.subarray(at + LENGTH_AND_TYPE, end);
    const others = chunks.get(type);
    if (others === undefined) chunks.set(type, [data]);
    else others.push(data);
    at = end + 4;
  }
  throw damaged();
}

function damaged(): Error {
  return cannotBuild('the PNG is damaged or incomplete');
}

function headerOf(chunk: Buffer | undefined): Header {
  if (chunk?.length !== HEADER_BYTES) throw damaged();
  const [depth = 0, colour = 0, , , interlace] = chunk.subarray(8);
  const header = { columns: chunk.readUInt32BE(0), rows: chunk.readUInt32BE(4), depth, colour };
  if (depth === 16) throw cannotBuild('the PNG has 16 bits a sample; save it with 8 bits');
  if (interlace !== 0) throw cannotBuild('the PNG is interlaced; save it without interlacing');
  if (DEPTHS[colour]?.includes(depth) !== true || header.columns === 0 || header.rows === 0) throw damaged();
  if (header.columns > MOST_ACROSS || header.rows > MOST_ACROSS)
    throw cannotBuild(`the PNG has more than ${MOST_ACROSS} rows or columns`);
  return header;
}

/** No more than it should be. */
function inflated(data: Buffer, size: number): Buffer {
  try {
    const lines = inflateSync(data, { maxOutputLength: size });
    if (lines.length === size) return lines;
  } catch {
    // Whatever zlib says of it: there are not these pixels in it.
    throw damaged();
  }
  throw damaged();
}

/** Undoes the filter of each line in place (ISO/IEC 15948 9). A line is its filter's number and its bytes. */
function unfilter(lines: Buffer, rowBytes: number, rows: number, pixel: number): void {
  for (let row = 0; row < rows; row += 1) {
    const start = row * (rowBytes + 1) + 1;
    const above = start - rowBytes - 1;
    const filter = lines[start - 1] ?? 0;
    beat();
    if (filter > 4) throw damaged();
    if (filter === 0) continue;
    for (let at = 0; at < rowBytes; at += 1) {
      const left = at < pixel ? 0 : (lines[start + at - pixel] ?? 0);
      const up = row === 0 ? 0 : (lines[above + at] ?? 0);
      const upLeft = row === 0 || at < pixel ? 0 : (lines[above + at - pixel] ?? 0);
      lines[start + at] = (lines[start + at] ?? 0) + predicted(filter, left, up, upLeft);
    }
  }
}

function predicted(filter: number, left: number, up: number, upLeft: number): number {
  switch (filter) {
    case 1:
      return left;
    case 2:
      return up;
    case 3:
      return (left + up) >> 1;
    default:
      return paeth(left, up, upLeft);
  }
}

function paeth(left: number, up: number, upLeft: number): number {
  const estimate = left + up - upLeft;
  const [toLeft, toUp, toUpLeft] = [
    Math.abs(estimate - left),
    Math.abs(estimate - up),
    Math.abs(estimate - upLeft),
  ];
  if (toLeft <= toUp && toLeft <= toUpLeft) return left;
  return toUp <= toUpLeft ? up : upLeft;
}

function pixelsOf(
  lines: Buffer,
  rowBytes: number,
  { columns, rows, depth, colour }: Header,
  palette: Buffer | undefined,
  transparent: Buffer | undefined,
): Pixels {
  const isGrey = colour === 0 || colour === 4;
  const samples = isGrey ? 1 : 3;
  const sent = SAMPLES[colour] ?? 1;
  const hasAlpha = colour === 4 || colour === 6;
  if (colour === PALETTE && palette === undefined) throw damaged();
  if (columns * rows * samples > MOST_BYTES)
    throw cannotBuild(`the PNG has more than ${MOST_BYTES} bytes of pixels`);
  const data = Buffer.allocUnsafe(columns * rows * samples);
  const scale = isGrey ? 255 / (2 ** depth - 1) : 1;
  const key = colour === 0 || colour === 2 ? keyOf(transparent, sent) : undefined;
  let to = 0;
  for (let row = 0; row < rows; row += 1) {
    const start = row * (rowBytes + 1) + 1;
    beat();
    for (let column = 0; column < columns; column += 1) {
      const first = sampleAt(lines, start, column * sent, depth);
      const alpha = hasAlpha
        ? (lines[start + column * sent + sent - 1] ?? 255)
        : colour === PALETTE
          ? (transparent?.[first] ?? 255)
          : key !== undefined && isKey(key, first, lines, start + column * sent)
            ? 0
            : 255;
      for (let sample = 0; sample < samples; sample += 1) {
        const value =
          colour === PALETTE
            ? (palette?.[first * 3 + sample] ?? 0)
            : sample === 0
              ? first * scale
              : (lines[start + column * sent + sample] ?? 0);
        data[to] = alpha === 255 ? value : Math.round((value * alpha + 255 * (255 - alpha)) / 255);
        to += 1;
      }
    }
  }
  return { rows, columns, samples, data };
}

/** The one grey or colour that is transparent (ISO/IEC 15948 11.3.2.1), of 16 bits a sample. Undefined: none is. */
function keyOf(chunk: Buffer | undefined, samples: number): number[] | undefined {
  if (chunk === undefined) return undefined;
  if (chunk.length !== 2 * samples) throw damaged();
  return Array.from({ length: samples }, (_, sample) => chunk.readUInt16BE(2 * sample));
}

/** @param at where the samples are that follow the first one, of 8 bits each */
function isKey(key: readonly number[], first: number, lines: Buffer, at: number): boolean {
  return first === key[0] && key.every((value, sample) => sample === 0 || value === lines[at + sample]);
}

function sampleAt(lines: Buffer, start: number, index: number, depth: number): number {
  if (depth === 8) return lines[start + index] ?? 0;
  const bit = index * depth;
  return ((lines[start + (bit >> 3)] ?? 0) >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
}
