import { remembered } from '../../basics';

/** Tags are numbers in this folder: group * 65536 + element. */
export const tagOf = (group: number, element: number): number => group * 0x10000 + element;

const HEX: readonly string[] = Array.from({ length: 0x100 }, (_, byte) =>
  byte.toString(16).toUpperCase().padStart(2, '0'),
);
const hexByte = (byte: number): string => HEX[byte & 0xff] ?? '';

/** "GGGGEEEE", eight upper case hexadecimal digits (PS3.18 F.2.2). */
export const tagHex = remembered(
  (tag: number) => hexByte(tag >>> 24) + hexByte(tag >>> 16) + hexByte(tag >>> 8) + hexByte(tag),
);

/** Private data elements have an odd group number (PS3.5 7.8). */
export const isPrivate = (tag: number): boolean => (tag & 0x10000) !== 0;

/** (gggg,0010-00FF) of an odd group reserves a block for a Private Creator (PS3.5 7.8.1). */
export function isPrivateCreator(tag: number): boolean {
  const element = tag & 0xffff;
  return isPrivate(tag) && element >= 0x10 && element <= 0xff;
}

export const TAG = {
  SpecificCharacterSet: 0x00080005,
  SOPClassUID: 0x00080016,
  SOPInstanceUID: 0x00080018,
  StudyInstanceUID: 0x0020000d,
  SeriesInstanceUID: 0x0020000e,
  PixelRepresentation: 0x00280103,
  LUTDescriptor: 0x00283002,
  NumberOfFrames: 0x00280008,
  PixelData: 0x7fe00010,
  FloatPixelData: 0x7fe00008,
  DoubleFloatPixelData: 0x7fe00009,
  Item: 0xfffee000,
  ItemDelimitationItem: 0xfffee00d,
  SequenceDelimitationItem: 0xfffee0dd,
} as const;
