import { element, marker, sequenceEnd, UNDEFINED, us } from '../dicom/support/encode';

export interface Image {
  rows: number;
  columns: number;
  samples?: number;
  bitsAllocated: number;
  bitsStored?: number;
  signed?: boolean;
  photometric?: string;
  planar?: boolean;
  frames?: number;
}

/** A data set in explicit VR little endian whose pixel data is encapsulated in these fragments. */
export function encapsulatedObject(
  image: Image,
  fragments: readonly Uint8Array[],
  others: Buffer[] = [],
  offsetTable: Buffer = Buffer.alloc(0),
): Buffer {
  const { rows, columns, samples = 1, bitsAllocated, bitsStored = bitsAllocated, frames = 1 } = image;
  const photometric = image.photometric ?? (samples === 1 ? 'MONOCHROME2 ' : 'RGB ');
  const items = fragments.map((each) => {
    const even = Buffer.concat([each, Buffer.alloc(each.length % 2)]);
    return marker(0xe000, even.length, even);
  });
  return Buffer.concat([
    element(0x00100020, 'LO', 'P1'),
    element(0x00280002, 'US', us(samples)),
    element(0x00280004, 'CS', photometric.length % 2 === 0 ? photometric : `${photometric} `),
    ...(samples > 1 ? [element(0x00280006, 'US', us(image.planar === true ? 1 : 0))] : []),
    element(0x00280008, 'IS', String(frames).padEnd(2)),
    element(0x00280010, 'US', us(rows)),
    element(0x00280011, 'US', us(columns)),
    element(0x00280100, 'US', us(bitsAllocated)),
    element(0x00280101, 'US', us(bitsStored)),
    element(0x00280102, 'US', us(bitsStored - 1)),
    element(0x00280103, 'US', us(image.signed === true ? 1 : 0)),
    ...others,
    element(
      0x7fe00010,
      'OB',
      Buffer.concat([marker(0xe000, offsetTable.length, offsetTable), ...items, sequenceEnd]),
      {
        length: UNDEFINED,
      },
    ),
    element(0xfffcfffc, 'OB', Buffer.alloc(2)),
  ]);
}
