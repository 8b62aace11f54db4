import type { CodeStream } from './code-stream-facts';
import { cannotRecode } from '../dicom';
import type { Codec } from './codecs';
import type { ImagePixels } from './image-pixels';

/** How the colours of a frame are decoded. */
export interface Colour {
  /** Photometric Interpretation of the decoded pixels. */
  readonly photometric: string;
  /** The decoder makes RGB of YCbCr. */
  readonly toRgb: boolean;
}

const GREY: ReadonlySet<string> = new Set(['MONOCHROME1', 'MONOCHROME2', 'PALETTE COLOR']);

const as = (photometric: string, toRgb = false): Colour => ({ photometric, toRgb });

/** Colours that no code stream tells of: RLE has the samples themselves. @throws DicomError `cannot-recode` */
export function colourOfSamples({ samples, photometric }: ImagePixels): Colour {
  const isPlain = samples === 1 ? GREY.has(photometric) : samples === 3 && PLAIN.has(photometric);
  if (!isPlain) throw uncertainColour(photometric);
  return as(photometric);
}

const PLAIN: ReadonlySet<string> = new Set(['RGB', 'YBR_FULL']);
const JPEG_YBR: ReadonlySet<string> = new Set(['YBR_FULL', 'YBR_FULL_422']);
const JPEG_2000_RGB: ReadonlySet<string> = new Set(['RGB', 'YBR_RCT', 'YBR_ICT']);

/**
 * What the object says of its colours must be what the code stream says, where that says anything (PS3.5 8.2).
 * @throws DicomError `cannot-recode` where the two contradict each other, or leave a choice
 */
export function colourOf(image: ImagePixels, stream: CodeStream): Colour {
  const { photometric, samples } = image;
  if (samples === 1 || stream.kind === 'jpeg-ls') return colourOfSamples(image);
  // It says itself that it is RGB.
  if (stream.kind === 'jpeg-xl' && photometric !== 'RGB') throw uncertainColour(photometric);
  const { transformed } = stream;
  if (stream.kind === 'jpeg-2000') {
    // The decoder has undone a transformation.
    if (transformed === true && JPEG_2000_RGB.has(photometric)) return as('RGB');
    if (transformed !== true) return colourOfSamples(image);
  } else if (stream.lossless) {
    if (photometric === 'RGB' ? transformed !== true : transformed !== false) return colourOfSamples(image);
  } else {
    if (JPEG_YBR.has(photometric) && transformed !== false) return as('RGB', true);
    if (photometric === 'RGB' && transformed !== true && !stream.subsampled) return as('RGB');
  }
  throw uncertainColour(photometric);
}

function uncertainColour(photometric: string): Error {
  return cannotRecode(
    `its colours are not certain: ${PRINTABLE.test(photometric) ? photometric : 'unknown'}`,
  );
}

const PRINTABLE = /^[A-Z0-9_ ]{1,16}$/;

/**
 * Whether a frame is what the object says, and something that the decoder does right.
 * @throws DicomError `cannot-recode`
 */
export function expectDecodable(image: ImagePixels, stream: CodeStream, codec: Codec): void {
  const { bitsAllocated, bitsStored, highBit, signed } = image;
  const { precision } = stream;
  const width = containerBits(precision);
  const problem =
    // To what it is decoded depends on the decoder.
    (stream.kind === 'jpeg-xl' && !stream.lossless && 'a frame of JPEG XL may have lost something') ||
    decodingProblem(image, stream, codec) ||
    (![1, 8, 16].includes(bitsAllocated) && `its Bits Allocated is ${bitsAllocated}`) ||
    // That others give one bit back is not known.
    (bitsAllocated === 1 &&
      (codec !== 'jpeg-2000' || image.samples !== 1 || signed) &&
      'its Bits Allocated is 1') ||
    (highBit !== bitsStored - 1 && 'its high bit is not the highest of those stored') ||
    ((bitsAllocated === 1 ? precision !== 1 : width > bitsAllocated) &&
      `a frame has ${precision} bits, and the object ${bitsAllocated}`) ||
    (signed && width < bitsAllocated && 'it is signed, and a frame has fewer bits') ||
    (!isSignCertain(image, stream) && 'its sign is not certain') ||
    (signed && stream.signed === undefined && precision < bitsStored && 'its sign is not certain');
  if (problem !== false) throw cannotRecode(problem);
}

const IS_2000: ReadonlySet<Codec> = new Set(['jpeg-2000', 'htj2k']);

/** Why what the decoder makes of a frame would not be the frame, whatever it is for; false: it is. */
export function decodingProblem(
  { rows, columns, samples }: Pick<ImagePixels, 'rows' | 'columns' | 'samples'>,
  stream: CodeStream,
  codec: Codec,
): string | false {
  const width = containerBits(stream.precision);
  return (
    (stream.kind !== (codec === 'htj2k' ? 'jpeg-2000' : codec) && 'its code stream is of another kind') ||
    ((stream.rows !== rows || stream.columns !== columns) &&
      'a frame has another size than the object says') ||
    (stream.components !== samples && `a frame has ${stream.components} components`) ||
    (samples !== 1 && samples !== 3 && `it has ${samples} samples per pixel`) ||
    (stream.subsampled &&
      (stream.kind !== 'jpeg' || stream.lossless) &&
      'its components have different sizes') ||
    // The decoders of JPEG 2000 mix them up.
    (samples === 3 && width > 8 && IS_2000.has(codec) && 'its colours have more than 8 bits') ||
    (codec === 'htj2k' &&
      samples === 3 &&
      stream.transformed !== true &&
      'its colours are not transformed') ||
    (codec === 'htj2k' && stream.signed === true && width === 8 && 'it is signed, and has 8 bits')
  );
}

/** Bits of a two's complement that are coded without sign are the same bits, where it has no others. */
function isSignCertain({ signed, bitsStored }: ImagePixels, stream: CodeStream): boolean {
  if (stream.signed === undefined || stream.signed === signed) return true;
  return signed && stream.precision === bitsStored;
}

/** Of a decoded sample: whole bytes. */
export function containerBits(precision: number): number {
  return Math.ceil(precision / 8) * 8;
}
