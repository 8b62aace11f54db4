import { Kind, lookUp, TAG, type Vr, VR } from '../standard';
import { trimmed } from '../text';
import { numberAt } from './binary-number';
import type { DataSet, Element } from './data-set';
import { decimal } from './numbers';

const DESCRIPTORS: ReadonlySet<number> = new Set([
  0x00281100, // Gray Lookup Table Descriptor (retired)
  0x00281101, // Red, Green and Blue Palette Color Lookup Table Descriptor
  0x00281102,
  0x00281103,
  0x00281104, // Alpha Palette Color Lookup Table Descriptor
  0x00281111, // Large Red, Green and Blue Palette Color Lookup Table Descriptor (retired)
  0x00281112,
  0x00281113,
  TAG.LUTDescriptor,
]);
const FIRST = 0x00281100;

/**
 * Number of entries, first input value mapped, bits of an entry: one VR for all, whatever each of them is. The first and the
 * third are unsigned always (PS3.3 C.7.6.3.1.5, C.11.1.1).
 */
export function isLutDescriptor(tag: number): boolean {
  return tag >= FIRST && DESCRIPTORS.has(tag);
}

const VoiLutSequence = 0x00283010;
const PresentationLutSequence = 0x20500010;
const ModalityLutSequence = 0x00283000;
const RescaleIntercept = 0x00281052;
const RescaleSlope = 0x00281053;
const RescaleType = 0x00281054;
const PixelValueTransformationSequence = 0x00289145;
const SharedFunctionalGroupsSequence = 0x52009229;
const BitsStored = 0x00280101;
const HOUNSFIELD = 'HU';
const USUAL_BITS = 16;

/** Is the second value signed? `sent`: the VR, where the object says one. */
export function isFirstMappedSigned(dataSet: DataSet, element: Element, sent: Vr): boolean {
  const sequence = element.tag === TAG.LUTDescriptor ? dataSet.parentTag : 0;
  // P-Values have no sign (PS3.3 C.11.4.1).
  if (sequence === PresentationLutSequence) return false;
  return (
    (sequence === VoiLutSequence ? isVoiInputSigned(dataSet) : undefined) ?? arePixelsSigned(dataSet, sent)
  );
}

/** As Pixel Representation says; where nothing does, in a presentation state, as the VR does. */
function arePixelsSigned(dataSet: DataSet, sent: Vr): boolean {
  return dataSet.hasPixelRepresentation ? dataSet.pixelsSigned : sent === VR.SS;
}

/**
 * PS3.3 C.11.2.1.1: what comes out of the Modality LUT goes into the VOI LUT. Undefined: there is no Modality LUT. Found out
 * once for each data set: a sequence may have thousands of LUTs, and what is looked through thousands of items.
 */
function isVoiInputSigned({ parent }: DataSet): boolean | undefined {
  if (parent === undefined) return undefined;
  return (foundOf(parent).voiInputSigned ??= { is: findVoiInputSigned(parent) }).is;
}

function findVoiInputSigned(around: DataSet): boolean | undefined {
  // What comes out of a lookup table is unsigned (PS3.3 C.11.1).
  if (itemsOf(around, ModalityLutSequence).length > 0) return false;
  const [shared] = itemsOf(around, SharedFunctionalGroupsSequence);
  const groups = [around, ...(shared === undefined ? [] : [shared])];
  const places = groups.flatMap((group) => [group, ...itemsOf(group, PixelValueTransformationSequence)]);
  const rescaled = places.find((place) => place.find(RescaleSlope) ?? place.find(RescaleIntercept));
  return rescaled === undefined ? isVoiInputSigned(around) : isRescaledSigned(rescaled);
}

/** What has been found of a data set; `is` may be undefined. */
interface Found {
  voiInputSigned?: { is: boolean | undefined };
  bitsStored?: number;
}

const found = new WeakMap<DataSet, Found>();

function foundOf(dataSet: DataSet): Found {
  const known = found.get(dataSet) ?? {};
  found.set(dataSet, known);
  return known;
}

/** Read once: it may be as long as an attribute can be, and be asked for with each frame. */
function bitsStored({ root }: DataSet): number {
  return (foundOf(root).bitsStored ??= numberOf(root, BitsStored) ?? USUAL_BITS);
}

/** "SS if the possible output range after application of the Rescale Slope and Intercept may be signed", as of Hounsfield units. */
function isRescaledSigned(rescaled: DataSet): boolean {
  if (textOf(rescaled, RescaleType) === HOUNSFIELD) return true;
  const slope = numberOf(rescaled, RescaleSlope) ?? 1;
  const intercept = numberOf(rescaled, RescaleIntercept) ?? 0;
  const bits = bitsStored(rescaled);
  const { pixelsSigned } = rescaled;
  const lowest = pixelsSigned ? -(2 ** (bits - 1)) : 0;
  const highest = 2 ** (pixelsSigned ? bits - 1 : bits) - 1;
  return Math.min(lowest * slope, highest * slope) + intercept < 0;
}

/*
 * What decides how values are read is read from the bytes: those who read values would ask here again.
 */

function itemsOf(dataSet: DataSet, tag: number): readonly DataSet[] {
  return dataSet.find(tag)?.items ?? [];
}

/** The first number of an attribute, binary or as text; undefined where there is none. */
function numberOf(dataSet: DataSet, tag: number): number | undefined {
  const { bytes, start = 0, length = 0, vr, bigEndian = false } = dataSet.find(tag) ?? {};
  if (bytes === undefined || vr === undefined) return undefined;
  const known = (vr.kind === Kind.Bytes ? lookUp(tag)?.vr : undefined) ?? vr;
  const isBinary = known.kind === Kind.Binary;
  if (isBinary && length < known.width) return undefined;
  const number = isBinary ? numberAt(known, bytes, start, bigEndian) : decimal(textOf(dataSet, tag) ?? '');
  return typeof number === 'number' ? number : undefined;
}

/** The first value of an attribute of text, in which only ASCII is meant. */
function textOf(dataSet: DataSet, tag: number): string | undefined {
  const { bytes, start = 0, length = 0 } = dataSet.find(tag) ?? {};
  return bytes && trimmed(bytes.toString('latin1', start, start + length).split('\\', 1)[0] ?? '');
}
