import { type ByteSource, type DataSet, type Element, textOf, VR } from '../dicom';
import { bytesOf, numberIn, numbersIn } from './attributes';
import { swapped } from './cells';
import type { Frame } from './frame';
import { MOST_PIXELS } from './frame-reader';
import type { Raster } from './raster';

/** Groups of overlay planes: (6000,xxxx) to (601E,xxxx) (PS3.3 C.9.2). */
const FIRST_GROUP = 0x6000;
const MOST_PLANES = 16;
const ROWS = 0x0010;
const COLUMNS = 0x0011;
const FRAMES = 0x0015;
const ORIGIN = 0x0050;
const FRAME_ORIGIN = 0x0051;
const BITS_ALLOCATED = 0x0100;
const BIT_POSITION = 0x0102;
const DATA = 0x3000;
const TYPE = 0x0040;
const WHITE = 0xff;
const WORD_BYTES = 2;
const WORD_BITS = 16;

/** Draws what the object's overlay planes have for a frame, in white. What of a plane cannot be read is not drawn. */
export function drawOverlays(
  raster: Raster,
  frame: Frame,
  root: DataSet,
  number: number,
  source: ByteSource,
): void {
  for (let plane = 0; plane < MOST_PLANES; plane += 1) {
    const tag = (element: number): number => (FIRST_GROUP + plane * 2) * 0x10000 + element;
    if (textOf(root, tag(TYPE)) === undefined && root.find(tag(DATA)) === undefined) continue;
    const isSet = root.find(tag(DATA))
      ? planeOf(root, tag, number, source)
      : embeddedPlane(frame, numberIn(root, tag(BITS_ALLOCATED)), numberIn(root, tag(BIT_POSITION)));
    const [rows = 0, columns = 0] = [numberIn(root, tag(ROWS)), numberIn(root, tag(COLUMNS))];
    const [top = 1, left = 1] = numbersIn(root, tag(ORIGIN));
    if (isSet !== undefined) draw(raster, { rows, columns, top: top - 1, left: left - 1 }, isSet);
  }
}

/** @returns whether a point is set, by its number in the plane; undefined: there is nothing for this frame */
function planeOf(
  root: DataSet,
  tag: (element: number) => number,
  number: number,
  source: ByteSource,
): ((point: number) => boolean) | undefined {
  const data = root.find(tag(DATA));
  const points = (numberIn(root, tag(ROWS)) ?? 0) * (numberIn(root, tag(COLUMNS)) ?? 0);
  const frames = numberIn(root, tag(FRAMES));
  // Without a number of frames it is for all of them.
  const own = frames === undefined ? 0 : number + 1 - (numberIn(root, tag(FRAME_ORIGIN)) ?? 1);
  if (data === undefined || own < 0 || own >= (frames ?? 1) || points > MOST_PIXELS) return undefined;
  const first = own * points;
  const from = Math.floor(first / WORD_BITS) * WORD_BYTES;
  const length = Math.ceil((first + points) / WORD_BITS) * WORD_BYTES - from;
  const bytes = bitsIn(data, source, from, length);
  const skipped = first - from * 8;
  if (bytes.length * 8 < skipped + points) return undefined;
  return (point) => (((bytes[(skipped + point) >> 3] ?? 0) >> ((skipped + point) & 7)) & 1) === 1;
}

function bitsIn(element: Element, source: ByteSource, from: number, length: number): Buffer {
  const bytes = bytesOf(element, source, length, from);
  return element.bigEndian && element.vr === VR.OW ? swapped(Buffer.from(bytes), WORD_BYTES) : bytes;
}

/** Bits of the pixel cells that are not the pixels' (retired). */
function embeddedPlane(
  { cells, bits, samples }: Frame,
  allocated: number | undefined,
  position: number | undefined,
): ((point: number) => boolean) | undefined {
  if (bits === undefined || samples !== 1 || position === undefined || allocated === undefined)
    return undefined;
  if (allocated !== cells.BYTES_PER_ELEMENT * 8 || position >= allocated) return undefined;
  const isOfPixels = position <= bits.high && position > bits.high - bits.stored;
  return isOfPixels ? undefined : (point) => Math.floor((cells[point] ?? 0) / 2 ** position) % 2 === 1;
}

function draw(
  { width, height, channels, data }: Raster,
  plane: { rows: number; columns: number; top: number; left: number },
  isSet: (point: number) => boolean,
): void {
  const { rows, columns, top, left } = plane;
  const [firstRow, firstColumn] = [Math.max(0, -top), Math.max(0, -left)];
  const [endRow, endColumn] = [Math.min(rows, height - top), Math.min(columns, width - left)];
  for (let row = firstRow; row < endRow; row += 1)
    for (let column = firstColumn; column < endColumn; column += 1) {
      if (!isSet(row * columns + column)) continue;
      const at = ((row + top) * width + column + left) * channels;
      data.fill(WHITE, at, at + channels);
    }
}
