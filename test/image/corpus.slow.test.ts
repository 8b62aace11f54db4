import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { bufferSource, CannotRecode, DicomError, parseDataSet } from '../../src/dicom';
import type { WindowChoice } from '../../src/image/grey';
import { NoPicture } from '../../src/image/no-picture';
import { voiOf } from '../../src/image/voi';
import { corpusObjects, metaOf, type CorpusObject } from '../dicom/support/corpus-objects';
import { needs } from '../support/machine/needs';
import { ComparisonTable, difference, opened, type Opened, readPnm, rgb, sameColours } from './comparing';

/*
 * Every image of the corpus beside DCMTK and GDCM: what is decoded, and what is seen. The table of all of it is
 * .test-artefacts/images.md.
 */

const folder = mkdtempSync(join(tmpdir(), 'image-corpus-'));
const table = new ComparisonTable('images');
const row = table.row.bind(table);

after(() => {
  rmSync(folder, { recursive: true });
  table.write();
});

/** Why there is no picture. */
const reasonOf = (error: unknown): string =>
  error instanceof CannotRecode ? error.reason : (error as Error).message;

/** Objects with pixels of which there is no picture, and why. */
const NOT_SHOWN: readonly [name: RegExp, reason: RegExp][] = [
  [/encapsulated\/frames-(eot|multifragment)/, /headers of a frame cannot be read/],
  [/generated\/video/, /compressed as .* which is not decoded/],
  [/JPEG2000-embedded-sequence-delimiter/, /another size than the object says/],
  [/JLSN_RGB_ILV0/, /compressed as Implicit VR Little Endian/],
  [/nested_priv_SQ/, /BitsAllocated is missing/],
  [/pyorthanc__RTSTRUCT/, /Rows is missing/],
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

describe('every image of the corpus', () => {
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
