import type { ByteSource, DataSet } from '../dicom';
import { type Frame, storedOf } from './frame';
import { NoPicture } from './no-picture';
import { colourByte, paletteOf } from './palette';
import type { Raster } from './raster';

/** A frame of colours, as it is to be seen. @throws NoPicture where it has others than we know */
export function colourRaster(frame: Frame, root: DataSet, source: ByteSource): Raster {
  const { rows, columns, samples, photometric } = frame;
  if (samples === 1) return paletteRaster(frame, root, source);
  const convert = CONVERSIONS[photometric];
  if (convert === undefined) throw new NoPicture(`its colours are ${printable(photometric)}`);
  const data = bytesOf(frame);
  convert(data);
  return { width: columns, height: rows, channels: 3, data };
}

/** Samples of 8 bits, in memory of their own. */
function bytesOf({ cells, bits }: Frame): Uint8Array {
  if (cells instanceof Uint8Array && bits?.stored === 8 && !bits.signed) return Uint8Array.from(cells);
  const stored = storedOf(bits);
  const [least, most] = bits === undefined ? [0, 1] : endsOf(bits.stored, bits.signed);
  const factor = 0xff / (most - least);
  return Uint8Array.from(cells, (cell) => clamped((stored(cell) - least) * factor));
}

function endsOf(bits: number, signed: boolean): [number, number] {
  const least = signed ? -(2 ** (bits - 1)) : 0;
  return [least, least + 2 ** bits - 1];
}

function paletteRaster({ rows, columns, cells, bits }: Frame, root: DataSet, source: ByteSource): Raster {
  const palette = paletteOf(root, source);
  const stored = storedOf(bits);
  const size = cells.BYTES_PER_ELEMENT === 1 ? 0x100 : 0x10000;
  if (cells.BYTES_PER_ELEMENT > 2) throw new NoPicture('its palette is for more than 16 bits');
  const [red, green, blue] = palette;
  const table = new Uint8Array(size * 3);
  for (let cell = 0; cell < size; cell += 1)
    table.set(
      [red, green, blue].map((lut) => colourByte(lut, stored(cell))),
      cell * 3,
    );
  const data = new Uint8Array(cells.length * 3);
  for (let pixel = 0, to = 0; pixel < cells.length; pixel += 1, to += 3) {
    const from = (cells[pixel] ?? 0) * 3;
    data[to] = table[from] ?? 0;
    data[to + 1] = table[from + 1] ?? 0;
    data[to + 2] = table[from + 2] ?? 0;
  }
  return { width: columns, height: rows, channels: 3, data };
}

type Convert = (pixels: Uint8Array) => void;

/** Photometric Interpretation → how RGB is made of it, in place (PS3.3 C.7.6.3.1.2). */
const CONVERSIONS: Readonly<Record<string, Convert>> = {
  RGB: () => undefined,
  YBR_FULL: fromYbrFull,
  YBR_FULL_422: fromYbrFull,
  YBR_ICT: fromYbrFull,
  YBR_RCT: fromYbrRct,
  YBR_PARTIAL_422: fromYbrPartial,
};

function fromYbrFull(pixels: Uint8Array): void {
  for (let at = 0; at < pixels.length; at += 3) {
    const [y, b, r] = [pixels[at] ?? 0, (pixels[at + 1] ?? 0) - 128, (pixels[at + 2] ?? 0) - 128];
    pixels[at] = clamped(y + 1.402 * r);
    pixels[at + 1] = clamped(y - 0.344136 * b - 0.714136 * r);
    pixels[at + 2] = clamped(y + 1.772 * b);
  }
}

/** ITU-R BT.601: black is 16, white 235; the others go from 16 to 240. */
function fromYbrPartial(pixels: Uint8Array): void {
  for (let at = 0; at < pixels.length; at += 3) {
    const y = 1.164383 * ((pixels[at] ?? 0) - 16);
    const [b, r] = [(pixels[at + 1] ?? 0) - 128, (pixels[at + 2] ?? 0) - 128];
    pixels[at] = clamped(y + 1.596027 * r);
    pixels[at + 1] = clamped(y - 0.391762 * b - 0.812968 * r);
    pixels[at + 2] = clamped(y + 2.017232 * b);
  }
}

/** Differences need a bit more than 8; where they have none, they are around 128. */
function fromYbrRct(pixels: Uint8Array): void {
  for (let at = 0; at < pixels.length; at += 3) {
    const [y, b, r] = [pixels[at] ?? 0, (pixels[at + 1] ?? 0) - 128, (pixels[at + 2] ?? 0) - 128];
    const green = y - Math.floor((b + r) / 4);
    pixels[at] = clamped(r + green);
    pixels[at + 1] = clamped(green);
    pixels[at + 2] = clamped(b + green);
  }
}

function clamped(value: number): number {
  return value <= 0 ? 0 : value >= 0xff ? 0xff : Math.round(value);
}

const PRINTABLE = /^[A-Z0-9_ ]{1,16}$/;

export function printable(photometric: string): string {
  return PRINTABLE.test(photometric) ? photometric : 'unknown';
}
