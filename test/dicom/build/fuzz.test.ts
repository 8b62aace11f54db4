import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { buildObject, DicomError, knownAttributes, type Vr, VR } from '../../../src/dicom';
import { lookUp, tagOfKeyword } from '../../../src/dicom/standard';
import { countComputing } from '../../support/machine/computing';
import { VALUES } from '../change/random-edits';
import { Comparison, type Model, newTally } from '../support/compare';
import { convertBytes } from '../support/corpus-objects';
import { Random } from '../support/mutations';
import { pydicom } from '../support/oracles';
import { needs } from '../../support/machine/needs';

type Attributes = Record<string, unknown>;

const OBJECTS = 40;
const MOST_LEVELS = 4;
const CT = '1.2.840.10008.5.1.4.1.1.2';
/** What the builder gives itself, or what others decide. */
const FIXED: ReadonlySet<string> = new Set([
  'SOPClassUID',
  'SOPInstanceUID',
  'StudyInstanceUID',
  'SeriesInstanceUID',
  'SpecificCharacterSet',
]);
const ALL = [...knownAttributes()].filter(
  ({ keyword, tag, vr }) =>
    !FIXED.has(keyword) &&
    ![0x0000, 0x0002, 0x0004, 0xfffe, 0x7fe0, 0x0028, 0x5400].includes(tag >>> 16) &&
    (tag & 0xffff) !== 0 &&
    (vr === VR.SQ || VALUES[vr.name] !== undefined),
);
const TEXT: readonly Vr[] = [VR.LO, VR.PN, VR.SH, VR.ST, VR.LT, VR.UT];

function value(random: Random, { keyword, vr }: { keyword: string; vr: Vr }, level: number): unknown {
  if (random.below(12) === 0) return vr === VR.SQ ? [] : null;
  if (vr === VR.SQ)
    return Array.from({ length: 1 + random.below(2) }, () => attributes(random, 3, level + 1));
  const one = (): unknown => {
    const number = random.below(100_000);
    if (vr === VR.PN && random.below(3) === 0)
      return { Alphabetic: `Müller^${number}`, Ideographic: '山田^太郎' };
    if (TEXT.includes(vr) && vr !== VR.PN && random.below(3) === 0) return `Größe 山 ${number}`;
    return VALUES[vr.name]?.(number);
  };
  const { least = 1, most = 1, step = 1 } = lookUp(tagOfKeyword(keyword) ?? 0)?.multiplicity ?? {};
  const isSeveral = [VR.LO, VR.CS, VR.DS, VR.IS, VR.US, VR.FD, VR.UI].some((each) => each === vr);
  const further = least + 2 * step;
  const count = isSeveral && further <= most && random.below(2) === 0 ? further : least;
  return count === 1 ? one() : Array.from({ length: count }, one);
}

function attributes(random: Random, count: number, level = 0): Attributes {
  const made: Attributes = {};
  for (let each = 0; each < count; each += 1) {
    const attribute = random.of(ALL);
    if (attribute.vr === VR.SQ && level >= MOST_LEVELS) continue;
    made[attribute.keyword] = value(random, attribute, level);
  }
  return made;
}

it(
  'random attributes are built into objects in which we and pydicom read the same',
  { skip: needs('pydicom') },
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'dicom-build-'));
    try {
      const random = new Random(7);
      const built = Array.from({ length: OBJECTS }, (_, index) => {
        const given = { ...attributes(random, 30), SOPClassUID: CT };
        const { file } = buildObject(given, { newUids: 'missing' });
        const path = join(folder, `${index}.dcm`);
        const bytes = file.read(0, file.size);
        writeFileSync(path, bytes);
        return { given, path, bytes };
      });
      const theirs = pydicom(built.map(({ path }) => path));
      const tally = newTally();
      for (const { given, path, bytes } of built) {
        const ours = convertBytes(bytes, 'keyword').message.Tags as Attributes;
        assert.deepEqual(normal(ours, given), normal(given), path);
        const model = JSON.parse(JSON.stringify(convertBytes(bytes, 'dicom-json').message.Tags)) as Model;
        new Comparison(tally, path, bytes).dataSets(model, theirs.get(path) ?? assert.fail(path));
      }
      assert.deepEqual(tally.unexplained, []);
      assert.ok(tally.attributes > 1_000, `${tally.attributes} attributes were compared`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

/** One value of several is as one, and a name of one group as a text. @param only these at the top */
function normal(tags: unknown, only?: Attributes): unknown {
  if (Array.isArray(tags)) {
    const [first] = tags as unknown[];
    return tags.length === 1 && !isSequenceItem(first) ? normal(first) : tags.map((each) => normal(each));
  }
  if (!isItem(tags)) return tags;
  if ('Alphabetic' in tags && Object.keys(tags).length === 1) return tags['Alphabetic'];
  const entries = Object.entries(tags).filter(([key]) => only === undefined || key in only);
  return Object.fromEntries(
    entries.sort(([one], [other]) => (one < other ? -1 : 1)).map(([key, each]) => [key, normal(each)]),
  );
}

/** A name is an object, too. */
const isSequenceItem = (value: unknown): boolean => isItem(value) && !('Alphabetic' in value);

const isItem = (value: unknown): value is Attributes =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const HOSTILE: readonly [string, () => unknown][] = [
  [
    'a sequence in itself',
    () => {
      const own: Attributes = { PatientID: 'P1' };
      own['ContentSequence'] = [own];
      return own;
    },
  ],
  [
    'too deep a sequence',
    () => {
      let deep: Attributes = {};
      for (let level = 0; level < 40; level += 1) deep = { ContentSequence: [deep] };
      return deep;
    },
  ],
  ['the name of a prototype', () => JSON.parse('{"__proto__":{"PatientID":"P1"}}') as Attributes],
  ['the constructor', () => ({ constructor: 'x' })],
  ['a value of the prototype', () => ({ PatientID: { toString: 'x' } })],
  ['a number that is none', () => ({ Rows: NaN })],
  ['an item that is none', () => ({ ContentSequence: [1] })],
  ['a sequence of sequences', () => ({ ContentSequence: [[{}]] })],
  ['a wrong VR', () => ({ PatientID: { vr: '__proto__', Value: ['x'] } })],
  ['too long a value', () => ({ PatientID: 'x'.repeat(1_000_000) })],
  [
    'a getter that throws',
    () => ({
      get PatientID(): string {
        throw new DicomError('cannot-build', 'the getter');
      },
    }),
  ],
];

for (const [what, given] of HOSTILE)
  it(`refuses ${what}, in a moment`, () => {
    const computed = countComputing();
    assert.throws(
      () => buildObject({ SOPClassUID: CT, ...(given() as Attributes) }, { newUids: 'missing' }),
      (error) => error instanceof DicomError && error.code === 'cannot-build',
    );
    assert.ok(computed() < 2_000);
  });

it('takes nothing that an object only inherits', () => {
  const given = Object.assign(Object.create({ PatientID: 'inherited' }) as Attributes, { SOPClassUID: CT });
  const { file } = buildObject(given, { newUids: 'missing' });
  assert.ok(!file.read(0, file.size).includes('inherited'));
});
