import { elementHeader, encodeItem } from '../change';
import { encodingOf, UNDEFINED_LENGTH } from '../read';
import { EXPLICIT_VR_LITTLE_ENDIAN, TAG, transferSyntax, type Vr, VR } from '../standard';

/** All that is built is so, also around compressed pixel data (PS3.5 A.4). */
export const ENCODING = encodingOf(transferSyntax(EXPLICIT_VR_LITTLE_ENDIAN));

/** The header of an element with a value of this many bytes; undefined: it is delimited. */
export function headerOf(tag: number, vr: Vr, length: number | undefined): Buffer {
  return elementHeader(tag, vr, length ?? UNDEFINED_LENGTH, ENCODING);
}

/** Behind fragments. */
export const DELIMITER = Buffer.from([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0]);

/** Compressed pixel data, as an attribute of an object that is to be built. */
export class CompressedFrame {
  constructor(
    readonly bytes: Uint8Array,
    readonly transferSyntaxUID: string,
  ) {}

  /** One frame in one fragment, without an offset table (PS3.5 A.4). */
  element(): Buffer {
    const { buffer, byteOffset, length } = this.bytes;
    const padding = Buffer.alloc(length % 2);
    const fragment = encodeItem([Buffer.from(buffer, byteOffset, length), padding]);
    return Buffer.concat([headerOf(TAG.PixelData, VR.OB, undefined), encodeItem([]), fragment, DELIMITER]);
  }
}
