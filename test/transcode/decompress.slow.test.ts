import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  bufferSource,
  DicomError,
  encodeFileMeta,
  isNative,
  parseDataSet,
  readFileMeta,
  TAG,
  valuesOfKeyword,
} from '../../src/dicom';
import { decompress, isDecompressible } from '../../src/transcode';
import { decodeFrame } from '../../src/transcode/codecs';
import { EXPLICIT } from '../dicom/support/convert-elements';
import { corpusObjects, metaOf } from '../dicom/support/corpus-objects';
import { Random } from '../dicom/support/mutations';
import { allOf } from '../dicom/write/support';
import { needs } from '../support/machine/needs';

const inThisThread = { decode: decodeFrame };
const skipped = needs('dcmtk', 'gdcm');

interface Decompressed {
  name: string;
  syntax: string;
  /** The compressed object, and the decompressed one. */
  path: string;
  copy: string;
}

/** Pixel data as a file has it, and what it says of itself. */
interface Pixels {
  bytes: Buffer;
  photometric: unknown;
  planar: unknown;
  bits: unknown;
  vr: string;
}

function pixelsOf(path: string): Pixels {
  const file = readFileSync(path);
  const source = bufferSource(file);
  const { transferSyntaxUID, dataSetOffset: offset } = readFileMeta(source);
  const dataSet = parseDataSet(source, { transferSyntaxUID, offset });
  const value = (keyword: string): unknown => valuesOfKeyword(dataSet, keyword)[0];
  const element = dataSet.root.find(TAG.PixelData) ?? assert.fail(path);
  return {
    bytes: file.subarray(element.offset, element.offset + element.length),
    photometric: value('PhotometricInterpretation'),
    planar: value('PlanarConfiguration'),
    bits: value('BitsAllocated'),
    vr: element.vr.name,
  };
}

async function decompressed(file: Buffer): Promise<Buffer> {
  const source = bufferSource(file);
  const { dataSetOffset: offset, ...meta } = readFileMeta(source);
  const recoding = decompress(source, {
    from: meta.transferSyntaxUID,
    to: EXPLICIT,
    offset,
    lossy: true,
    decoder: inThisThread,
  });
  const written = await allOf(recoding.blocks());
  assert.equal(written.length, recoding.size);
  return Buffer.concat([encodeFileMeta({ ...meta, transferSyntaxUID: EXPLICIT }), written]);
}

