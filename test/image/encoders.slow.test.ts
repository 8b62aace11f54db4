import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { storedOf, type Frame } from '../../src/image/frame';
import type { WindowChoice } from '../../src/image/grey';
import { decodeFrame } from '../../src/transcode/codecs';
import { element, item, us } from '../dicom/support/encode';
import { needs } from '../support/machine/needs';
import { ComparisonTable, difference, opened, readPnm, rgb } from './comparing';
import { even, nativeObject, type NativeImage } from './image-object';

/*
 * What no corpus has enough of: objects that DCMTK's and GDCM's encoders make of known pixels, in all the forms that they have. The
 * table of all of it is .test-artefacts/images-encoded.md.
 */

const folder = mkdtempSync(join(tmpdir(), 'image-encoders-'));
const table = new ComparisonTable('images-encoded');
const [ROWS, COLUMNS] = [96, 130];

/** Smooth, with an edge, and some noise. */
function scene(most: number, least = 0, samples = 1, frames = 1): number[] {
  const values: number[] = [];
  for (let frame = 0; frame < frames; frame += 1)
    for (let row = 0; row < ROWS; row += 1)
      for (let column = 0; column < COLUMNS; column += 1)
        for (let sample = 0; sample < samples; sample += 1) {
          const wave = Math.sin((row * (sample + 1)) / 17) * Math.cos((column + frame * 9) / 23);
          const edge = (row - 48) ** 2 + (column - 60) ** 2 < 700 ? 0.4 : 0;
          const noise = ((row * 7 + column * 13 + sample * 5) % 11) / 400;
          const share = Math.min(1, Math.max(0, 0.3 + wave * 0.25 + edge + noise));
          values.push(Math.round(least + share * (most - least)));
        }
  return values;
}

const bytes = (values: number[]): Buffer => Buffer.from(values.map((value) => value & 0xff));
const words = (values: number[]): Buffer => {
  const buffer = Buffer.alloc(values.length * 2);
  values.forEach((value, at) => buffer.writeUInt16LE(value & 0xffff, at * 2));
  return buffer;
};

const SHAPE = { rows: ROWS, columns: COLUMNS };
const STUDY = [
  element(0x0020000d, 'UI', even('2.25.2')),
  element(0x0020000e, 'UI', even('2.25.3')),
  element(0x00080060, 'CS', 'OT'),
];
const SOURCES: Readonly<Record<string, [NativeImage, Buffer]>> = {
  'grey of 8 bits': [{ ...SHAPE, bitsAllocated: 8 }, bytes(scene(255))],
  'grey of 12 bits': [{ ...SHAPE, bitsStored: 12 }, words(scene(4_095))],
  'grey of 16 signed bits': [{ ...SHAPE, signed: true }, words(scene(20_000, -20_000))],
  'three frames of 12 bits': [{ ...SHAPE, bitsStored: 12, frames: 3 }, words(scene(4_095, 0, 1, 3))],
  RGB: [{ ...SHAPE, samples: 3, bitsAllocated: 8 }, bytes(scene(255, 0, 3))],
  'RGB of 12 bits': [{ ...SHAPE, samples: 3, bitsStored: 12 }, words(scene(4_095, 0, 3))],
  'RGB of 16 bits': [{ ...SHAPE, samples: 3 }, words(scene(65_535, 0, 3))],
  'two frames of RGB': [{ ...SHAPE, samples: 3, bitsAllocated: 8, frames: 2 }, bytes(scene(255, 0, 3, 2))],
};

const pathOf = (name: string): string => join(folder, `${name.replaceAll(/[^a-z0-9]+/gi, '-')}.dcm`);

function written(name: string, image: NativeImage, pixels: Buffer, others: Buffer[] = []): string {
  const path = pathOf(name);
  writeFileSync(path, nativeObject(image, pixels, [...STUDY, ...others]));
  return path;
}

/** @returns whether the program could do it */
function ran(program: string, options: readonly string[], from: string, to: string): boolean {
  rmSync(to, { force: true });
  return spawnSync(program, [...options, from, to], { stdio: 'ignore' }).status === 0;
}

const stored = ({ cells, bits }: Frame): Float64Array => Float64Array.from(cells, storedOf(bits));

type Encoder = readonly [program: string, ...options: string[]];

