import assert from 'node:assert/strict';
import { Context, NativeCodecs } from 'dcmjs-codecs';
import type { Image } from './encapsulated-object';

/** What encodes without loss: name, transfer syntax, function of the codecs, its options. */
export const SYNTAXES = [
  ['JPEG Lossless', '1.2.840.10008.1.2.4.70', 'encodeJpeg', { lossy: false }],
  ['JPEG-LS', '1.2.840.10008.1.2.4.80', 'encodeJpegLs', { lossy: false }],
  ['JPEG 2000', '1.2.840.10008.1.2.4.90', 'encodeJpeg2000', { lossy: false }],
  ['HTJ2K', '1.2.840.10008.1.2.4.201', 'encodeHtJpeg2000', { lossy: false }],
  ['JPEG XL', '1.2.840.10008.1.2.4.110', 'encodeJpegXl', { lossy: false }],
  ['RLE', '1.2.840.10008.1.2.5', 'encodeRle', {}],
] as const;

export type Encoder = (typeof SYNTAXES)[number][2];

/** A code stream, of an encoder that has nothing to do with our checks. */
export async function encoded(
  image: Image,
  pixels: Buffer,
  encoder: Encoder,
  how: Record<string, unknown> = {},
): Promise<Buffer> {
  if (!NativeCodecs.isInitialized()) await NativeCodecs.initializeAsync();
  const context = new Context({
    width: image.columns,
    height: image.rows,
    bitsAllocated: image.bitsAllocated,
    bitsStored: image.bitsStored ?? image.bitsAllocated,
    samplesPerPixel: image.samples ?? 1,
    pixelRepresentation: image.signed === true ? 1 : 0,
    planarConfiguration: 0,
    photometricInterpretation: image.samples === 3 ? 'RGB' : 'MONOCHROME2',
    decodedBuffer: pixels,
  });
  return Buffer.from(NativeCodecs[encoder](context, how).getEncodedBuffer() ?? assert.fail());
}