/** What cannot be decompressed for certain, and why. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  'frames-eot.dcm': /headers/, // Frames of random bytes.
  'frames-multifragment.dcm': /headers/,
  'healthcare-dicom-dicomweb-adapter__example-redacted-moved-jp2k.dcm': /does not begin with a code stream/, // JP2
  'pylibjpeg-data__ELSCINT1_JP2vsJ2K.dcm': /does not begin with a code stream/,
  'pylibjpeg-data__MAROTECH_CT_JP2Lossy.dcm': /does not begin with a code stream/,
  'pylibjpeg-data__966.dcm': /cannot be decoded/, // GDCM cannot, either: a comment among the tile's data.
  'nibabel__slicethickness_empty_string.dcm': /is encapsulated/, // Its icon is compressed, too.
  'pydicom-data__liver_j2k.dcm': /Bits Allocated is 1/,
  'pydicom-data__liver_rle.dcm': /Bits Allocated is 1/,
  'pydicom__JPEG2000-embedded-sequence-delimiter.dcm': /another size/,
};

describe('a decompressed object', { skip: skipped }, () => {
  let folder = '';
  const all: Decompressed[] = [];
  const refused = new Map<string, string>();

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'decompress-'));
    for (const [index, { name, path }] of corpusObjects('good', 'generated').entries()) {
      const file = readFileSync(path);
      const { transferSyntaxUID: syntax } = metaOf(file);
      if (isNative(syntax) || !isDecompressible(syntax)) continue;
      const copy = join(folder, `${index}.dcm`);
      try {
        writeFileSync(copy, await decompressed(file));
        all.push({ name, syntax, path, copy });
      } catch (error) {
        if (!(error instanceof DicomError)) throw error;
        refused.set(basename(name), error.message);
      }
    }
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('is one for every object of the corpus but those of which it is not certain', () => {
    for (const [name, reason] of refused) assert.match(reason, REFUSED[name] ?? /^$/, `${name}: ${reason}`);
    assert.ok(all.length >= 20, String(all.length));
  });

  it('has the pixels of DCMTK and GDCM: lossless ones and grey and unsubsampled ones exactly, others nearly', () => {
    const compared = new Map<string, number>();
    for (const { name, syntax, path, copy } of all) {
      const own = pixelsOf(copy);
      for (const tool of TOOLS[kindOf(syntax)] ?? []) {
        const other = byTool(tool, path, join(folder, 'other.dcm'));
        if (other === undefined || other.photometric !== own.photometric) continue;
        compared.set(syntax, (compared.get(syntax) ?? 0) + 1);
        const { most, mean } = difference(own, other);
        console.log(`${tool[0]} ${name}: most ${most}, mean ${mean.toFixed(3)}`);
        assert.equal(own.planar, other.planar, name);
        assert.ok(most <= (isSubsampled(path) ? 255 : isLossless(syntax) ? 0 : 1), `${name}: ${most}`);
        assert.ok(mean <= 1, `${name}: ${mean}`);
      }
    }
    console.log(JSON.stringify(Object.fromEntries(compared)));
    for (const syntax of COMPARED) assert.ok(compared.has(syntax), syntax);
  });

  it('is read by dcmdump, and its pixel data has the VR of its bits', () => {
    for (const { name, copy } of all) {
      const { status, stderr } = spawnSync('dcmdump', ['-q', '+E', copy], {
        encoding: 'utf8',
        maxBuffer: 1 << 28,
      });
      assert.equal(status, 0, `${name}: ${stderr}`);
      const { vr, bits } = pixelsOf(copy);
      assert.equal(vr, Number(bits) > 8 ? 'OW' : 'OB', name);
    }
  });
});

describe('damaged code streams', () => {
  it('fail, or give as many pixels as the object has, in time: 600 mutations', async () => {
    const random = new Random(20_261_126);
    const originals = corpusObjects('good', 'generated')
      .map(({ name, path }) => ({ name, bytes: readFileSync(path) }))
      .filter(
        ({ bytes }) => bytes.length < LARGEST_MUTANT && isDecompressible(metaOf(bytes).transferSyntaxUID),
      );
    const outcomes: Record<string, number> = {};
    for (let index = 0; index < 600; index += 1) {
      const { name, bytes } = random.of(originals);
      const { dataSetOffset } = metaOf(bytes);
      const mutant = Buffer.from(bytes);
      for (let count = 1 + random.below(6); count > 0; count -= 1)
        mutant[dataSetOffset + random.below(bytes.length - dataSetOffset)] = random.below(256);
      const what = `number ${index}: ${name}`;
      const started = process.cpuUsage();
      const outcome = await outcomeOf(mutant, what);
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      const { user, system } = process.cpuUsage(started);
      assert.ok((user + system) / 1000 < SLOWEST_MILLISECONDS, what);
    }
    console.log(JSON.stringify(outcomes));
  });
});

const LARGEST_MUTANT = 200_000;
const SLOWEST_MILLISECONDS = 5000;

async function outcomeOf(mutant: Buffer, what: string): Promise<string> {
  try {
    await decompressed(mutant);
    return 'decompressed';
  } catch (error) {
    if (error instanceof DicomError) return error.code;
    throw new Error(what, { cause: error });
  }
}

const TOOLS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  jpeg: [
    ['dcmdjpeg', '+px'],
    ['dcmdjpeg', '+cn'],
    ['gdcmconv', '--raw'],
  ],
  'jpeg-ls': [['dcmdjpls'], ['gdcmconv', '--raw']],
  rle: [['dcmdrle'], ['gdcmconv', '--raw']],
  'jpeg-2000': [['gdcmconv', '--raw']],
  // Neither of the two reads it: compared with the image that it was made of, elsewhere.
  htj2k: [],
};

const COMPARED = ['5', '4.50', '4.51', '4.57', '4.70', '4.80', '4.81', '4.90'].map(
  (end) => `1.2.840.10008.1.2.${end}`,
);

function kindOf(syntax: string): string {
  const end = syntax.slice('1.2.840.10008.1.2.'.length);
  if (end === '5') return 'rle';
  const number = Number(end.slice(2));
  return number < 80 ? 'jpeg' : number < 90 ? 'jpeg-ls' : number < 200 ? 'jpeg-2000' : 'htj2k';
}

function isLossless(syntax: string): boolean {
  return ['5', '4.57', '4.70', '4.80', '4.90'].some((end) => syntax.endsWith(`.1.2.${end}`));
}

function isSubsampled(path: string): boolean {
  const file = readFileSync(path);
  return /YBR_FULL_422/.test(file.toString('latin1', 0, 20_000));
}

function byTool(
  [command = '', ...options]: readonly string[],
  path: string,
  output: string,
): Pixels | undefined {
  rmSync(output, { force: true });
  const { status } = spawnSync(command, [...options, path, output]);
  return status === 0 && existsSync(output) ? pixelsOf(output) : undefined;
}

function difference(decompressed: Pixels, other: Pixels): { most: number; mean: number } {
  // GDCM gives a byte for each pixel of one bit.
  const own =
    decompressed.bits === 1 ? { ...decompressed, bytes: unpacked(decompressed.bytes) } : decompressed;
  assert.ok(
    Math.abs(own.bytes.length - other.bytes.length) <= 1,
    `${own.bytes.length} ${other.bytes.length}`,
  );
  const width = own.bits === 16 ? 2 : 1;
  let most = 0;
  let sum = 0;
  let count = 0;
  for (let at = 0; at + width <= own.bytes.length; at += width, count += 1) {
    const [one, two] = [own.bytes, other.bytes].map((bytes) =>
      width === 2 ? bytes.readUInt16LE(at) : (bytes[at] ?? 0),
    );
    const each = Math.abs((one ?? 0) - (two ?? 0));
    sum += each;
    most = Math.max(most, each);
  }
  return { most, mean: sum / count };
}

/** Eight pixels from each byte, the first one from the lowest bit (PS3.5 8.1.1). */
function unpacked(bytes: Buffer): Buffer {
  return Buffer.from([...bytes].flatMap((byte) => Array.from({ length: 8 }, (_, bit) => (byte >> bit) & 1)));
}
