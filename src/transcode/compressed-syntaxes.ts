import type { Codec } from './codecs';

/** What is known of a transfer syntax that we decompress. */
export interface CompressedSyntax {
  readonly codec: Codec | 'rle';
  /** All of its code streams give back every bit. */
  readonly lossless: boolean;
  /** Lossy Image Compression Method (PS3.3 C.7.6.1.1.5). */
  readonly method: string;
}

const JPEG = 'ISO_10918_1';
const JPEG_LS = 'ISO_14495_1';
const JPEG_2000 = 'ISO_15444_1';
const JPEG_XL = 'ISO_18181_1';
const HTJ2K = 'ISO_15444_15';

const syntax = (codec: CompressedSyntax['codec'], lossless: boolean, method = ''): CompressedSyntax => ({
  codec,
  lossless,
  method,
});

const SYNTAXES: ReadonlyMap<string, CompressedSyntax> = new Map([
  ['1.2.840.10008.1.2.5', syntax('rle', true)],
  ['1.2.840.10008.1.2.4.50', syntax('jpeg', false, JPEG)],
  ['1.2.840.10008.1.2.4.51', syntax('jpeg', false, JPEG)],
  ['1.2.840.10008.1.2.4.53', syntax('jpeg', false, JPEG)],
  ['1.2.840.10008.1.2.4.55', syntax('jpeg', false, JPEG)],
  ['1.2.840.10008.1.2.4.57', syntax('jpeg', true, JPEG)],
  ['1.2.840.10008.1.2.4.70', syntax('jpeg', true, JPEG)],
  ['1.2.840.10008.1.2.4.80', syntax('jpeg-ls', true, JPEG_LS)],
  ['1.2.840.10008.1.2.4.81', syntax('jpeg-ls', false, JPEG_LS)],
  ['1.2.840.10008.1.2.4.90', syntax('jpeg-2000', true, JPEG_2000)],
  ['1.2.840.10008.1.2.4.91', syntax('jpeg-2000', false, JPEG_2000)],
  // Not those of JPEG XL that may lose something: what they are decoded to depends on the decoder.
  ['1.2.840.10008.1.2.4.110', syntax('jpeg-xl', true, JPEG_XL)],
  ['1.2.840.10008.1.2.4.201', syntax('htj2k', true, HTJ2K)],
  ['1.2.840.10008.1.2.4.202', syntax('htj2k', true, HTJ2K)],
  ['1.2.840.10008.1.2.4.203', syntax('htj2k', false, HTJ2K)],
]);

const SHOWN_ONLY: ReadonlyMap<string, CompressedSyntax> = new Map([
  ['1.2.840.10008.1.2.4.111', syntax('jpeg-xl', false, JPEG_XL)],
  ['1.2.840.10008.1.2.4.112', syntax('jpeg-xl', false, JPEG_XL)],
]);

/** Undefined: we do not decompress it. */
export function compressedSyntax(transferSyntaxUID: string): CompressedSyntax | undefined {
  return SYNTAXES.get(transferSyntaxUID);
}

/** As `compressedSyntax`, with those of which a picture is good enough. Undefined: we do not decode it. */
export function shownSyntax(transferSyntaxUID: string): CompressedSyntax | undefined {
  return SYNTAXES.get(transferSyntaxUID) ?? SHOWN_ONLY.get(transferSyntaxUID);
}
