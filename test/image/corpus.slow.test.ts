import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { bufferSource, CannotRecode, DicomError, parseDataSet, type ParsedDataSet } from '../../src/dicom';
import { storedOf, type Frame } from '../../src/image/frame';
import { FrameReader } from '../../src/image/frame-reader';
import type { WindowChoice } from '../../src/image/grey';
import { NoPicture } from '../../src/image/no-picture';
import { rasterOf } from '../../src/image/pictures';
import type { Raster } from '../../src/image/raster';
import { voiOf } from '../../src/image/voi';
import { decodeFrame } from '../../src/transcode/codecs';
import { corpusObjects, metaOf, type CorpusObject } from '../dicom/support/corpus-objects';
import { needs } from '../support/needs';
import { PACKAGE_DIR } from '../support/user-dir';

/*
 * Every image of the corpus beside DCMTK and GDCM: what is decoded, and what is seen. The table of all of it is
 * .test-artefacts/images.md.
 */

const folder = mkdtempSync(join(tmpdir(), 'image-corpus-'));
const table: string[] = [];

after(() => {
  rmSync(folder, { recursive: true });
  const artefacts = join(PACKAGE_DIR, '.test-artefacts');
  mkdirSync(artefacts, { recursive: true });
  const head = '| object | what | result | cause |\n| --- | --- | --- | --- |\n';
  writeFileSync(join(artefacts, 'images.md'), `${head}${table.join('\n')}\n`);
});

const row = (name: string, what: string, result: string, cause = ''): number =>
  table.push(`| ${name} | ${what} | ${result} | ${cause} |`);

interface Opened {
  name: string;
  path: string;
  dataSet: ParsedDataSet;
  reader: FrameReader;
  transferSyntaxUID: string;
  raster(window: WindowChoice): Promise<Raster>;
}

function opened(name: string, path: string): Opened {
  const source = bufferSource(readFileSync(path));
  const { transferSyntaxUID, dataSetOffset: offset } = metaOf(source.read(0, source.size));
  const dataSet = parseDataSet(source, { transferSyntaxUID, offset });
  const reader = new FrameReader(source, dataSet, transferSyntaxUID, { decode: decodeFrame });
  const raster = (window: WindowChoice): Promise<Raster> =>
    rasterOf(reader, dataSet, source, 0, { window, overlays: false });
  return { name, path, dataSet, reader, transferSyntaxUID, raster };
}

/** Why there is no picture. */
const reasonOf = (error: unknown): string =>
  error instanceof CannotRecode ? error.reason : (error as Error).message;

/** Objects with pixels of which there is no picture, and why. */
const NOT_SHOWN: readonly [name: RegExp, reason: RegExp][] = [
  [/encapsulated\/frames-(eot|multifragment)/, /headers of a frame cannot be read/],
  [/generated\/video/, /compressed as .* which is not decoded/],
  [/JPEG2000-embedded-sequence-delimiter/, /another size than the object says/],
  [/JLSN_RGB_ILV0/, /compressed as Implicit VR Little Endian/],
  [/nested_priv_SQ/, /no BitsAllocated/],
  [/pyorthanc__RTSTRUCT/, /no Rows/],
  // GDCM does not decode it either.
  [/pylibjpeg-data__966/, /cannot be decoded/],
  [/SOTmarkerincons|too_short/, /cannot be decoded|cut off/],
  [/truncated/, /beyond the end|ends before/],
];

