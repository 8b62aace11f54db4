import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeFileMeta } from '../../../src/dicom';

const EXPLICIT = '1.2.840.10008.1.2.1';
const CT = '1.2.840.10008.5.1.4.1.1.2';

/** An element of explicit VR little endian with a short length. */
function element(group: number, tag: number, vr: string, text: string): Buffer {
  const padding = text.length % 2 === 0 ? '' : vr === 'UI' ? '\0' : ' ';
  const value = Buffer.from(text + padding, 'latin1');
  const header = Buffer.alloc(8);
  header.writeUInt16LE(group, 0);
  header.writeUInt16LE(tag, 2);
  header.write(vr, 4, 'latin1');
  header.writeUInt16LE(value.length, 6);
  return Buffer.concat([header, value]);
}

export interface SliceOptions {
  pixelBytes?: number;
  /** Of the study: YYYYMMDD. */
  date?: string;
}

/** The data set of a small CT slice, object `number` of the one series of the study. */
export function slice(
  study: string,
  number: number,
  { pixelBytes = 512, date = '20260101' }: SliceOptions = {},
): Buffer {
  const pixels = Buffer.alloc(12 + pixelBytes, number);
  pixels.writeUInt16LE(0x7fe0, 0);
  pixels.writeUInt16LE(0x0010, 2);
  pixels.write('OW\0\0', 4, 'latin1');
  pixels.writeUInt32LE(pixelBytes, 8);
  return Buffer.concat([
    element(0x0008, 0x0016, 'UI', CT),
    element(0x0008, 0x0018, 'UI', `${study}.1.${number}`),
    element(0x0008, 0x0020, 'DA', date),
    element(0x0008, 0x0030, 'TM', '120000'),
    element(0x0008, 0x0050, 'SH', `ACC${study.slice(-1)}`),
    element(0x0008, 0x0060, 'CS', 'CT'),
    element(0x0010, 0x0010, 'PN', 'Doe^Jane'),
    element(0x0010, 0x0020, 'LO', 'P1'),
    element(0x0020, 0x000d, 'UI', study),
    element(0x0020, 0x000e, 'UI', `${study}.1`),
    element(0x0020, 0x0010, 'SH', '1'),
    element(0x0020, 0x0011, 'IS', '1'),
    element(0x0020, 0x0013, 'IS', String(number)),
    pixels,
  ]);
}

/** Part 10 files of a study with one series of so many slices, in this folder. Returns their paths. */
export function madeStudy(folder: string, study: string, slices: number, options?: SliceOptions): string[] {
  return Array.from({ length: slices }, (_, at) => {
    const number = at + 1;
    const path = join(folder, `${study}.1.${number}.dcm`);
    const meta = encodeFileMeta({
      sopClassUID: CT,
      sopInstanceUID: `${study}.1.${number}`,
      transferSyntaxUID: EXPLICIT,
      implementationClassUID: '1.2.3',
      implementationVersionName: 'TEST',
    });
    writeFileSync(path, Buffer.concat([meta, slice(study, number, options)]));
    return path;
  });
}
