import { cannotBuild } from './build-errors';

/** What a JPEG says of its picture (ISO/IEC 10918-1 B.2). */
export interface JpegFacts {
  readonly rows: number;
  readonly columns: number;
  readonly samples: 1 | 3;
  /** Bits of a sample. */
  readonly precision: number;
  readonly transferSyntaxUID: string;
  readonly photometricInterpretation: 'MONOCHROME2' | 'RGB' | 'YBR_FULL' | 'YBR_FULL_422';
  readonly isLossy: boolean;
  /** As Exif has it: 1 is upright. */
  readonly orientation: number;
}

const MARKER = 0xff;
const START_OF_IMAGE = 0xd8;
const END_OF_IMAGE = 0xd9;
const START_OF_SCAN = 0xda;
const APP0 = 0xe0;
const APP1 = 0xe1;
const APP14 = 0xee;
/** Start of frame: baseline; extended with 8 or 12 bits; lossless. */
const BASELINE = 0xc0;
const EXTENDED = 0xc1;
const PROGRESSIVE = 0xc2;
const LOSSLESS = 0xc3;
/** In the same range of markers, and no start of a frame: DHT, JPG, DAC. */
const NO_FRAMES: ReadonlySet<number> = new Set([0xc4, 0xc8, 0xcc]);
const LAST_FRAME = 0xcf;
const JPEG_LS_FRAME = 0xf7;

interface Frame {
  readonly kind: number;
  readonly precision: number;
  readonly rows: number;
  readonly columns: number;
  /** Identifiers of the components. */
  readonly components: readonly number[];
}

/** Is it a JPEG, by its first bytes? */
export function isJpeg(bytes: Buffer): boolean {
  return bytes[0] === MARKER && bytes[1] === START_OF_IMAGE && bytes[2] === MARKER;
}

/**
 * Reads the segments of a JPEG up to its first scan. It goes into an object as it is, so it must be of a process for which DICOM
 * has a transfer syntax (PS3.5 A.4.1).
 * @throws DicomError `cannot-build`: damaged, progressive, arithmetic, JPEG-LS, four components
 */
export function readJpeg(bytes: Buffer): JpegFacts {
  let frame: Frame | undefined;
  let hasJfif = false;
  let adobe: number | undefined;
  let orientation: number | undefined;
  for (let at = 2; ;) {
    while (bytes[at] === MARKER && bytes[at + 1] === MARKER) at += 1;
    const kind = bytes[at + 1] ?? 0;
    if (bytes[at] !== MARKER || at + 4 > bytes.length) throw damaged();
    const length = bytes.readUInt16BE(at + 2);
    const segment = bytes.subarray(at + 4, at + 2 + length);
    if (length < 2 || segment.length !== length - 2) throw damaged();
    if (kind === APP0) hasJfif ||= segment.toString('latin1', 0, 4) === 'JFIF';
    else if (kind === APP1) orientation ??= orientationIn(segment);
    else if (kind === APP14 && segment.toString('latin1', 0, 5) === 'Adobe') adobe = segment[11];
    else if (kind === JPEG_LS_FRAME) throw notPossible('a JPEG-LS picture');
    else if (kind >= BASELINE && kind <= LAST_FRAME && !NO_FRAMES.has(kind)) frame = frameOf(kind, segment);
    else if (kind === START_OF_SCAN) {
      if (frame === undefined || !bytes.includes(Buffer.from([MARKER, END_OF_IMAGE]), at)) throw damaged();
      return { ...factsOf(frame, segment, { hasJfif, adobe }), orientation: orientation ?? 1 };
    }
    at += 2 + length;
  }
}

const EXIF = Buffer.from('Exif\0\0', 'latin1');
const ORIENTATION = 0x0112;
const ENTRY_BYTES = 12;

/** Of the first directory of an Exif segment (TIFF 6.0 2). Undefined: it does not say, or is none. */
function orientationIn(segment: Buffer): number | undefined {
  if (!segment.subarray(0, EXIF.length).equals(EXIF)) return undefined;
  const tiff = segment.subarray(EXIF.length);
  const isLittle = tiff.toString('latin1', 0, 2) === 'II';
  const number = (at: number, length: 2 | 4): number => {
    if (!(at + length <= tiff.length)) return NaN;
    return isLittle ? tiff.readUIntLE(at, length) : tiff.readUIntBE(at, length);
  };
  const directory = number(4, 4);
  for (let entry = 0; entry < number(directory, 2); entry += 1) {
    const at = directory + 2 + entry * ENTRY_BYTES;
    const tag = number(at, 2);
    if (Number.isNaN(tag)) return undefined;
    if (tag === ORIENTATION) return number(at + 8, 2);
  }
  return undefined;
}

function damaged(): Error {
  return cannotBuild('the JPEG is damaged or incomplete');
}

function notPossible(what: string): Error {
  return cannotBuild(`${what} is not possible; save it as baseline JPEG, or as PNG`);
}

function frameOf(kind: number, segment: Buffer): Frame {
  const count = segment[5] ?? 0;
  if (segment.length < 6 + 3 * count) throw damaged();
  const components = Array.from({ length: count }, (_, index) => segment[6 + 3 * index] ?? 0);
  return {
    kind,
    precision: segment[0] ?? 0,
    rows: segment.readUInt16BE(1),
    columns: segment.readUInt16BE(3),
    components,
  };
}

interface Colour {
  readonly hasJfif: boolean;
  readonly adobe: number | undefined;
}

function factsOf(frame: Frame, scan: Buffer, colour: Colour): Omit<JpegFacts, 'orientation'> {
  const { kind, precision, rows, columns, components } = frame;
  if (kind === PROGRESSIVE) throw notPossible('a progressive JPEG');
  if (components.length !== 1 && components.length !== 3)
    throw notPossible(`a JPEG with ${components.length} components`);
  if (rows === 0 || columns === 0) throw notPossible('a JPEG that does not say its size first');
  return {
    rows,
    columns,
    samples: components.length,
    precision,
    transferSyntaxUID: transferSyntaxOf(kind, precision, scan),
    photometricInterpretation: photometricOf(frame, colour),
    isLossy: kind !== LOSSLESS,
  };
}

function transferSyntaxOf(kind: number, precision: number, scan: Buffer): string {
  switch (kind) {
    case BASELINE:
      if (precision === 8) return '1.2.840.10008.1.2.4.50';
      throw damaged();
    case EXTENDED:
      if (precision === 8 || precision === 12) return '1.2.840.10008.1.2.4.51';
      throw damaged();
    case LOSSLESS:
      if (precision < 2 || precision > 16) throw damaged();
      // Selection value 1 of the predictor has a transfer syntax of its own, which more software reads.
      return scan[1 + 2 * (scan[0] ?? 0)] === 1 ? '1.2.840.10008.1.2.4.70' : '1.2.840.10008.1.2.4.57';
    default:
      throw notPossible('a JPEG of this process');
  }
}

/** As the application segments say; without them three components are YCbCr, unless they are named R, G, B or are lossless. */
function photometricOf(
  { kind, components }: Frame,
  { hasJfif, adobe }: Colour,
): JpegFacts['photometricInterpretation'] {
  if (components.length === 1) return 'MONOCHROME2';
  const names = String.fromCharCode(...components);
  const isRgb = adobe === undefined ? !hasJfif && (names === 'RGB' || kind === LOSSLESS) : adobe === 0;
  if (isRgb) return 'RGB';
  // Of lossy ones whatever the factors are (PS3.5 8.2.1): software finds those in the JPEG.
  return kind === LOSSLESS ? 'YBR_FULL' : 'YBR_FULL_422';
}
