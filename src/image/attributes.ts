import { type ByteSource, type DataSet, type Element, valuesOf } from '../dicom';

/** Attributes that say what a picture of an object looks like (PS3.3 C.7.6.3, C.11). */
export const Tag = {
  SOPClassUID: 0x00080016,
  SamplesPerPixel: 0x00280002,
  PhotometricInterpretation: 0x00280004,
  PlanarConfiguration: 0x00280006,
  NumberOfFrames: 0x00280008,
  Rows: 0x00280010,
  Columns: 0x00280011,
  PixelSpacing: 0x00280030,
  PixelAspectRatio: 0x00280034,
  BitsAllocated: 0x00280100,
  BitsStored: 0x00280101,
  HighBit: 0x00280102,
  PixelRepresentation: 0x00280103,
  PixelPaddingValue: 0x00280120,
  PixelPaddingRangeLimit: 0x00280121,
  FloatPixelPaddingValue: 0x00280122,
  DoubleFloatPixelPaddingValue: 0x00280123,
  FloatPixelPaddingRangeLimit: 0x00280124,
  DoubleFloatPixelPaddingRangeLimit: 0x00280125,
  PixelIntensityRelationship: 0x00281040,
  WindowCenter: 0x00281050,
  WindowWidth: 0x00281051,
  RescaleIntercept: 0x00281052,
  RescaleSlope: 0x00281053,
  VOILUTFunction: 0x00281056,
  PaletteDescriptor: [0x00281101, 0x00281102, 0x00281103],
  PaletteData: [0x00281201, 0x00281202, 0x00281203],
  SegmentedPaletteData: [0x00281221, 0x00281222, 0x00281223],
  ModalityLUTSequence: 0x00283000,
  LUTDescriptor: 0x00283002,
  LUTData: 0x00283006,
  VOILUTSequence: 0x00283010,
  PixelMeasuresSequence: 0x00289110,
  FrameVOILUTSequence: 0x00289132,
  PixelValueTransformationSequence: 0x00289145,
  ImagerPixelSpacing: 0x00181164,
  NominalScannedPixelSpacing: 0x00182010,
  PresentationLUTShape: 0x20500020,
  SharedFunctionalGroupsSequence: 0x52009229,
  PerFrameFunctionalGroupsSequence: 0x52009230,
  EncapsulatedDocument: 0x00420011,
  ExtendedOffsetTable: 0x7fe00001,
} as const;

/** The numbers of an attribute, also where they are written with more digits than a number has. What is none is left out. */
export function numbersIn(dataSet: DataSet, tag: number): number[] {
  return valuesOf(dataSet, tag).flatMap((value) => {
    if (typeof value === 'object') return [];
    const number = typeof value === 'number' ? value : Number(value.trim() === '' ? NaN : value);
    return Number.isFinite(number) ? [number] : [];
  });
}

export function numberIn(dataSet: DataSet, tag: number): number | undefined {
  return numbersIn(dataSet, tag)[0];
}

/**
 * Bytes of a value as they stand there, from one of them on, up to a limit. Any object may claim a value of gigabytes where a
 * table of some kilobytes is meant.
 */
export function bytesOf(
  { bytes, start, offset, length }: Element,
  source: ByteSource,
  most: number,
  from = 0,
): Buffer {
  const first = Math.min(from, length);
  const count = Math.min(most, length - first);
  return bytes?.subarray(start + first, start + first + count) ?? source.read(offset + first, count);
}

/** A value as 16-bit words, up to a limit; half a word at its end is left out. */
export function wordsOf(element: Element, source: ByteSource, most: number): Uint16Array {
  const bytes = bytesOf(element, source, most * 2);
  const words = new Uint16Array(bytes.length >> 1);
  for (let index = 0; index < words.length; index += 1)
    words[index] = element.bigEndian ? bytes.readUInt16BE(index * 2) : bytes.readUInt16LE(index * 2);
  return words;
}