const LOSSLESS: readonly Encoder[] = [
  ['dcmconv', '+ti'],
  ['dcmconv', '+tb'],
  ['dcmconv', '+td'],
  ['dcmcrle'],
  ['dcmcrle', '+fs', '1'],
  ['dcmcjpeg', '+e1'],
  ['dcmcjpeg', '+el', '+sv', '1'],
  ['dcmcjpeg', '+el', '+sv', '7', '+fs', '1'],
  ['dcmcjpeg', '+e1', '+fs', '1', '-ot'],
  ['dcmcjpls', '+il'],
  ['dcmcjpls', '+is'],
  ['dcmcjpls', '+in', '+fs', '1'],
  ['dcmcjpls', '+fs', '1', '-ot'],
  ['gdcmconv', '--rle'],
  ['gdcmconv', '--jpeg'],
  ['gdcmconv', '--jpegls'],
  ['gdcmconv', '--j2k'],
  ['gdcmconv', '--j2k', '--tile', '64,64'],
];

/** Grey within 1, colours as the issue has it: beside DCMTK's decoder, before any colour is converted. */
const LOSSY: readonly Encoder[] = [
  ['dcmcjpeg', '+eb', '+s4'],
  ['dcmcjpeg', '+eb', '+s2'],
  ['dcmcjpeg', '+eb', '+n2'],
  ['dcmcjpeg', '+eb', '+n1'],
  ['dcmcjpeg', '+eb', '+cr'],
  ['dcmcjpeg', '+ee', '+be', '+s4'],
  ['dcmcjpeg', '+ee', '+bt'],
  ['dcmcjpeg', '+es', '+be', '+s4'],
  ['dcmcjpeg', '+ep', '+be', '+s4'],
  ['dcmcjpeg', '+ep', '+be', '+s2'],
  ['dcmcjpeg', '+ep', '+bt'],
];

const DEEP = /RGB of 1/;
const UNSUBSAMPLED = /\+s4|\+cr|\+bt/;

describe('what DCMTK and GDCM encode', { skip: needs('dcmtk', 'gdcm') }, () => {
  const natives = new Map<string, string>();
  before(() => {
    for (const [name, [image, pixels]] of Object.entries(SOURCES))
      natives.set(name, written(name, image, pixels));
  });
  after(() => {
    rmSync(folder, { recursive: true });
    table.write();
  });

  it('without loss is decoded to what was encoded, bit by bit', async () => {
    const wrong: string[] = [];
    let compared = 0;
    for (const [name, native] of natives)
      for (const [program, ...options] of LOSSLESS) {
        const what = [program, ...options].join(' ');
        const path = join(folder, 'encoded.dcm');
        if (!ran(program, options, native, path)) {
          table.row(name, what, 'does not encode it');
          continue;
        }
        const [ours, before] = [opened(name, path), opened(name, native)];
        if (DEEP.test(name) && options.includes('--j2k')) {
          await assert.rejects(ours.reader.read(0), /its colours have more than 8 bits/);
          table.row(name, what, 'no picture', 'OpenJPEG as it is in dcmjs-codecs mixes the colours up');
          continue;
        }
        for (let frame = 0; frame < before.reader.image.frames; frame += 1) {
          const { most } = difference(
            stored(await ours.reader.read(frame)),
            stored(await before.reader.read(frame)),
          );
          compared += 1;
          table.row(name, `${what}, frame ${frame + 1}`, `at most ${most}`);
          if (most > 0) wrong.push(`${name}, ${what}: ${most}`);
        }
      }
    assert.deepEqual(wrong, []);
    assert.ok(compared > 100, `${compared} frames`);
  });

  it('with loss is decoded as DCMTK decodes it', async () => {
    const wrong: string[] = [];
    let compared = 0;
    for (const [name, native] of natives)
      for (const [program, ...options] of LOSSY) {
        const what = [program, ...options].join(' ');
        const [path, decoded] = [join(folder, 'encoded.dcm'), join(folder, 'decoded.dcm')];
        if (!ran(program, options, native, path) || !ran('dcmdjpeg', ['+cn'], path, decoded)) {
          table.row(name, what, 'is not encoded, or not decoded');
          continue;
        }
        // As the components are coded.
        const ours = opened(name, path, (frame) => decodeFrame({ ...frame, toRgb: false }));
        const theirs = opened(name, decoded);
        const isExact = ours.reader.image.samples === 1 || UNSUBSAMPLED.test(what);
        for (let frame = 0; frame < ours.reader.image.frames; frame += 1) {
          const { most, mean } = difference(
            stored(await ours.reader.read(frame)),
            stored(await theirs.reader.read(frame)),
          );
          compared += 1;
          table.row(name, `${what}, frame ${frame + 1}`, `at most ${most}, mean ${mean.toFixed(3)}`);
          if (isExact ? most > 1 : mean > 1) wrong.push(`${name}, ${what}: ${most}, mean ${mean}`);
        }
      }
    assert.deepEqual(wrong, []);
    assert.ok(compared > 30, `${compared} frames`);
  });

  it('with loss as JPEG-LS or JPEG 2000 is decoded as DCMTK and GDCM decode it', async () => {
    const ways = [
      ['dcmcjpls', ['+en'], 'dcmdjpls', [], 0],
      ['dcmcjpls', ['+en', '+md', '5'], 'dcmdjpls', [], 0],
      ['gdcmconv', ['--j2k', '--lossy', '--irreversible', '-r', '8'], 'gdcmconv', ['--raw'], 1],
    ] as const;
    const wrong: string[] = [];
    let compared = 0;
    for (const [name, native] of natives)
      for (const [program, options, decoder, decoding, most] of ways) {
        const what = [program, ...options].join(' ');
        if (DEEP.test(name) && program === 'gdcmconv') continue;
        const [path, decoded] = [join(folder, 'encoded.dcm'), join(folder, 'decoded.dcm')];
        if (!ran(program, options, native, path) || !ran(decoder, decoding, path, decoded)) {
          table.row(name, what, 'is not encoded, or not decoded');
          continue;
        }
        const found = difference(
          stored(await opened(name, path).reader.read(0)),
          stored(await opened(name, decoded).reader.read(0)),
        );
        compared += 1;
        table.row(name, what, `at most ${found.most}, mean ${found.mean.toFixed(3)}`);
        if (found.most > most) wrong.push(`${name}, ${what}: ${found.most}`);
      }
    assert.deepEqual(wrong, []);
    assert.ok(compared > 8, `${compared} images`);
  });

  it('is seen as dcmj2pnm shows it, within one grey level', async () => {
    const wrong: string[] = [];
    for (const { name, object, options = [], window = OWN, frame = 0, overlays = false, cause } of SEEN) {
      const [path, shown] = [pathOf(name), join(folder, 'shown.pnm')];
      writeFileSync(path, object);
      const args = ['+op', '+F', String(frame + 1), ...(overlays ? [] : ['-O']), ...options];
      if (!ran('dcmj2pnm', args, path, shown)) {
        table.row(name, 'dcmj2pnm', 'does not show it');
        wrong.push(`${name}: dcmj2pnm does not show it`);
        continue;
      }
      const ours = rgb(await opened(name, path).raster(window, frame, overlays));
      const { most, mean } = difference(ours, rgb(readPnm(shown)));
      table.row(name, `dcmj2pnm ${args.join(' ')}`, `at most ${most}, mean ${mean.toFixed(3)}`, cause);
      if (most > (cause === undefined ? 1 : 2)) wrong.push(`${name}: ${most}, mean ${mean}`);
    }
    assert.deepEqual(wrong, []);
  });
});