/** What is seen otherwise than DCMTK shows it, and why. */
const SEEN_OTHERWISE: readonly [name: RegExp, cause: string][] = [
  [/good\/seg\//, 'DCMTK shows 1 of one bit as 128; it is white here'],
  [/002_non_isotropic__001/, 'OB with 16 bits: DCMTK warns, and reads other values'],
  [/dicom-fuse__example|dicomweb-adapter__example/, 'RGB says the object, YCbCr (JFIF) the code stream'],
  [/enhanced-mr\/dcm_qa/, 'DCMTK does not apply the rescale of functional groups'],
  [/structure\/many-values/, 'an intercept without a slope: DCMTK applies none'],
];

/** Objects that DCMTK's program for that decodes otherwise, and why. */
const DECODED_OTHERWISE: readonly [name: RegExp, cause: string][] = [
  [/dicom-fuse__example|dicomweb-adapter__example/, 'RGB says the object, YCbCr (JFIF) the code stream'],
];

const causeIn = (causes: readonly [RegExp, string][], name: string): string | undefined =>
  causes.find(([pattern]) => pattern.test(name))?.[1];

const objects = corpusObjects('good', 'odd', 'generated');
const PIXEL_DATA = [0x7fe00010, 0x7fe00008, 0x7fe00009];

/** Those that have a picture. */
async function images(): Promise<Opened[]> {
  const found: Opened[] = [];
  for (const { name, path } of objects) {
    try {
      const image = opened(name, path);
      await image.reader.read(0);
      found.push(image);
    } catch (error) {
      if (!(error instanceof NoPicture) && !(error instanceof DicomError)) throw error;
    }
  }
  return found;
}

function hasPixels({ path }: CorpusObject): boolean {
  const bytes = readFileSync(path);
  const { transferSyntaxUID, dataSetOffset: offset } = metaOf(bytes);
  const { root } = parseDataSet(bufferSource(bytes), { transferSyntaxUID, offset });
  return PIXEL_DATA.some((tag) => root.find(tag) !== undefined);
}

function difference(ours: ArrayLike<number>, theirs: ArrayLike<number>): { most: number; mean: number } {
  assert.equal(ours.length, theirs.length);
  let [most, sum] = [0, 0];
  for (let index = 0; index < ours.length; index += 1) {
    const one = Math.abs((ours[index] ?? 0) - (theirs[index] ?? 0));
    if (one > most) most = one;
    sum += one;
  }
  return { most, mean: sum / Math.max(1, ours.length) };
}

describe('every image of the corpus', { timeout: 600_000 }, () => {
  it('has a picture, or a reason that is known', async () => {
    const unexpected: string[] = [];
    for (const object of objects) {
      try {
        if (!hasPixels(object)) continue;
        await opened(object.name, object.path).reader.read(0);
      } catch (error) {
        assert.ok(error instanceof NoPicture || error instanceof DicomError, String(error));
        const reason = reasonOf(error);
        row(object.name, 'picture', 'none', reason);
        const isKnown = NOT_SHOWN.some(([name, known]) => name.test(object.name) && known.test(reason));
        if (!isKnown) unexpected.push(`${object.name}: ${reason}`);
      }
    }
    assert.deepEqual(unexpected, []);
  });

  it('is decoded as DCMTK and GDCM decode it', { skip: needs('dcmtk', 'gdcm') }, async () => {
    const unexpected: string[] = [];
    let compared = 0;
    for (const image of await images()) {
      const { name, reader, transferSyntaxUID } = image;
      const command = DECODERS.find(([pattern]) => pattern.test(transferSyntaxUID));
      if (command === undefined) continue;
      const [, program, options, isLossless] = command;
      const decodedPath = join(folder, 'decoded.dcm');
      rmSync(decodedPath, { force: true });
      const { status } = spawnSync(program, [...options, image.path, decodedPath], { stdio: 'ignore' });
      if (status !== 0) {
        row(name, program, 'does not decode it');
        continue;
      }
      const theirs = opened(name, decodedPath).reader;
      const frames = new Set([0, reader.image.frames - 1]);
      for (const number of frames) {
        const [a, b] = [await reader.read(number), await theirs.read(number)];
        const { most, mean } = difference(sameColours(a), sameColours(b));
        compared += 1;
        const isGrey = a.samples === 1;
        const isSame = isLossless ? most === 0 : isGrey ? most <= 1 : mean <= 1;
        const cause = isSame ? '' : causeIn(DECODED_OTHERWISE, name);
        row(name, `${program}, frame ${number + 1}`, `at most ${most}, mean ${mean.toFixed(3)}`, cause);
        if (cause === undefined) unexpected.push(`${name}: ${most}, mean ${mean}`);
      }
    }
    assert.deepEqual(unexpected, []);
    assert.ok(compared > 20, `${compared} frames`);
  });

  it('looks as dcmj2pnm shows it, within one grey level', { skip: needs('dcmtk') }, async () => {
    const unexpected: string[] = [];
    let compared = 0;
    for (const image of await images()) {
      for (const [window, options] of windowsOf(image)) {
        const path = join(folder, 'shown.pnm');
        const args = ['-q', '-O', '+op', ...options, image.path, path];
        rmSync(path, { force: true });
        if (spawnSync('dcmj2pnm', args, { stdio: 'ignore' }).status !== 0) {
          row(image.name, `dcmj2pnm ${options.join(' ')}`, 'does not show it');
          continue;
        }
        const { most, mean } = difference(rgb(await image.raster(window)), rgb(readPnm(path)));
        compared += 1;
        const cause = most <= 1 ? '' : causeIn(SEEN_OTHERWISE, image.name);
        row(image.name, `dcmj2pnm ${options.join(' ')}`, `at most ${most}, mean ${mean.toFixed(3)}`, cause);
        if (cause === undefined) unexpected.push(`${image.name}, ${options.join(' ')}: ${most}`);
      }
    }
    assert.deepEqual(unexpected, []);
    assert.ok(compared > 50, `${compared} pictures`);
  });
});

const DECODERS: readonly [
  transferSyntax: RegExp,
  program: string,
  options: readonly string[],
  isLossless: boolean,
][] = [
  [/\.1\.2\.5$/, 'dcmdrle', [], true],
  [/\.4\.(57|70)$/, 'dcmdjpeg', [], true],
  [/\.4\.5[0135]$/, 'dcmdjpeg', [], false],
  [/\.4\.80$/, 'dcmdjpls', [], true],
  [/\.4\.81$/, 'dcmdjpls', [], true],
  [/\.4\.90$/, 'gdcmconv', ['--raw'], true],
  [/\.4\.91$/, 'gdcmconv', ['--raw'], false],
];

/** Stored values; those of colours as RGB, if one of the decoders has made RGB of them. */
function sameColours({ cells, bits, photometric }: Frame): Float64Array {
  const stored = Float64Array.from(cells, storedOf(bits));
  if (!photometric.startsWith('YBR_FULL')) return stored;
  for (let at = 0; at < stored.length; at += 3) {
    const [y = 0, b = 0, r = 0] = stored.subarray(at, at + 3);
    const byte = (value: number): number => Math.min(255, Math.max(0, Math.round(value)));
    stored.set(
      [
        byte(y + 1.402 * (r - 128)),
        byte(y - 0.344136 * (b - 128) - 0.714136 * (r - 128)),
        byte(y + 1.772 * (b - 128)),
      ],
      at,
    );
  }
  return stored;
}

/** What we show, and with which options DCMTK shows the same. */
function windowsOf({ dataSet, reader }: Opened): [WindowChoice, string[]][] {
  const { samples, bitsStored, photometric } = reader.image;
  if (samples === 3 || photometric === 'PALETTE COLOR') return [[{ kind: 'object' }, []]];
  // No object of the corpora has a deflated LUT.
  const voi = voiOf(dataSet.root, 0, dataSet.inflated ?? bufferSource(Buffer.alloc(0)));
  const own =
    voi?.kind === 'lut'
      ? ['+Wl', '1']
      : voi === undefined
        ? bitsStored <= 8
          ? []
          : ['+Wm']
        : ['+Wi', '1', ...(voi.shape === 'SIGMOID' ? ['+Wfs'] : [])];
  return [
    [{ kind: 'object' }, own],
    [{ kind: 'given', center: 300, width: 601 }, ['+Ww', '300', '601']],
  ];
}

function readPnm(path: string): Raster {
  const bytes = readFileSync(path);
  const [, kind, width = '', height = ''] =
    /^(P[56])\s+(?:#.*\s+)*(\d+)\s+(\d+)\s+255\s/.exec(bytes.toString('latin1', 0, 200)) ?? assert.fail(path);
  const channels = kind === 'P5' ? 1 : 3;
  const size = Number(width) * Number(height) * channels;
  return {
    width: Number(width),
    height: Number(height),
    channels,
    data: bytes.subarray(bytes.length - size),
  };
}

function rgb({ channels, data }: Raster): Uint8Array {
  if (channels === 3) return data;
  return Uint8Array.from({ length: data.length * 3 }, (_, index) => data[Math.floor(index / 3)] ?? 0);
}
