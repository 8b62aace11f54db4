import type { DataSet } from '../dicom';
import { numbersIn, Tag } from './attributes';
import { placesOf } from './functional-groups';
import { type Raster, withoutPalette } from './raster';

/** Of a pixel: a larger ratio is no image's. */
const WIDEST = 20;
/** What differs by less is not seen. */
const SAME = 0.01;

/**
 * The picture with square pixels, and no edge longer than this: the smaller side of a pixel is stretched, and what is too large
 * made smaller; nothing is made larger otherwise.
 * @param aspect height of a pixel by its width
 * @param longestEdge in pixels
 */
export function fitted(raster: Raster, aspect: number, longestEdge: number): Raster {
  const width = raster.width * Math.max(1, 1 / aspect);
  const height = raster.height * Math.max(1, aspect);
  const factor = Math.min(1, longestEdge / Math.max(width, height));
  const size = (edge: number): number => Math.max(1, Math.round(edge * factor));
  return resized(raster, size(width), size(height));
}

/** Height of a pixel by its width, as the frame or the object says (PS3.3 10.7, C.7.6.3.1.7). */
export function aspectOf(root: DataSet, frame: number): number {
  const spacings = [
    ...placesOf(root, frame, Tag.PixelMeasuresSequence).map((place) => numbersIn(place, Tag.PixelSpacing)),
    numbersIn(root, Tag.ImagerPixelSpacing),
    numbersIn(root, Tag.NominalScannedPixelSpacing),
    numbersIn(root, Tag.PixelAspectRatio),
  ];
  const found = spacings.find(([high = 0, wide = 0]) => high > 0 && wide > 0);
  if (found === undefined) return 1;
  const [high = 1, wide = 1] = found;
  const aspect = high / wide;
  const isSquare = Math.abs(aspect - 1) < SAME;
  return isSquare || aspect > WIDEST || aspect < 1 / WIDEST ? 1 : aspect;
}

/** Each pixel of the result is the mean of what it covers. */
function resized(given: Raster, width: number, height: number): Raster {
  if (width === given.width && height === given.height) return given;
  const raster = withoutPalette(given);
  const { channels } = raster;
  const wide = sharesOf(raster.width, width);
  const high = sharesOf(raster.height, height);
  const line = new Float64Array(raster.width * channels);
  const data = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y += 1) {
    // Down first: a line of means, in which the means across are.
    addRows(line, raster, high, y);
    for (let x = 0, to = y * width * channels; x < width; x += 1)
      for (let channel = 0; channel < channels; channel += 1, to += 1)
        data[to] = Math.round(meanAcross(line, channel, channels, wide, x));
  }
  return { width, height, channels, data };
}

/** The old ones that each new one consists of stand beside each other. */
interface Shares {
  /** Of each new one, the first old one. */
  readonly first: Uint32Array;
  /** Where its shares begin, and behind the last one where all end. */
  readonly start: Uint32Array;
  readonly share: Float64Array;
}

function addRows(line: Float64Array, { width, channels, data }: Raster, high: Shares, y: number): void {
  line.fill(0);
  const [from = 0, end = 0] = high.start.subarray(y, y + 2);
  let at = (high.first[y] ?? 0) * width * channels;
  for (let index = from; index < end; index += 1) {
    const share = high.share[index] ?? 0;
    for (let to = 0; to < line.length; to += 1, at += 1) line[to] = (line[to] ?? 0) + share * (data[at] ?? 0);
  }
}

function meanAcross(line: Float64Array, channel: number, channels: number, wide: Shares, x: number): number {
  const end = wide.start[x + 1] ?? 0;
  let at = (wide.first[x] ?? 0) * channels + channel;
  let sum = 0;
  for (let index = wide.start[x] ?? 0; index < end; index += 1, at += channels)
    sum += (wide.share[index] ?? 0) * (line[at] ?? 0);
  return sum;
}

/** Which old ones, with which share, a new one consists of. */
function sharesOf(before: number, after: number): Shares {
  const step = before / after;
  const first = new Uint32Array(after);
  const start = new Uint32Array(after + 1);
  const shares: number[] = [];
  for (let at = 0; at < after; at += 1) {
    const [from, to] = [at * step, Math.min((at + 1) * step, before)];
    first[at] = Math.floor(from);
    for (let index = Math.floor(from); index < to; index += 1)
      shares.push((Math.min(to, index + 1) - Math.max(from, index)) / (to - from));
    start[at + 1] = shares.length;
  }
  return { first, start, share: Float64Array.from(shares) };
}
