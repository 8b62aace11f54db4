import { type ByteSource, type DataSet, itemsOf, textOf } from '../dicom';
import { numberIn, Tag } from './attributes';
import { placesOf } from './functional-groups';
import { lookedUp, lutOf } from './lut';

/** Stored value → what the modality means by it, such as Hounsfield units (PS3.3 C.11.1). */
export type Modality = (stored: number) => number;

/** A Modality LUT counts before a rescale, which it excludes. Neither: the stored value is meant. */
export function modalityOf(root: DataSet, frame: number, source: ByteSource): Modality {
  if (leadsToIntensities(root)) return (stored) => stored;
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

const X_RAY = ['1.2.840.10008.5.1.4.1.1.12.1', '1.2.840.10008.5.1.4.1.1.12.2'];

/**
 * In angiography and fluoroscopy, a Modality LUT of images that are no linear intensities makes such of them, for measuring:
 * windows are about what is stored (PS3.3 C.8.7.1.1.2).
 */
function leadsToIntensities(root: DataSet): boolean {
  const relationship = textOf(root, Tag.PixelIntensityRelationship);
  return (
    (relationship === 'LOG' || relationship === 'DISP') && X_RAY.includes(textOf(root, Tag.SOPClassUID) ?? '')
  );
}
