import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { describe, it } from 'node:test';
import { bufferSource, DicomError, parseDataSet } from '../../../src/dicom';
import type { DataSet, Element } from '../../../src/dicom/data-set/data-set';
import { JsonText } from '../../../src/dicom/text/json-text';
import { writePlainValues } from '../../../src/dicom/json/plain-values';
import { resolveVr } from '../../../src/dicom/data-set/resolve-vr';
import { plainString, readValues } from '../../../src/dicom/data-set/values';
import { Kind } from '../../../src/dicom/standard/vr';
import { EXPLICIT } from '../support/convert-elements';
import { corpusObjects, metaOf } from '../support/corpus-objects';
import { element } from '../support/encode';
import { Random } from '../support/mutations';

/** What the short way writes; undefined where it gives up. */
function plain(dataSet: DataSet, each: Element): unknown {
  const out = new JsonText();
  out.byte(0x5b);
  const count = writePlainValues(out, dataSet, each, resolveVr(dataSet, each));
  if (count < 0) {
    assert.equal(out.length, 1, 'wrote something and gave up');
    return undefined;
  }
  out.byte(0x5d);
  const values = JSON.parse(out.take()) as unknown[];
  assert.equal(values.length, count);
  return values;
}

/** Says whether the short way was taken, after comparing it with the long one. */
function compare(dataSet: DataSet, each: Element, name: string): boolean {
  const vr = resolveVr(dataSet, each);
  if (vr.kind === Kind.Bytes || vr.kind === Kind.Sequence || each.bytes === undefined) return false;
  const values = readValues(dataSet, each, vr);
  const text = plainString(dataSet, each, vr);
  if (text !== undefined) assert.deepEqual([text], values, name);
  const short = plain(dataSet, each);
  // JSON has no -0 where the values have one.
  if (short !== undefined) assert.deepEqual(short, JSON.parse(JSON.stringify(values)), name);
  return short !== undefined;
}

function compareAll(dataSet: DataSet, name: string): number {
  let taken = 0;
  for (const each of dataSet.elements) {
    if (compare(dataSet, each, name)) taken += 1;
    for (const item of each.items ?? []) taken += compareAll(item, name);
  }
  return taken;
}

const VRS = [
  'AE',
  'AS',
  'CS',
  'DA',
  'DS',
  'DT',
  'IS',
  'LO',
  'LT',
  'PN',
  'SH',
  'ST',
  'TM',
  'UC',
  'UI',
  'UR',
  'UT',
];
const NUMBER_VRS = ['US', 'SS', 'UL', 'SL', 'FL', 'FD', 'SV', 'UV', 'AT'];
const LETTERS = [...'AAbz09', ...'  \\\\^=.-+eE"\0\x1b\x7f\x09é'];
const DIGITS = [...'0123456789', ...'00  \\..--+eE,'];
/** One that has everything, one whose 05/12 is a yen sign, UTF-8, none. */
const CHARACTER_SETS = ['ISO_IR 100', 'ISO_IR 13', 'ISO_IR 192', ''];

describe('the short way to JSON', () => {
  it('says what the long one says, of 40 000 random values', () => {
    const random = new Random(20_241_125);
    const text = (): string => {
      const letters = random.below(2) === 0 ? LETTERS : DIGITS;
      return Array.from({ length: random.below(9) }, () => random.of(letters)).join('');
    };
    const numbers = (): Buffer =>
      Buffer.from(Array.from({ length: 8 * random.below(3) }, () => random.below(256)));
    let taken = 0;
    for (let round = 0; round < 2_000; round += 1) {
      const characterSet = element(0x00080005, 'CS', random.of(CHARACTER_SETS));
      const elements = Array.from({ length: 20 }, (_, index) => {
        const isNumber = random.below(5) === 0;
        const vr = random.of(isNumber ? NUMBER_VRS : VRS);
        return element(0x00090010 + index, vr, isNumber ? numbers() : text());
      });
      const source = bufferSource(Buffer.concat([characterSet, ...elements]));
      taken += compareAll(parseDataSet(source, { transferSyntaxUID: EXPLICIT }).root, `round ${round}`);
    }
    assert(taken > 10_000, `only ${taken} were taken`);
  });

  it('says what the long one says, of the corpus', () => {
    let taken = 0;
    for (const { name, path } of corpusObjects('good', 'odd')) {
      if (statSync(path).size > 2_000_000) continue;
      const bytes = readFileSync(path);
      const { transferSyntaxUID, dataSetOffset: offset } = metaOf(bytes);
      try {
        taken += compareAll(parseDataSet(bufferSource(bytes), { transferSyntaxUID, offset }).root, name);
      } catch (error) {
        if (!(error instanceof DicomError)) throw error;
      }
    }
    assert(taken > 10_000, `only ${taken} were taken`);
  });
});
