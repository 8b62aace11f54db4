import { encodeFileMeta, IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME } from '../../src/dicom';
import { element, us } from '../dicom/support/encode';

/** An ellipse of a phantom; its centre and half axes as parts of the picture, from -1 to 1. */
type Ellipse = readonly [value: number, x: number, y: number, wide: number, high: number, degrees: number];

/** L. A. Shepp, B. F. Logan, "The Fourier reconstruction of a head section", with more contrast. */
const HEAD: readonly Ellipse[] = [
  [1, 0, 0, 0.69, 0.92, 0],
  [-0.8, 0, -0.0184, 0.6624, 0.874, 0],
  [-0.2, 0.22, 0, 0.11, 0.31, -18],
  [-0.2, -0.22, 0, 0.16, 0.41, 18],
  [0.1, 0, 0.35, 0.21, 0.25, 0],
  [0.1, 0, 0.1, 0.046, 0.046, 0],
  [0.1, 0, -0.1, 0.046, 0.046, 0],
  [0.1, -0.08, -0.605, 0.046, 0.023, 0],
  [0.1, 0.06, -0.605, 0.023, 0.046, 0],
];

export interface Phantom {
  /** Which study, series and object: numbers of UIDs. */
  study: number;
  series: number;
  number: number;
  modality: 'CT' | 'MR';
  /** Pixels of an edge. */
  side?: number;
}

const even = (text: string, pad = ' '): string => (text.length % 2 === 0 ? text : `${text}${pad}`);
const CLASSES = { CT: '1.2.840.10008.5.1.4.1.1.2', MR: '1.2.840.10008.5.1.4.1.1.4' };

function phantom({ study, series, number, modality, side = 256 }: Phantom): {
  uid: string;
  dataSet: Buffer;
} {
  const uid = `2.25.1012034567${study}${series}${number}`;
  const pixels = Buffer.alloc(side * side * 2);
  const size = 1 - (number % 8) * 0.07;
  for (let at = 0; at < side * side; at += 1) {
    const [x, y] = [(2 * (at % side)) / side - 1, 1 - (2 * Math.floor(at / side)) / side];
    pixels.writeUInt16LE(Math.round(1_000 * valueAt(x / size, y / size, modality)), at * 2);
  }
  const [center, width] = modality === 'CT' ? [240, 500] : [500, 1_100];
  const dataSet = Buffer.concat([
    element(0x00080016, 'UI', even(CLASSES[modality], '\0')),
    element(0x00080018, 'UI', even(uid, '\0')),
    element(0x00080060, 'CS', modality),
    element(0x00081030, 'LO', 'Phantom '),
    element(0x0008103e, 'LO', even(`Ellipses, series ${series}`)),
    element(0x00100010, 'PN', 'Phantom '),
    element(0x00100020, 'LO', even(`PHANTOM-${study}`)),
    element(0x0020000d, 'UI', even(`2.25.1012034567${study}`, '\0')),
    element(0x0020000e, 'UI', even(`2.25.1012034567${study}${series}`, '\0')),
    element(0x00200013, 'IS', even(String(number))),
    element(0x00280002, 'US', us(1)),
    element(0x00280004, 'CS', 'MONOCHROME2 '),
    element(0x00280010, 'US', us(side)),
    element(0x00280011, 'US', us(side)),
    element(0x00280100, 'US', us(16)),
    element(0x00280101, 'US', us(12)),
    element(0x00280102, 'US', us(11)),
    element(0x00280103, 'US', us(0)),
    element(0x00281050, 'DS', even(String(center))),
    element(0x00281051, 'DS', even(String(width))),
    element(0x7fe00010, 'OW', pixels),
  ]);
  return { uid, dataSet };
}

/** An image of nobody as a Part 10 file: ellipses, in slices that become smaller. */
export function phantomFile(about: Phantom): Buffer {
  const { uid, dataSet } = phantom(about);
  const meta = encodeFileMeta({
    sopClassUID: CLASSES[about.modality],
    sopInstanceUID: uid,
    transferSyntaxUID: '1.2.840.10008.1.2.1',
    implementationClassUID: IMPLEMENTATION_CLASS_UID,
    implementationVersionName: IMPLEMENTATION_VERSION_NAME,
  });
  return Buffer.concat([meta, dataSet]);
}

function valueAt(x: number, y: number, modality: Phantom['modality']): number {
  let sum = 0;
  for (const [index, [value, left, up, wide, high, degrees]] of HEAD.entries()) {
    const angle = (degrees * Math.PI) / 180;
    const [dx, dy] = [x - left, y - up];
    const along = dx * Math.cos(angle) + dy * Math.sin(angle);
    const across = dy * Math.cos(angle) - dx * Math.sin(angle);
    if ((along / wide) ** 2 + (across / high) ** 2 > 1) continue;
    // What is bone in one is dark in the other.
    sum += modality === 'CT' ? value : ([0.15, 0.35, 0.5, 0.5, -0.25, 0.3, 0.3, -0.2, -0.2][index] ?? 0);
  }
  return Math.max(0, sum);
}
