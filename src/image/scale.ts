import type { DataSet } from '../dicom';
import { numbersIn, Tag } from './attributes';
import { placesOf } from './functional-groups';
import type { Raster } from './raster';

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
function resized(raster: Raster, width: number, height: number): Raster {
  if (width === raster.width && height === raster.height) return raster;
  const { channels } = raster;
  const wide = sharesOf(raster.width, width);
  const high = sharesOf(raster.height, height);
  const line = new Float64Array(raster.width * channels);
  const data = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y += 1) {
    line.fill(0);
    // Down first: a line of means, in which the means across are.
    for (const { index, share } of high[y] ?? []) {
      const row = index * raster.width * channels;
      for (let at = 0; at < line.length; at += 1)
        line[at] = (line[at] ?? 0) + share * (raster.data[row + at] ?? 0);
    }
    for (let x = 0; x < width; x += 1)
      for (let channel = 0; channel < channels; channel += 1) {
        let sum = 0;
        for (const { index, share } of wide[x] ?? []) sum += share * (line[index * channels + channel] ?? 0);
        data[(y * width + x) * channels + channel] = Math.round(sum);
      }
  }
  return { width, height, channels, data };
}

/** Which old ones, with which share, a new one consists of. */
function sharesOf(before: number, after: number): { index: number; share: number }[][] {
  const step = before / after;
  return Array.from({ length: after }, (_, at) => {
    const [from, to] = [at * step, Math.min((at + 1) * step, before)];
    const shares: { index: number; share: number }[] = [];
    for (let index = Math.floor(from); index < to; index += 1) {
      const share = (Math.min(to, index + 1) - Math.max(from, index)) / (to - from);
      if (share > 0) shares.push({ index, share });
    }
    return shares;
  });
}
