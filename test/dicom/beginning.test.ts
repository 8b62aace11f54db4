import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { plainlyHas, TAG, textsInBeginning } from '../../src/dicom';
import { mutate, Random } from '../support/objects/mutations';
import { corpusObjects, metaOf } from './support/corpus-objects';

const BYTES = 4_096;
const MUTATIONS = 20;
const KEYWORDS = ['SOPClassUID', 'SOPInstanceUID'] as const;

it('what a quick look says of a data set is not contradicted by what is read of it by the letter', () => {
  const random = new Random(16);
  let quick = 0;
  const objects = corpusObjects('good', 'generated', 'odd');
  for (const { path } of objects) {
    const file = readFileSync(path);
    const { transferSyntaxUID, dataSetOffset } = metaOf(file);
    const bytes = file.subarray(dataSetOffset, dataSetOffset + BYTES);
    const texts = textsInBeginning(bytes, transferSyntaxUID, KEYWORDS);
    const { SOPClassUID = '1', SOPInstanceUID = '2' } = texts;
    const looked = (dataSet: Buffer): boolean =>
      plainlyHas(dataSet, transferSyntaxUID, [
        [TAG.SOPClassUID, SOPClassUID],
        [TAG.SOPInstanceUID, SOPInstanceUID],
      ]);
    if (looked(bytes)) quick += 1;
    const mutated = Array.from({ length: MUTATIONS }, () => mutate(Buffer.from(bytes), random, [bytes]));
    for (const dataSet of [bytes, ...mutated])
      if (looked(dataSet))
        assert.deepEqual(
          { ...texts, ...textsInBeginning(dataSet, transferSyntaxUID, KEYWORDS) },
          texts,
          path,
        );
  }
  assert.ok(quick > objects.length / 2, `${quick} of ${objects.length}`);
});