const OWN: WindowChoice = { kind: 'object' };

interface Seen {
  name: string;
  object: Buffer;
  options?: string[];
  window?: WindowChoice;
  frame?: number;
  overlays?: boolean;
  /** Why it is another one by two levels. */
  cause?: string;
}

const CUT_OFF = 'DCMTK cuts off the fractions of each product of the conversion to RGB';

const native = (image: Omit<NativeImage, 'columns'>, pixels: Buffer, others: Buffer[] = []): Buffer =>
  nativeObject({ ...SHAPE, ...image }, pixels, [...STUDY, ...others]);
const longs = (values: number[]): Buffer => {
  const buffer = Buffer.alloc(values.length * 4);
  values.forEach((value, at) => buffer.writeUInt32LE(value, at * 4));
  return buffer;
};
const ds = (tag: number, value: number): Buffer => element(tag, 'DS', even(String(value)));
const windowOf = (center: number, width: number): Buffer[] => [ds(0x00281050, center), ds(0x00281051, width)];
const sq = (tag: number, ...items: Buffer[]): Buffer => element(tag, 'SQ', Buffer.concat(items));
const planes = (values: number[]): number[] =>
  [0, 1, 2].flatMap((sample) => values.filter((_, at) => at % 3 === sample));
/** Two pixels of 4:2:2 as Y, Y, CB, CR. */
const subsampled = (values: number[]): number[] => {
  const pairs: number[] = [];
  for (let at = 0; at + 5 < values.length; at += 6)
    pairs.push(values[at] ?? 0, values[at + 3] ?? 0, values[at + 1] ?? 0, values[at + 2] ?? 0);
  return pairs;
};
const LUT = item(
  element(0x00283002, 'US', us(64, 1_000, 8)),
  element(0x00283006, 'OW', us(...Array.from({ length: 64 }, (_, at) => Math.round((at / 63) ** 2 * 255)))),
);
const overlay = (others: Buffer[]): Buffer[] => [
  element(0x60000010, 'US', us(ROWS)),
  element(0x60000011, 'US', us(COLUMNS)),
  element(0x60000040, 'CS', 'G '),
  element(0x60000050, 'SS', us(1, 1)),
  ...others,
];
const LINES = Buffer.from(
  Array.from({ length: Math.ceil((ROWS * COLUMNS) / 16) * 2 }, (_, at) => (at % 5 === 0 ? 0x5a : 0)),
);
const REPLACED = ['+O', '0', '+Omr', '+Osf', '1'];

