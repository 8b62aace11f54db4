import { cannotRecode, type ParsedDataSet, valuesOfKeyword } from '../dicom';

/** The Image Pixel Module of an object (PS3.3 C.7.6.3), as far as it says what its pixels are. */
export interface ImagePixels {
  readonly rows: number;
  readonly columns: number;
  readonly samples: number;
  readonly bitsAllocated: number;
  readonly bitsStored: number;
  readonly highBit: number;
  readonly signed: boolean;
  readonly photometric: string;
  readonly planar: boolean;
  readonly frames: number;
  /** Lossy Image Compression (0028,2110); '' where the object does not say. */
  readonly lossy: string;
}

const MOST_FRAMES = 0x7fffffff;
const MOST_PIXELS = 0xffff;
const MOST_BITS = 64;

/**
 * @param withUsual what is missing of bits and sign is what it usually is: to look at the pixels that is good enough
 * @throws DicomError `cannot-recode` where it does not say what is needed
 */
export function imagePixelsOf(dataSet: ParsedDataSet, withUsual = false): ImagePixels {
  const usual = (value: number): number | undefined => (withUsual ? value : undefined);
  const text = (keyword: string): string => {
    const [value] = valuesOfKeyword(dataSet, keyword);
    return typeof value === 'string' ? value : '';
  };
  const number = (keyword: string, least: number, most: number, absent?: number): number => {
    const [value = absent] = valuesOfKeyword(dataSet, keyword);
    const found = Number(value ?? NaN);
    if (!Number.isInteger(found) || found < least || found > most)
      throw cannotRecode(`${keyword} is missing, or has a value that is not possible`);
    return found;
  };
  const bitsAllocated = number('BitsAllocated', 1, MOST_BITS);
  const bitsStored = number('BitsStored', 1, bitsAllocated, usual(bitsAllocated));
  return {
    rows: number('Rows', 1, MOST_PIXELS),
    columns: number('Columns', 1, MOST_PIXELS),
    samples: number('SamplesPerPixel', 1, 4, usual(1)),
    bitsAllocated,
    bitsStored,
    highBit: number('HighBit', 0, bitsAllocated - 1, usual(bitsStored - 1)),
    signed: number('PixelRepresentation', 0, 1, usual(0)) === 1,
    photometric: text('PhotometricInterpretation'),
    planar: number('PlanarConfiguration', 0, 1, 0) === 1,
    frames: number('NumberOfFrames', 1, MOST_FRAMES, 1),
    lossy: text('LossyImageCompression'),
  };
}
