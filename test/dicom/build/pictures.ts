import { crc32, deflateSync } from 'node:zlib';

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(named), 4);
  return Buffer.concat([frame.subarray(0, 4), named, frame.subarray(4)]);
}

export interface PngParts {
  columns: number;
  rows: number;
  depth: number;
  colour: number;
  interlace?: number;
  /** Each with its filter's number first. */
  lines: Buffer;
  palette?: Buffer;
  transparency?: Buffer;
}

/** A PNG of lines that are filtered already. */
export function png({
  columns,
  rows,
  depth,
  colour,
  interlace = 0,
  lines,
  palette,
  transparency,
}: PngParts): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(columns, 0);
  header.writeUInt32BE(rows, 4);
  header.set([depth, colour, 0, 0, interlace], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    ...(palette === undefined ? [] : [chunk('PLTE', palette)]),
    ...(transparency === undefined ? [] : [chunk('tRNS', transparency)]),
    chunk('IDAT', deflateSync(lines)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** A small grey picture without filters. */
export function greyPng(columns: number, rows: number): Buffer {
  const lines = Buffer.alloc((columns + 1) * rows);
  for (let row = 0; row < rows; row += 1)
    for (let column = 0; column < columns; column += 1)
      lines[row * (columns + 1) + 1 + column] = (row * 7 + column) & 255;
  return png({ columns, rows, depth: 8, colour: 0, lines });
}

/** The beginning and the end of a JPEG, with this start of frame; no picture software would show it. */
export function jpegHead(
  frame: {
    marker: number;
    precision?: number;
    rows?: number;
    columns?: number;
    factors?: number[];
    ids?: string;
  },
  segments: Buffer[] = [],
  selection = 1,
): Buffer {
  const {
    marker,
    precision = 8,
    rows = 16,
    columns = 24,
    factors = [0x11],
    ids = '\u0001\u0002\u0003\u0004',
  } = frame;
  const components = factors.flatMap((factor, index) => [ids.charCodeAt(index), factor, 0]);
  const sof = Buffer.from([
    0xff,
    marker,
    0,
    8 + components.length,
    precision,
    rows >> 8,
    rows & 255,
    columns >> 8,
    columns & 255,
    factors.length,
    ...components,
  ]);
  const scan = factors.flatMap((_, index) => [ids.charCodeAt(index), 0]);
  const sos = Buffer.from([0xff, 0xda, 0, 6 + scan.length, factors.length, ...scan, selection, 0, 0]);
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    ...segments,
    sof,
    sos,
    Buffer.from([1, 2, 3, 0xff, 0xd9]),
  ]);
}

export const jfif = Buffer.from([0xff, 0xe0, 0, 16, ...Buffer.from('JFIF\0'), 1, 1, 0, 0, 1, 0, 1, 0, 0]);
export const adobe = (transform: number): Buffer =>
  Buffer.from([0xff, 0xee, 0, 14, ...Buffer.from('Adobe'), 0, 100, 0, 0, 0, 0, transform]);

/** A PDF that readers show: one empty page. */
export const PDF = Buffer.from(
  '%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj 3 0 obj<</Type/Page/MediaBox[0 0 99 99]/Parent 2 0 R>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF',
);
