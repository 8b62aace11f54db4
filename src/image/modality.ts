import { type ByteSource, type DataSet, itemsOf } from '../dicom';
import { numberIn, Tag } from './attributes';
import { placesOf } from './functional-groups';
import { lookedUp, lutOf } from './lut';

/** Stored value → what the modality means by it, such as Hounsfield units (PS3.3 C.11.1). */
export type Modality = (stored: number) => number;

/** A Modality LUT counts before a rescale, which it excludes. Neither: the stored value is meant. */
export function modalityOf(root: DataSet, frame: number, source: ByteSource): Modality {
  const [item] = itemsOf(root, Tag.ModalityLUTSequence);
  const lut = item && lutOf(item, source);
  if (lut !== undefined) return (stored) => lookedUp(lut, stored);
  const place = placesOf(root, frame, Tag.PixelValueTransformationSequence).find(
    (each) => each.find(Tag.RescaleSlope) ?? each.find(Tag.RescaleIntercept),
  );
  const slope = (place && numberIn(place, Tag.RescaleSlope)) ?? 1;
  const intercept = (place && numberIn(place, Tag.RescaleIntercept)) ?? 0;
  // A slope of 0 would make all the same, and is an empty field of somebody's form.
  const factor = slope === 0 ? 1 : slope;
  return (stored) => stored * factor + intercept;
}
