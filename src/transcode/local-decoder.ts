import type { CodedFrame } from './codecs';
import type { Decoder } from './decompress';

/** Decodes in this thread, which is to end some day: the code that does it is loaded with the first frame. */
export class LocalDecoder implements Decoder {
  async decode(frame: CodedFrame): Promise<Uint8Array> {
    const { decodeFrame } = await import('./codecs.js');
    return decodeFrame(frame);
  }
}

/** A JPEG (ISO/IEC 10918-1, baseline) of pixels of 8 bits, row by row. @param samples 1: grey; 3: red, green, blue */
export async function encodeJpeg(picture: {
  rows: number;
  columns: number;
  samples: 1 | 3;
  pixels: Uint8Array;
  /** 1 to 100 */
  quality: number;
}): Promise<Buffer> {
  const { encodePicture } = await import('./codecs.js');
  return encodePicture(picture);
}
