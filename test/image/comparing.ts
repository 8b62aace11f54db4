import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bufferSource, parseDataSet, type ParsedDataSet } from '../../src/dicom';
import { storedOf, type Frame } from '../../src/image/frame';
import { FrameReader } from '../../src/image/frame-reader';
import type { WindowChoice } from '../../src/image/grey';
import { rasterOf } from '../../src/image/pictures';
import { type Raster, withoutPalette } from '../../src/image/raster';
import type { Decoder } from '../../src/transcode';
import { decodeFrame } from '../../src/transcode/codecs';
import { metaOf } from '../dicom/support/corpus-objects';
import { PACKAGE_DIR } from '../support/package/package-dir';

/** What was compared, and how it came out: a page of .test-artefacts. */
export class ComparisonTable {
  private readonly rows: string[] = [];

  constructor(private readonly name: string) {}

  row(object: string, what: string, result: string, cause = ''): void {
    this.rows.push(`| ${object} | ${what} | ${result} | ${cause} |`);
  }

  write(): void {
    const artefacts = join(PACKAGE_DIR, '.test-artefacts');
    mkdirSync(artefacts, { recursive: true });
    const head = '| object | what | result | cause |\n| --- | --- | --- | --- |\n';
    writeFileSync(join(artefacts, `${this.name}.md`), `${head}${this.rows.join('\n')}\n`);
  }
}

/** An object in a file, to be decoded and shown. */
export interface Opened {
  name: string;
  path: string;
  dataSet: ParsedDataSet;
  reader: FrameReader;
  transferSyntaxUID: string;
  /** @param frame from 0 on */
  raster(window: WindowChoice, frame?: number, overlays?: boolean): Promise<Raster>;
}

export function opened(name: string, path: string, decode: Decoder['decode'] = decodeFrame): Opened {
  const source = bufferSource(readFileSync(path));
  const { transferSyntaxUID, dataSetOffset: offset } = metaOf(source.read(0, source.size));
  const dataSet = parseDataSet(source, { transferSyntaxUID, offset });
  const reader = new FrameReader(source, dataSet, transferSyntaxUID, { decode });
  const raster = (window: WindowChoice, frame = 0, overlays = false): Promise<Raster> =>
    rasterOf(reader, dataSet, source, frame, { window, overlays });
  return { name, path, dataSet, reader, transferSyntaxUID, raster };
}

/** Between samples. */
export function difference(
  ours: ArrayLike<number>,
  theirs: ArrayLike<number>,
): { most: number; mean: number } {
  assert.equal(ours.length, theirs.length);
  let [most, sum] = [0, 0];
  for (let index = 0; index < ours.length; index += 1) {
    const one = Math.abs((ours[index] ?? 0) - (theirs[index] ?? 0));
    if (one > most) most = one;
    sum += one;
  }
  return { most, mean: sum / Math.max(1, ours.length) };
}

/** Stored values; those of colours as RGB, if one of the decoders has made RGB of them. */
export function sameColours({ cells, bits, photometric }: Frame): Float64Array {
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

/** A picture that dcmj2pnm has written. */
export function readPnm(path: string): Raster {
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

/** Grey as colours. */
export function rgb(raster: Raster): Uint8Array {
  const { channels, data } = withoutPalette(raster);
  if (channels === 3) return data;
  return Uint8Array.from({ length: data.length * 3 }, (_, index) => data[Math.floor(index / 3)] ?? 0);
}