const SEEN: readonly Seen[] = [
  {
    name: 'MONOCHROME1',
    object: native(
      { bitsStored: 12, photometric: 'MONOCHROME1' },
      words(scene(4_095)),
      windowOf(2_000, 3_000),
    ),
    options: ['+Wi', '1'],
  },
  {
    name: 'Presentation LUT Shape INVERSE',
    object: native({ bitsStored: 12 }, words(scene(4_095)), [
      ...windowOf(2_000, 3_000),
      element(0x20500020, 'CS', even('INVERSE')),
    ]),
    options: ['+Wi', '1'],
  },
  {
    name: 'rescale',
    object: native({ bitsStored: 12 }, words(scene(4_095)), [
      ...windowOf(500, 900),
      ds(0x00281052, -1_024),
      ds(0x00281053, 1.5),
    ]),
    options: ['+Wi', '1'],
  },
  {
    name: 'Modality LUT',
    object: native({ bitsStored: 12 }, words(scene(4_095)), [...windowOf(128, 256), sq(0x00283000, LUT)]),
    options: ['+Wi', '1'],
  },
  {
    name: 'VOI LUT',
    object: native({ bitsStored: 12 }, words(scene(4_095)), [sq(0x00283010, LUT)]),
    options: ['+Wl', '1'],
  },
  {
    name: 'high bit above those stored',
    object: native(
      { bitsStored: 12, highBit: 15 },
      words(scene(4_095).map((value) => value << 4)),
      windowOf(2_000, 3_000),
    ),
    options: ['+Wi', '1'],
  },
  {
    name: '32 bits',
    object: native(
      { bitsAllocated: 32 },
      longs(scene(4_000_000_000)),
      windowOf(2_000_000_000, 3_000_000_000),
    ),
    options: ['+Wi', '1'],
  },
  {
    name: '32 bits, signed',
    object: native(
      { bitsAllocated: 32, signed: true },
      longs(scene(2_000_000_000, -2_000_000_000).map((value) => value >>> 0)),
      windowOf(0, 3_000_000_000),
    ),
    options: ['+Wi', '1'],
  },
  {
    name: '4 bits in 8',
    object: native({ bitsAllocated: 8, bitsStored: 4 }, bytes(scene(15)), windowOf(7, 12)),
    options: ['+Wi', '1'],
  },
  {
    name: 'RGB, plane by plane',
    object: native({ samples: 3, bitsAllocated: 8, planar: true }, bytes(planes(scene(255, 0, 3)))),
  },
  { name: 'RGB of 16 bits', object: native({ samples: 3, bitsAllocated: 16 }, words(scene(65_535, 0, 3))) },
  {
    cause: CUT_OFF,
    name: 'YBR_FULL',
    object: native({ samples: 3, bitsAllocated: 8, photometric: 'YBR_FULL' }, bytes(scene(255, 0, 3))),
  },
  {
    cause: CUT_OFF,
    name: 'YBR_FULL_422',
    object: native(
      { samples: 3, bitsAllocated: 8, photometric: 'YBR_FULL_422' },
      bytes(subsampled(scene(255, 0, 3))),
    ),
  },
  {
    name: 'a window for each frame',
    frame: 1,
    object: native({ bitsStored: 12, frames: 3 }, words(scene(4_095, 0, 1, 3)), [
      sq(0x52009229, item()),
      sq(
        0x52009230,
        ...[3_000, 1_000, 500].map((center) => item(sq(0x00289132, item(...windowOf(center, 700))))),
      ),
    ]),
    options: ['+Ww', '1000', '700'],
  },
  {
    name: 'an overlay',
    overlays: true,
    object: native({ bitsStored: 12 }, words(scene(4_095)), [
      ...windowOf(2_000, 3_000),
      ...overlay([
        element(0x60000100, 'US', us(1)),
        element(0x60000102, 'US', us(0)),
        element(0x60003000, 'OW', LINES),
      ]),
    ]),
    options: ['+Wi', '1', ...REPLACED],
  },
  {
    name: 'an overlay in unused bits',
    overlays: true,
    object: native(
      { bitsStored: 12 },
      words(scene(4_095).map((value, at) => value + (at % 37 === 0 ? 0x4000 : 0))),
      [
        ...windowOf(2_000, 3_000),
        ...overlay([element(0x60000100, 'US', us(16)), element(0x60000102, 'US', us(14))]),
      ],
    ),
    options: ['+Wi', '1', ...REPLACED],
  },
];
