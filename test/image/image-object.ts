import assert from 'node:assert/strict';
import { encodeFileMeta, IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME } from '../../src/dicom';
import { readPng, type Pixels } from '../../src/dicom/build/png';
import type { PictureTask } from '../../src/image';
import { pictures } from '../../src/image/pictures';
import { element, us } from '../dicom/support/encode';

const EXPLICIT = '1.2.840.10008.1.2.1';
const SECONDARY_CAPTURE = '1.2.840.10008.5.1.4.1.1.7';

export interface NativeImage {
  rows?: number;
  columns: number;
  samples?: number;
  bitsAllocated?: number;
  bitsStored?: number;
  highBit?: number;
  signed?: boolean;
  photometric?: string;
  planar?: boolean;
  frames?: number;
  /** Float Pixel Data or Double Float Pixel Data instead. */
  pixelTag?: number;
}

/** A Part 10 object of native pixels in explicit VR little endian. @param others elements, in any order */
export function nativeObject(image: NativeImage, pixels: Buffer, others: Buffer[] = []): Buffer {
  const {
    rows = 1,
    columns,
    samples = 1,
    bitsAllocated = 16,
    bitsStored = bitsAllocated,
    frames = 1,
  } = image;
  const { photometric = samples === 1 ? 'MONOCHROME2' : 'RGB', pixelTag = 0x7fe00010 } = image;
  const isFloat = pixelTag !== 0x7fe00010;
  const vr = pixelTag === 0x7fe00008 ? 'OF' : pixelTag === 0x7fe00009 ? 'OD' : 'OW';
  const elements = [
    element(0x00280002, 'US', us(samples)),
    element(0x00280004, 'CS', even(photometric)),
    ...(samples > 1 ? [element(0x00280006, 'US', us(image.planar === true ? 1 : 0))] : []),
    element(0x00280008, 'IS', even(String(frames))),
    element(0x00280010, 'US', us(rows)),
    element(0x00280011, 'US', us(columns)),
    element(0x00280100, 'US', us(bitsAllocated)),
    ...(isFloat
      ? []
      : [
          element(0x00280101, 'US', us(bitsStored)),
          element(0x00280102, 'US', us(image.highBit ?? bitsStored - 1)),
          element(0x00280103, 'US', us(image.signed === true ? 1 : 0)),
        ]),
    ...others,
    element(pixelTag, vr, Buffer.concat([pixels, Buffer.alloc(pixels.length % 2)])),
  ];
  return part10(Buffer.concat(elements.sort((a, b) => tagIn(a) - tagIn(b))));
}

const tagIn = (bytes: Buffer): number => bytes.readUInt16LE(0) * 0x10000 + bytes.readUInt16LE(2);
export const even = (text: string): string => (text.length % 2 === 0 ? text : `${text} `);

/** A data set with what every object has. */
export function part10(
  dataSet: Buffer,
  transferSyntaxUID = EXPLICIT,
  sopClassUID = SECONDARY_CAPTURE,
): Buffer {
  const meta = encodeFileMeta({
    sopClassUID,
    sopInstanceUID: '2.25.1',
    transferSyntaxUID,
    implementationClassUID: IMPLEMENTATION_CLASS_UID,
    implementationVersionName: IMPLEMENTATION_VERSION_NAME,
  });
  const uids = [
    element(0x00080016, 'UI', sopClassUID.length % 2 === 0 ? sopClassUID : `${sopClassUID}\0`),
    element(0x00080018, 'UI', '2.25.1'),
  ];
  return Buffer.concat([meta, ...uids, dataSet]);
}

export const AS_IT_IS: PictureTask = {
  format: 'png',
  frame: 'first',
  longestEdge: 0,
  window: { kind: 'object' },
  overlays: false,
};

/** The pixels of an object's picture. */
export async function shown(object: Buffer, task: Partial<PictureTask> = {}): Promise<Pixels> {
  const { pictures: made } = await pictures({ place: { kind: 'bytes', bytes: object } }, undefined, {
    ...AS_IT_IS,
    ...task,
  });
  const [picture = assert.fail('there is a picture')] = made;
  assert.equal(picture.mediaType, 'image/png');
  return readPng(Buffer.from(picture.data));
}

/** The values of a picture of one row, or of all rows. */
export async function values(object: Buffer, task: Partial<PictureTask> = {}): Promise<number[]> {
  return [...(await shown(object, task)).data];
}
