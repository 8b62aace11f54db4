import { type ByteSource, type DataSet, textOf } from '../dicom';
import { numberIn, Tag } from './attributes';
import { Distribution, distributionOf } from './distribution';
import { type Frame, storedOf } from './frame';
import { modalityOf } from './modality';
import type { Raster } from './raster';
import { shownBy, type Voi, voiOf, windowAround, windowOf } from './voi';

/** Which values are shown from black to white. */
export type WindowChoice =
  /** Those that the object says; of one that says none, all that are there. */
  | { kind: 'object' }
  /** Those that are there, without the lowest and the highest hundredth. */
  | { kind: 'percentile' }
  | { kind: 'given'; center: number; width: number };

const LOWEST_SHARE = 0.01;
const HIGHEST_SHARE = 0.99;
/** Of images with as many bits, the values are what a screen shows (PS3.3 C.8.6.1, for example). */
const SCREEN_BITS = 8;

/**
 * A grey frame as it is to be seen (PS3.3 C.7.6.3, C.11): stored value → Modality LUT → VOI LUT → polarity.
 * @param number the frame's, from 0 on
 */
export function greyRaster(
  frame: Frame,
  root: DataSet,
  number: number,
  source: ByteSource,
  choice: WindowChoice,
): Raster {
  const modality = modalityOf(root, number, source);
  const isPadding = paddingOf(root, frame);
  const values = valuesOf(frame, modality, isPadding);
  const shown = shownBy(voiFor(choice, frame, root, number, source, modality, () => values.distribution()));
  const isInverse = isInverted(root, frame.photometric);
  const grey = (value: number): number => Math.round((isInverse ? 1 - shown(value) : shown(value)) * 0xff);
  // What is no value is as if there were nothing.
  const data = values.mapped((value, isPad) => (isPad ? 0 : grey(value)));
  return { width: frame.columns, height: frame.rows, channels: 1, data };
}

interface Values {
  distribution(): Distribution;
  mapped(grey: (value: number, isPadding: boolean) => number): Uint8Array;
}

function valuesOf(
  { cells, bits }: Frame,
  modality: (stored: number) => number,
  isPadding: (stored: number) => boolean,
): Values {
  const stored = storedOf(bits);
  if (cells instanceof Uint8Array || cells instanceof Uint16Array)
    return fewValues(cells, cells.BYTES_PER_ELEMENT === 1 ? 0x100 : 0x10000, stored, modality, isPadding);
  const count = cells.length;
  /** NaN: it is none. */
  const values = new Float64Array(count);
  for (let index = 0; index < count; index += 1) {
    const value = stored(cells[index] ?? 0);
    values[index] = isPadding(value) ? NaN : modality(value);
  }
  return {
    distribution: () => distributionOf(values),
    mapped: (grey) => {
      const data = new Uint8Array(count);
      for (let index = 0; index < count; index += 1) {
        const value = values[index] ?? NaN;
        data[index] = grey(value, Number.isNaN(value));
      }
      return data;
    },
  };
}

/** Each value that is there is worked out once. */
function fewValues(
  cells: Uint8Array | Uint16Array,
  size: number,
  stored: (cell: number) => number,
  modality: (stored: number) => number,
  isPadding: (stored: number) => boolean,
): Values {
  return {
    distribution: () => {
      const counts = new Uint32Array(size);
      for (const cell of cells) counts[cell] = (counts[cell] ?? 0) + 1;
      const there: { value: number; count: number }[] = [];
      counts.forEach((count, cell) => {
        if (count > 0 && !isPadding(stored(cell))) there.push({ value: modality(stored(cell)), count });
      });
      there.sort((a, b) => a.value - b.value);
      return new Distribution(
        Float64Array.from(there, ({ value }) => value),
        Uint32Array.from(there, ({ count }) => count),
      );
    },
    mapped: (grey) => {
      const table = new Int16Array(size).fill(UNKNOWN);
      const data = new Uint8Array(cells.length);
      for (let index = 0; index < cells.length; index += 1) {
        const cell = cells[index] ?? 0;
        if (table[cell] === UNKNOWN) table[cell] = grey(modality(stored(cell)), isPadding(stored(cell)));
        data[index] = table[cell] ?? 0;
      }
      return data;
    },
  };
}

const UNKNOWN = -1;

function voiFor(
  choice: WindowChoice,
  frame: Frame,
  root: DataSet,
  number: number,
  source: ByteSource,
  modality: (stored: number) => number,
  distribution: () => Distribution,
): Voi {
  if (choice.kind === 'given') return windowOf(choice.center, choice.width);
  const own =
    choice.kind === 'object' ? (voiOf(root, number, source) ?? fullRange(frame, modality)) : undefined;
  if (own !== undefined) return own;
  const [low, high] = choice.kind === 'percentile' ? [LOWEST_SHARE, HIGHEST_SHARE] : [0, 1];
  const found = distribution();
  return windowAround(found.at(low) ?? 0, found.at(high) ?? 0);
}

/** Of an image with few bits, all values that there can be. */
function fullRange({ bits }: Frame, modality: (stored: number) => number): Voi | undefined {
  if (bits === undefined || bits.stored > SCREEN_BITS) return undefined;
  const least = bits.signed ? -(2 ** (bits.stored - 1)) : 0;
  const ends = [modality(least), modality(least + 2 ** bits.stored - 1)];
  return windowAround(Math.min(...ends), Math.max(...ends));
}

/** Presentation LUT Shape says it for all images that have it; Photometric Interpretation for the others. */
function isInverted(root: DataSet, photometric: string): boolean {
  const shape = textOf(root, Tag.PresentationLUTShape);
  return shape === 'INVERSE' || (shape !== 'IDENTITY' && photometric === 'MONOCHROME1');
}

const PADDING = [
  [Tag.PixelPaddingValue, Tag.PixelPaddingRangeLimit],
  [Tag.FloatPixelPaddingValue, Tag.FloatPixelPaddingRangeLimit],
  [Tag.DoubleFloatPixelPaddingValue, Tag.DoubleFloatPixelPaddingRangeLimit],
] as const;

/** Pixel Padding Value and Range Limit are stored values (PS3.3 C.7.5.1.1.2). */
function paddingOf(root: DataSet, { bits }: Frame): (stored: number) => boolean {
  for (const [valueTag, limitTag] of PADDING) {
    const value = numberIn(root, valueTag);
    if (value === undefined) continue;
    const asStored = (number: number): number => sameBits(number, bits);
    const ends = [asStored(value), asStored(numberIn(root, limitTag) ?? value)];
    const [least, most] = [Math.min(...ends), Math.max(...ends)];
    return (stored) => stored >= least && stored <= most;
  }
  return () => false;
}

/** Writers give a signed value as unsigned one of 16 bits, and the other way round. */
function sameBits(number: number, bits: Frame['bits']): number {
  if (bits === undefined) return number;
  const least = bits.signed ? -(2 ** (bits.stored - 1)) : 0;
  if (number >= least && number < least + 2 ** bits.stored) return number;
  return bits.signed && number >= 0x8000 && number <= 0xffff ? number - 0x10000 : number;
}
