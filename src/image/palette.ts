import { type ByteSource, type DataSet } from '../dicom';
import { Tag, wordsOf, bytesOf } from './attributes';
import {
  descriptorOf,
  expandedSegments,
  lookedUp,
  type Lut,
  MOST_SEGMENT_WORDS,
  readLut,
  tableOf,
} from './lut';
import { NoPicture } from './no-picture';

/** Red, green and blue of stored values (PS3.3 C.7.6.3.1.5, C.7.9). */
export type Palette = readonly [red: Lut, green: Lut, blue: Lut];

/** @throws NoPicture where there is none that can be read */
export function paletteOf(dataSet: DataSet, source: ByteSource): Palette {
  const colour = (index: 0 | 1 | 2): Lut => {
    const found =
      readLut(dataSet, Tag.PaletteDescriptor[index], Tag.PaletteData[index], source) ??
      segmented(dataSet, index, source);
    if (found === undefined) throw new NoPicture('it has no palette that can be read');
    return found;
  };
  return [colour(0), colour(1), colour(2)];
}

function segmented(dataSet: DataSet, index: 0 | 1 | 2, source: ByteSource): Lut | undefined {
  const descriptor = descriptorOf(dataSet, Tag.PaletteDescriptor[index]);
  const data = dataSet.find(Tag.SegmentedPaletteData[index]);
  if (descriptor === undefined || data === undefined) return undefined;
  const words =
    descriptor.bits <= 8
      ? Uint16Array.from(bytesOf(data, source, MOST_SEGMENT_WORDS))
      : wordsOf(data, source, MOST_SEGMENT_WORDS);
  return tableOf(descriptor, expandedSegments(words, descriptor.count));
}

/** Of a stored value, 0 to 255. */
export function colourByte(lut: Lut, value: number): number {
  const entry = lookedUp(lut, value);
  // Of 16 bits the upper ones count.
  return lut.most === 0xffff ? entry >> 8 : Math.round((entry * 0xff) / lut.most);
}
