import { DataSet, numbersOf, textOf, valuesOf } from '../data-set';
import { TAG, tagHex } from '../standard';
import { isModality, isReport, takesPictures } from './classes';
import { KeptBack } from './kept-back';
import type { DeidentifyOption } from './options';

const BURNED_IN_ANNOTATION = 0x00280301;
const IMAGE_TYPE = 0x00080008;
const FRAME_TYPE = 0x00089007;
const CONVERSION_TYPE = 0x00080064;
const OVERLAY_GROUPS = 0x6000;
const LAST_OVERLAY_GROUP = 0x60ff;
/** Overlay Bits Allocated and Overlay Bit Position: where in the pixels a plane is. */
const OVERLAY_BIT_POSITION = 0x0102;
const OVERLAY_BITS: ReadonlySet<number> = new Set([0x0100, OVERLAY_BIT_POSITION]);
const OVERLAY_DATA = 0x3000;

export interface Judged {
  readonly sopClassUID: string;
  readonly options: ReadonlySet<DeidentifyOption>;
  /** SOP classes that are passed if Burned In Annotation says NO. */
  readonly alsoPass: ReadonlySet<string>;
}

/**
 * Can it be excluded that the object says in its pixels or its text whose it is? What is not known to be harmless is not.
 * @throws KeptBack
 */
export function judge(root: DataSet, { sopClassUID, options, alsoPass }: Judged): void {
  const burnedIn = textOf(root, BURNED_IN_ANNOTATION)?.trim().toUpperCase();
  if (burnedIn !== undefined && burnedIn !== '' && burnedIn !== 'NO')
    throw new KeptBack('burned-in', 'Burned In Annotation (0028,0301) is not NO');
  if (hasEmbeddedOverlay(root))
    throw new KeptBack('embedded-overlay', 'an overlay is in the unused bits of the pixels');
  if (valuesOf(root, TAG.SOPClassUID).length !== 1)
    throw new KeptBack('sop-class', 'it says more than one SOP class');
  if (alsoPass.has(sopClassUID) && burnedIn === 'NO') return;
  if (isReport(sopClassUID)) {
    if (!options.has('clean-structured-content'))
      throw new KeptBack('structured-report', 'a report is passed with clean-structured-content only');
    return;
  }
  if (!isModality(sopClassUID))
    throw new KeptBack('sop-class', 'objects of its SOP class may show or say whose they are');
  judgeImage(root, sopClassUID);
}

function judgeImage(root: DataSet, sopClassUID: string): void {
  expectImageType(root, IMAGE_TYPE);
  const conversions = judgedValues(root, CONVERSION_TYPE).filter((value) => value !== null);
  if (conversions.some((value) => !(takesPictures(sopClassUID) && value === 'DI')))
    throw new KeptBack(
      'converted-image',
      'Conversion Type (0008,0064) says that it is a picture of something',
    );
}

/** Of the image, and of each frame. Items are looked at, too. */
function expectImageType(dataSet: DataSet, tag: number): void {
  expectOriginal(dataSet, tag);
  for (const { items = [] } of dataSet.elements) for (const item of items) expectImageType(item, FRAME_TYPE);
}

function expectOriginal(dataSet: DataSet, tag: number): void {
  const values = judgedValues(dataSet, tag).map((value) =>
    typeof value === 'string' ? value.toUpperCase() : '',
  );
  const isSecondary = values[0] === 'DERIVED' && values[1] === 'SECONDARY';
  if (isSecondary || values.some((value) => /SCREEN|SNAPSHOT/.test(value)))
    throw new KeptBack('secondary-image', `(${tagHex(tag)}) says that it may be a picture of a screen`);
}

/** What has values that nobody has read cannot be judged by them. */
function judgedValues(dataSet: DataSet, tag: number): ReturnType<typeof valuesOf> {
  const { length = 0, bytes } = dataSet.find(tag) ?? {};
  if (length > 0 && bytes === undefined)
    throw new KeptBack('too-long', `(${tagHex(tag)}) is too long to be looked at`);
  return valuesOf(dataSet, tag);
}

/** Overlay planes whose data is elsewhere, in bits of the pixels (PS3.3 C.9.2, retired). */
function hasEmbeddedOverlay(root: DataSet): boolean {
  return root.elements.some(({ tag }) => {
    const group = tag >>> 16;
    const isPlane = group >= OVERLAY_GROUPS && group <= LAST_OVERLAY_GROUP && group % 2 === 0;
    if (!isPlane || !OVERLAY_BITS.has(tag & 0xffff)) return false;
    const { length = 0 } = root.find(group * 0x10000 + OVERLAY_DATA) ?? {};
    // With data of its own a plane is at position 0; whatever stands there, another one is in the pixels.
    return length === 0 || ((tag & 0xffff) === OVERLAY_BIT_POSITION && numbersOf(root, tag)?.[0] !== 0);
  });
}
