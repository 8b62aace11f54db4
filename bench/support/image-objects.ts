/* eslint-disable no-restricted-imports -- what the tests of src/image use to make objects and to read them */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bufferSource, parseDataSet, readFileMeta, TAG } from '../../src/dicom';
import { type ImagePixels, imagePixelsOf } from '../../src/transcode';
import { encoded as encodedFrame } from '../../test/transcode/encoded';
import { opened } from '../../test/image/comparing';
import { even, nativeObject, part10 } from '../../test/image/image-object';
import { element } from '../../test/dicom/support/encode';
import { encapsulatedObject } from '../../test/transcode/encapsulated-object';

/** A file whose picture is made, and what is special about it. */
export interface ImageObject {
  name: string;
  path: string;
}

const corpus = resolve(__dirname, '..', '..', '..', 'test', 'corpus', 'good');
const CT = join(corpus, 'ct', 'dicom-numpy__CT25.dcm');
const COLOUR = join(corpus, 'sc', 'pydicom-data__HTJ2KLossless_08_RGB.dcm');
const PALETTE = join(corpus, 'us', 'pydicom-data__OBXXXX1A_rle.dcm');
/** Of the colour image, which is 4:3: with 864 rows it has a megapixel, and not more. */
const COLUMNS = '1152';

/** What programs ask for that write objects. */
const STUDY = [
  element(0x0020000d, 'UI', even('2.25.2')),
  element(0x0020000e, 'UI', even('2.25.3')),
  element(0x00080060, 'CS', 'OT'),
];

/** Program and arguments; IN and OUT are files. */
type Command = readonly [name: string, ...command: string[]];

const OF_CT: readonly Command[] = [
  ['CT, explicit little endian', 'dcmconv', '+te', 'IN', 'OUT'],
  ['CT, implicit little endian', 'dcmconv', '+ti', 'IN', 'OUT'],
  ['CT, big endian', 'dcmconv', '+tb', 'IN', 'OUT'],
  ['CT, deflated', 'dcmconv', '+td', 'IN', 'OUT'],
  ['CT, RLE', 'dcmcrle', 'IN', 'OUT'],
  ['CT, JPEG extended (.51)', 'dcmcjpeg', '+ee', '+bt', 'IN', 'OUT'],
  ['CT, JPEG lossless (.57)', 'dcmcjpeg', '+el', 'IN', 'OUT'],
  ['CT, JPEG lossless (.70)', 'dcmcjpeg', '+e1', 'IN', 'OUT'],
  ['CT, JPEG-LS (.80)', 'dcmcjpls', 'IN', 'OUT'],
  ['CT, JPEG 2000 (.90)', 'gdcmconv', '--j2k', 'IN', 'OUT'],
  ['CT, JPEG 2000 (.91)', 'gdcmconv', '--j2k', '--lossy', '--irreversible', '-r', '10', 'IN', 'OUT'],
];

const OF_COLOUR: readonly Command[] = [
  ['RGB', 'dcmconv', '+te', 'IN', 'OUT'],
  ['RGB, plane by plane', 'gdcmconv', '--raw', '--planar-configuration', '1', 'IN', 'OUT'],
  ['RGB, RLE', 'dcmcrle', 'IN', 'OUT'],
  ['RGB, JPEG baseline (.50), 4:2:2', 'dcmcjpeg', '+eb', 'IN', 'OUT'],
  ['RGB, JPEG baseline (.50), 4:4:4', 'dcmcjpeg', '+eb', '+s4', 'IN', 'OUT'],
  ['RGB, JPEG lossless (.70)', 'dcmcjpeg', '+e1', 'IN', 'OUT'],
  ['RGB, JPEG-LS (.80), by line', 'dcmcjpls', 'IN', 'OUT'],
  ['RGB, JPEG-LS (.80), by plane', 'dcmcjpls', '+in', 'IN', 'OUT'],
  ['RGB, JPEG-LS near lossless (.81)', 'dcmcjpls', '+en', 'IN', 'OUT'],
  ['RGB, JPEG 2000 (.90)', 'gdcmconv', '--j2k', 'IN', 'OUT'],
];

const OF_PALETTE: readonly Command[] = [
  ['PALETTE COLOR', 'dcmdrle', 'IN', 'OUT'],
  ['PALETTE COLOR, RLE', 'dcmcrle', 'IN', 'OUT'],
];

/** Native pixels with another Photometric Interpretation, and how they are made: a picture of noise would not be compressed. */
const CALLED: readonly [base: 'ct' | 'colour', photometric: string, made?: (pixels: Buffer) => Buffer][] = [
  ['ct', 'MONOCHROME1'],
  ['colour', 'YBR_FULL', ybrOf],
  ['colour', 'YBR_FULL_422', (rgb) => subsampled(ybrOf(rgb))],
];

const ENCODED = [
  ['HTJ2K (.201)', '1.2.840.10008.1.2.4.201', 'encodeHtJpeg2000', { lossy: false }],
  ['HTJ2K (.203)', '1.2.840.10008.1.2.4.203', 'encodeHtJpeg2000', { lossy: true }],
  ['JPEG XL (.110)', '1.2.840.10008.1.2.4.110', 'encodeJpegXl', { lossy: false }],
  ['JPEG XL (.112)', '1.2.840.10008.1.2.4.112', 'encodeJpegXl', { lossy: true }],
] as const;

