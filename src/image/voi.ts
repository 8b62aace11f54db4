import { type ByteSource, type DataSet, itemsOf, textOf } from '../dicom';
import { numberIn, Tag } from './attributes';
import { placesOf } from './functional-groups';
import { type Lut, lookedUp, lutOf } from './lut';

/** Which values are shown, from black to white (PS3.3 C.11.2). */
export type Voi =
  | { readonly kind: 'window'; readonly center: number; readonly width: number; readonly shape: WindowShape }
  | { readonly kind: 'lut'; readonly lut: Lut };

/** VOI LUT Function (PS3.3 C.11.2.1.3). */
export type WindowShape = 'LINEAR' | 'LINEAR_EXACT' | 'SIGMOID';

/**
 * The first window of the frame, else its first VOI LUT, else those of all frames, else those of the object. Undefined: there is
 * none that can be used.
 */
export function voiOf(root: DataSet, frame: number, source: ByteSource): Voi | undefined {
  for (const place of placesOf(root, frame, Tag.FrameVOILUTSequence)) {
    const [center, width] = [numberIn(place, Tag.WindowCenter), numberIn(place, Tag.WindowWidth)];
    if (center !== undefined && width !== undefined && width > 0)
      return windowOf(center, width, shapeOf(place));
    const [item] = itemsOf(place, Tag.VOILUTSequence);
    const lut = item && lutOf(item, source);
    if (lut !== undefined) return { kind: 'lut', lut };
  }
  return undefined;
}

/** @param width greater than 0 */
export function windowOf(center: number, width: number, shape: WindowShape = 'LINEAR'): Voi {
  // A linear one is at least 1 wide; what is narrower, such as for values between 0 and 1, can only be meant exactly.
  return { kind: 'window', center, width, shape: shape === 'LINEAR' && width < 1 ? 'LINEAR_EXACT' : shape };
}

/** Of these values, all. */
export function windowAround(least: number, most: number): Voi {
  const width = most - least;
  return width > 0
    ? { kind: 'window', center: least + width / 2, width, shape: 'LINEAR_EXACT' }
    : { kind: 'window', center: least, width: 1, shape: 'LINEAR_EXACT' };
}

function shapeOf(place: DataSet): WindowShape {
  const shape = textOf(place, Tag.VOILUTFunction);
  return shape === 'SIGMOID' || shape === 'LINEAR_EXACT' ? shape : 'LINEAR';
}

/** A modality's value → 0 (black) to 1 (white). */
export function shownBy(voi: Voi): (value: number) => number {
  if (voi.kind === 'lut') {
    const { lut } = voi;
    return (value) => lookedUp(lut, value) / lut.most;
  }
  const { center, width, shape } = voi;
  if (shape === 'SIGMOID') return (value) => 1 / (1 + Math.exp((-4 * (value - center)) / width));
  if (shape === 'LINEAR_EXACT') return (value) => within((value - center) / width + 0.5);
  // A width of 1 has no slope: what is above the threshold is white.
  if (width === 1) return (value) => (value > center - 0.5 ? 1 : 0);
  return (value) => within((value - (center - 0.5)) / (width - 1) + 0.5);
}

function within(share: number): number {
  return share <= 0 ? 0 : share >= 1 ? 1 : share;
}
