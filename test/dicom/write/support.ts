import assert from 'node:assert/strict';
import { inflateRawSync } from 'node:zlib';
import { bufferSource, encodeFileMeta, readFileMeta, recode } from '../../../src/dicom';
import { Cursor } from '../../../src/dicom/read/byte-source';
import { type Encoding, encodingOf } from '../../../src/dicom/read/encoding';
import { walkDataSet } from '../../../src/dicom/read/structure';
import { lookUp, tagHex, transferSyntax, type Vr, VR } from '../../../src/dicom/standard';
import { NoWarnings } from '../../../src/dicom/warnings';
import { BIG_ENDIAN, DEFLATED, EXPLICIT, IMPLICIT } from '../support/convert-elements';
import { metaOf } from '../support/corpus-objects';

/** The native transfer syntaxes, by what dcmconv calls them. */
export const TARGETS = { '+ti': IMPLICIT, '+te': EXPLICIT, '+tb': BIG_ENDIAN, '+td': DEFLATED } as const;

export async function allOf(blocks: Iterable<Buffer> | AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const block of blocks) all.push(block);
  return Buffer.concat(all);
}

/** A data set in another transfer syntax. */
export async function recoded(dataSet: Buffer, from: string, to: string): Promise<Buffer> {
  return allOf(recode(bufferSource(dataSet), { from, to }).blocks());
}

/** A Part 10 file in another transfer syntax, with its other meta information. */
export async function recodedFile(file: Buffer, to: string): Promise<Buffer> {
  const source = bufferSource(file);
  const { transferSyntaxUID: from, dataSetOffset: offset } = metaOf(file);
  return Buffer.concat([fileMeta(file, to), await allOf(recode(source, { from, to, offset }).blocks())]);
}

export function fileMeta(file: Buffer, transferSyntaxUID: string): Buffer {
  const { transferSyntaxUID: from, dataSetOffset } = metaOf(file);
  if (dataSetOffset === 0)
    return encodeFileMeta({
      sopClassUID: '1.2.840.10008.5.1.4.1.1.7',
      sopInstanceUID: from,
      transferSyntaxUID,
      implementationClassUID: '1.2.3',
      implementationVersionName: 'TEST',
    });
  return encodeFileMeta({ ...readFileMeta(bufferSource(file)), transferSyntaxUID });
}

export interface Value {
  /** "00400275[0].00400007" */
  readonly path: string;
  readonly tag: number;
  readonly vr: Vr;
  /** Little endian. */
  readonly bytes: Buffer;
}

/** PS3.5 7.3 */
const UNITS: Readonly<Record<string, number>> = {
  ...Object.fromEntries(['AT', 'OW', 'SS', 'US'].map((vr) => [vr, 2])),
  ...Object.fromEntries(['FL', 'OF', 'OL', 'SL', 'UL'].map((vr) => [vr, 4])),
  ...Object.fromEntries(['FD', 'OD', 'OV', 'SV', 'UV'].map((vr) => [vr, 8])),
};

/** Every value of a data set, of sequences the number of items, in the order of the bytes. */
export function valuesOf(dataSet: Buffer, transferSyntaxUID: string): Value[] {
  const values: Value[] = [];
  const open: { tag: number; item: number }[] = [];
  const path = (tag: number): string =>
    [...open.map(({ tag: each, item }) => `${tagHex(each)}[${item}]`), tagHex(tag)].join('.');
  const add = (tag: number, vr: Vr, bytes: Buffer): void => {
    values.push({ path: path(tag), tag, vr, bytes });
  };
  walkDataSet(
    new Cursor(bufferSource(dataSet)),
    0,
    encodingOf(transferSyntax(transferSyntaxUID)),
    {
      element: (tag, vr, offset, length, { bigEndian }: Encoding) => {
        const bytes = Buffer.from(dataSet.subarray(offset, offset + length));
        const unit = bigEndian ? UNITS[vr.name] : undefined;
        if (unit !== undefined)
          for (let at = 0; at < length; at += unit) bytes.subarray(at, at + unit).reverse();
        add(tag, vr, bytes);
      },
      fragments: (tag, vr, offset, length) => add(tag, vr, dataSet.subarray(offset, offset + length)),
      beginSequence: (tag) => open.push({ tag, item: -1 }),
      beginItem: () => {
        const sequence = open.at(-1);
        if (sequence !== undefined) sequence.item += 1;
      },
      endItem: () => undefined,
      endSequence: () => {
        const { tag = 0, item = -1 } = open.pop() ?? {};
        values.push({
          path: `${path(tag)} items`,
          tag,
          vr: VR.SQ,
          bytes: Buffer.from(String(item + 1).padStart(8)),
        });
      },
    },
    new NoWarnings(),
  );
  return values;
}

/** Fails unless two data sets have the same values in the same places. */
export function sameValues(what: string, one: Buffer, from: string, other: Buffer, to: string): void {
  const [before, after] = [plain(one, from), plain(other, to)];
  compare(what, valuesOf(before.bytes, before.syntax), valuesOf(after.bytes, after.syntax));
}

function plain(dataSet: Buffer, syntax: string): { bytes: Buffer; syntax: string } {
  return syntax === DEFLATED
    ? { bytes: inflateRawSync(dataSet), syntax: EXPLICIT }
    : { bytes: dataSet, syntax };
}

function compare(what: string, before: Value[], after: Value[]): void {
  assert.deepEqual(
    after.map(({ path }) => path),
    before.map(({ path }) => path),
    what,
  );
  before.forEach((own, index) => {
    const other = after[index] ?? own;
    const { length } = own.bytes;
    // An odd length is left where nothing is written anew.
    assert.ok([length, length + (length % 2)].includes(other.bytes.length), `${what}: ${own.path}`);
    assert.ok(other.bytes.subarray(0, length).equals(own.bytes), `${what}: ${own.path} has other bytes`);
    assert.ok(
      mayBecome(own.tag, own.vr, other.vr),
      `${what}: ${own.path} was ${own.vr.name}, is ${other.vr.name}`,
    );
  });
}

/** A VR stays, becomes that of the dictionary, or is lost where there is none. */
function mayBecome(tag: number, before: Vr, after: Vr): boolean {
  const known = lookUp(tag)?.vr;
  if (before === after || after === known || after.name === 'UN') return true;
  return (
    known !== undefined &&
    known.name.toLowerCase() === known.name &&
    ['US', 'SS', 'OB', 'OW'].includes(after.name)
  );
}
