import { cannotBuild } from './build-errors';

type JsonObject = Readonly<Record<string, unknown>>;

/** What pixels are whose attributes are not given: bytes of a pixel. */
const KINDS: Readonly<Record<number, { samples: number; bits: number }>> = {
  1: { samples: 1, bits: 8 },
  2: { samples: 1, bits: 16 },
  3: { samples: 3, bits: 8 },
};

const NAMES = ['Rows', 'Columns', 'NumberOfFrames', 'SamplesPerPixel', 'BitsAllocated'] as const;

/**
 * Image Pixel Module (PS3.3 C.7.6.3) for pixels that are a Buffer, by keyword: what is not given and follows from Rows, Columns
 * and the number of bytes. Nothing where the pixels are no Buffer, or the attributes are given by tags.
 * @throws DicomError `cannot-build` where they do not fit each other
 */
export function pixelDefaults(given: JsonObject): JsonObject {
  const pixels = given['PixelData'];
  if (!(pixels instanceof Uint8Array)) return {};
  const [rows, columns, frames = 1, samples, bits] = NAMES.map((name) => numberIn(given[name]));
  if (rows === undefined || columns === undefined)
    throw cannotBuild('PixelData: pixels in a Buffer need Rows and Columns');
  const perPixel = pixels.length / (rows * columns * frames);
  const kind = KINDS[perPixel];
  if (kind === undefined && (samples === undefined || bits === undefined))
    throw cannotBuild(
      `PixelData: ${pixels.length} bytes are not 1, 2 or 3 bytes for each pixel; correct Rows and Columns, or give SamplesPerPixel and BitsAllocated`,
    );
  const samplesPerPixel = samples ?? kind?.samples ?? 1;
  const allocated = bits ?? kind?.bits ?? 8;
  // One of the two that is given may contradict what the number of bytes stands for.
  const expected = Math.ceil((rows * columns * frames * samplesPerPixel * allocated) / 8);
  if (pixels.length - expected > 1 || pixels.length < expected)
    throw cannotBuild(
      `PixelData: Rows, Columns and the other attributes make ${expected} bytes, not ${pixels.length}`,
    );
  const stored = numberIn(given['BitsStored']) ?? allocated;
  return {
    SamplesPerPixel: samplesPerPixel,
    PhotometricInterpretation: samplesPerPixel === 1 ? 'MONOCHROME2' : 'RGB',
    ...(samplesPerPixel > 1 && { PlanarConfiguration: 0 }),
    BitsAllocated: allocated,
    BitsStored: stored,
    HighBit: stored - 1,
    PixelRepresentation: 0,
  };
}

/** Also as text, as in CommonFields of other software. Undefined: it is not given, or none. */
function numberIn(value: unknown): number | undefined {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) && number > 0 ? number : undefined;
}
