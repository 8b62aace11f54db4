import type { ByteSource, DataSet } from '../dicom';
import { type Frame, storedOf } from './frame';
import { NoPicture } from './no-picture';
import { colourByte, paletteOf } from './palette';
import { colouredBy, type Raster } from './raster';

/** A frame of colours, as it is to be seen. @throws NoPicture where it has others than we know */
export function colourRaster(frame: Frame, root: DataSet, source: ByteSource): Raster {
  const { rows, columns, samples, photometric } = frame;
  if (samples === 1) return paletteRaster(frame, root, source);
  const convert = CONVERSIONS[photometric];
  if (convert === undefined) throw new NoPicture(`its colours are ${printable(photometric)}`);
  const pixels = bytesOf(frame);
  convert(pixels);
  return { width: columns, height: rows, channels: 3, data: new Uint8Array(pixels.buffer) };
}

/** Samples of 8 bits, in memory of their own. */
function bytesOf({ cells, bits }: Frame): Uint8ClampedArray {
  if (cells instanceof Uint8Array && bits?.stored === 8 && !bits.signed) return new Uint8ClampedArray(cells);
  const stored = storedOf(bits);
  const [least, most] = bits === undefined ? [0, 1] : endsOf(bits.stored, bits.signed);
  const factor = 0xff / (most - least);
  const bytes = new Uint8ClampedArray(cells.length);
  for (let index = 0; index < bytes.length; index += 1)
    bytes[index] = (stored(cells[index] ?? 0) - least) * factor;
  return bytes;
}

function endsOf(bits: number, signed: boolean): [number, number] {
  const least = signed ? -(2 ** (bits - 1)) : 0;
  return [least, least + 2 ** bits - 1];
}

function paletteRaster({ rows, columns, cells, bits }: Frame, root: DataSet, source: ByteSource): Raster {
  const palette = paletteOf(root, source);
  if (!(cells instanceof Uint8Array || cells instanceof Uint16Array))
    throw new NoPicture('its palette is for more than 16 bits');
  const stored = storedOf(bits);
  const size = cells instanceof Uint8Array ? 0x100 : 0x10000;
  const table = new Uint8Array(size * 3);
  for (const [channel, lut] of palette.entries())
    for (let cell = 0; cell < size; cell += 1) table[cell * 3 + channel] = colourByte(lut, stored(cell));
  const shape = { width: columns, height: rows };
  return cells instanceof Uint8Array
    ? { ...shape, channels: 1, data: cells, palette: table }
    : { ...shape, channels: 3, data: colouredBy(table, cells) };
}

/** What is written into it is rounded, and is 0 to 255. */
type Convert = (pixels: Uint8ClampedArray) => void;

/** Photometric Interpretation → how RGB is made of it, in place (PS3.3 C.7.6.3.1.2). */
const CONVERSIONS: Readonly<Record<string, Convert>> = {
  RGB: () => undefined,
  YBR_FULL: fromYbrFull,
  YBR_FULL_422: fromYbrFull,
  YBR_ICT: fromYbrFull,
  YBR_RCT: fromYbrRct,
  YBR_PARTIAL_422: fromYbrPartial,
};

function fromYbrFull(pixels: Uint8ClampedArray): void {
  for (let at = 0; at < pixels.length; at += 3) {
    const y = pixels[at] ?? 0;
    const b = (pixels[at + 1] ?? 0) - 128;
    const r = (pixels[at + 2] ?? 0) - 128;
    pixels[at] = y + 1.402 * r;
    pixels[at + 1] = y - 0.344136 * b - 0.714136 * r;
    pixels[at + 2] = y + 1.772 * b;
  }
}

/** ITU-R BT.601: black is 16, white 235; the others go from 16 to 240. */
function fromYbrPartial(pixels: Uint8ClampedArray): void {
  for (let at = 0; at < pixels.length; at += 3) {
    const y = 1.164383 * ((pixels[at] ?? 0) - 16);
    const b = (pixels[at + 1] ?? 0) - 128;
    const r = (pixels[at + 2] ?? 0) - 128;
    pixels[at] = y + 1.596027 * r;
    pixels[at + 1] = y - 0.391762 * b - 0.812968 * r;
    pixels[at + 2] = y + 2.017232 * b;
  }
}

/** Differences need a bit more than 8; where they have none, they are around 128. */
function fromYbrRct(pixels: Uint8ClampedArray): void {
  for (let at = 0; at < pixels.length; at += 3) {
    const b = (pixels[at + 1] ?? 0) - 128;
    const r = (pixels[at + 2] ?? 0) - 128;
    const green = (pixels[at] ?? 0) - ((b + r) >> 2);
    pixels[at] = r + green;
    pixels[at + 1] = green;
    pixels[at + 2] = b + green;
  }
}

const PRINTABLE = /^[A-Z0-9_ ]{1,16}$/;

export function printable(photometric: string): string {
  return PRINTABLE.test(photometric) ? photometric : 'unknown';
}
