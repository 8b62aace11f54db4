import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { describe, it } from 'node:test';
import {
  bufferSource,
  DEIDENTIFY_OPTIONS,
  DicomError,
  type DicomJson,
  isUnchangeable,
  KeptBack,
  parseDataSet,
  type Profile,
  readFileMeta,
} from '../../../src/dicom';
import { isPrivate, lookUp } from '../../../src/dicom/standard';
import { assertLinear } from '../../support/machine/linear';
import { mutate, Random } from '../../support/objects/mutations';
import { corpusObjects } from '../support/corpus-objects';
import { element, item, us } from '../support/encode';
import { deidentified, fileOf, image, profile, tagsOf, text } from './support';

const LARGEST = 200_000;
const files = corpusObjects('good', 'generated', 'odd')
  .filter(({ path }) => statSync(path).size < LARGEST)
  .map(({ path }) => readFileSync(path));

const PROFILES: readonly Profile[] = [
  profile(),
  profile({
    options: DEIDENTIFY_OPTIONS.filter((option) => option !== 'retain-full-dates'),
    allowedWords: ['ct', 'axial'],
  }),
];

/** What was passed can be read, and has nothing that is not known. */
function assertClean(bytes: Buffer): void {
  const { transferSyntaxUID, dataSetOffset: offset } = readFileMeta(bufferSource(bytes));
  const { warnings } = parseDataSet(bufferSource(bytes), { transferSyntaxUID, offset });
  assert.deepEqual(warnings.list, []);
  assertKnown(tagsOf(bytes), '');
}

function assertKnown(tags: DicomJson, within: string): void {
  for (const [tag, attribute] of Object.entries(tags)) {
    const number = parseInt(tag, 16);
    assert.ok(!isPrivate(number) && lookUp(number) !== undefined, `${within}${tag}`);
    if (attribute.vr === 'SQ' && 'Value' in attribute)
      for (const each of attribute.Value ?? []) assertKnown(each as DicomJson, `${within}${tag}.`);
  }
}

/** Undefined: it was kept back, for a reason. */
function outcome(file: Buffer, by: Profile): Buffer | undefined {
  try {
    const { transferSyntaxUID } = readFileMeta(bufferSource(file));
    return isUnchangeable(transferSyntaxUID) ? undefined : deidentified(file, by).bytes;
  } catch (error) {
    if (error instanceof KeptBack || error instanceof DicomError) return undefined;
    throw error;
  }
}

describe('objects that nobody has seen before', () => {
  it('of the corpus are passed clean, or kept back', () => {
    let passed = 0;
    for (const file of files) {
      const bytes = outcome(file, profile());
      if (bytes !== undefined) assertClean(bytes);
      passed += Number(bytes !== undefined);
    }
    assert.ok(passed > 50, String(passed));
  });

  it('with damage are passed clean, or kept back: 1500 mutations', () => {
    const random = new Random(20_261_126);
    let passed = 0;
    for (let count = 0; count < 1_500; count += 1) {
      const file = mutate(random.pick(files), random, files);
      const by = PROFILES[count % 2] ?? profile();
      const bytes = outcome(file, by);
      if (bytes === undefined) continue;
      passed += 1;
      if (count % 2 === 0) assertClean(bytes);
      // Who was somebody else is nobody now, and the result can be processed again.
      assert.notEqual(outcome(bytes, by), undefined, `mutation ${count}`);
    }
    assert.ok(passed > 100, String(passed));
  });

  it('take linear time, whatever they are full of', () => {
    const shapes: [what: string, make: (size: number) => Buffer][] = [
      [
        'items',
        (size) => element(0x52009230, 'SQ', Buffer.concat(Array.from({ length: size }, () => item()))),
      ],
      ['text', (size) => text(0x0008103e, 'LO', 'axial smith '.repeat(Math.min(size, 5_000)))],
      ['uids', (size) => text(0x0008001a, 'UI', '1.2.3\\'.repeat(Math.min(size, 10_000)))],
      ['private', (size) => Buffer.concat(Array.from({ length: size }, (_, index) => privateBlock(index)))],
    ];
    for (const [what, make] of shapes)
      assertLinear(
        8_000,
        (size) => {
          const file = fileOf(image(make(size), element(0x00281201, 'OW', us(1))));
          return () => outcome(file, PROFILES[1] ?? profile());
        },
        what,
      );
  });
});

const privateBlock = (index: number): Buffer => {
  const group = 0x0009 + 2 * (index % 0x4000);
  return text(group * 0x10000 + 0x10, 'LO', 'Philips PET Private Group');
};