/** A CT of 512 × 512, colours of 1152 × 864, and a palette of 800 × 600, in all the forms that there are programs for. */
export async function imageObjects(folder: string): Promise<ImageObject[]> {
  const native = { ct: join(folder, 'ct.dcm'), colour: join(folder, 'colour.dcm') };
  const palette = join(folder, 'palette.dcm');
  run('dcmconv', '+te', CT, native.ct);
  const { cells, columns, rows } = await opened(COLOUR, COLOUR).reader.read(0);
  const small = nativeObject({ rows, columns, samples: 3, bitsAllocated: 8 }, Buffer.from(cells), STUDY);
  writeFileSync(join(folder, 'small.dcm'), small);
  run('dcmscale', '+Sxv', COLUMNS, join(folder, 'small.dcm'), native.colour);
  run('dcmdrle', PALETTE, palette);
  return [
    ...made(folder, native.ct, OF_CT),
    ...made(folder, native.colour, OF_COLOUR),
    ...made(folder, palette, OF_PALETTE),
    ...CALLED.map(([base, photometric, made]) => called(folder, native[base], photometric, made)),
    ...(await encoded(folder, Object.values(native))),
  ];
}

function run(program: string, ...args: string[]): void {
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw error ?? new Error(`${program} ${args.join(' ')}: ${stderr}`);
}

const fileOf = (folder: string, name: string): string =>
  join(folder, `${name.replaceAll(/[^a-z0-9]+/gi, '-')}.dcm`);

function made(folder: string, source: string, commands: readonly Command[]): ImageObject[] {
  return commands.map(([name, program = '', ...args]) => {
    const path = fileOf(folder, name);
    run(program, ...args.map((each) => (each === 'IN' ? source : each === 'OUT' ? path : each)));
    return { name, path };
  });
}

function called(
  folder: string,
  source: string,
  photometric: string,
  made?: (pixels: Buffer) => Buffer,
): ImageObject {
  const path = fileOf(folder, photometric);
  writeFileSync(path, readFileSync(source));
  const changes = ['-m', `PhotometricInterpretation=${photometric}`];
  if (made !== undefined) {
    writeFileSync(join(folder, 'pixels'), made(pixelsOf(source).bytes));
    changes.push('-mf', `PixelData=${join(folder, 'pixels')}`);
  }
  run('dcmodify', '-nb', ...changes, path);
  return { name: photometric, path };
}

/** PS3.3 C.7.6.3.1.2 */
function ybrOf(rgb: Buffer): Buffer {
  const ybr = new Uint8ClampedArray(rgb.length);
  for (let at = 0; at < rgb.length; at += 3) {
    const [r = 0, g = 0, b = 0] = rgb.subarray(at, at + 3);
    ybr[at] = 0.299 * r + 0.587 * g + 0.114 * b;
    ybr[at + 1] = -0.1687 * r - 0.3313 * g + 0.5 * b + 128;
    ybr[at + 2] = 0.5 * r - 0.4187 * g - 0.0813 * b + 128;
  }
  return Buffer.from(ybr.buffer);
}

/** Two pixels each have the colours of the first. */
function subsampled(ybr: Buffer): Buffer {
  const halved = Buffer.alloc((ybr.length * 2) / 3);
  for (let pair = 0; pair < halved.length / 4; pair += 1) {
    const [first = 0, b = 0, r = 0, second = 0] = ybr.subarray(pair * 6, pair * 6 + 4);
    halved.set([first, second, b, r], pair * 4);
  }
  return halved;
}

function pixelsOf(path: string): { bytes: Buffer; image: ImagePixels } {
  const source = bufferSource(readFileSync(path));
  const { transferSyntaxUID, dataSetOffset: offset } = readFileMeta(source);
  const dataSet = parseDataSet(source, { transferSyntaxUID, offset });
  const image = imagePixelsOf(dataSet);
  const element = dataSet.root.find(TAG.PixelData);
  if (element === undefined) throw new Error(`${path} has no pixels`);
  const { rows, columns, samples, bitsAllocated } = image;
  return { image, bytes: source.read(element.offset, (rows * columns * samples * bitsAllocated) / 8) };
}

async function encoded(folder: string, sources: readonly string[]): Promise<ImageObject[]> {
  const made: ImageObject[] = [];
  for (const [what, uid, encoder, how] of ENCODED)
    for (const source of sources) {
      const { bytes, image } = pixelsOf(source);
      const isColour = image.samples === 3;
      const frame = await encodedFrame(image, bytes, encoder, how);
      const name = `${isColour ? 'RGB' : 'CT'}, ${what}`;
      const path = fileOf(folder, name);
      const photometric = isColour && what.startsWith('HTJ2K') ? 'YBR_RCT' : image.photometric;
      writeFileSync(path, part10(encapsulatedObject({ ...image, photometric }, [frame]), uid));
      made.push({ name, path });
    }
  return made;
}
