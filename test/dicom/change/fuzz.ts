/** Changes of damaged objects, and damaged changes: `node dist/test/dicom/change/fuzz.js [count [seed]]`. A short run is a test. */
import { readFileSync, statSync } from 'node:fs';
import {
  applyChanges,
  bufferSource,
  type ChangeOperation,
  DicomError,
  parseChanges,
  parseDataSet,
  patchedSource,
  plainChanges,
} from '../../../src/dicom';
import { corpusObjects, metaOf } from '../support/corpus-objects';
import { boundaries, mutate, Random } from '../support/mutations';
import { valuesOf } from '../write/support';
import { randomEdits } from './random-edits';

export interface ChangeFuzz {
  applied: number;
  refused: Record<string, number>;
  slowest: number;
  failures: string[];
}

const LARGEST_INPUT = 60_000;
const SLOWEST_MILLISECONDS = 1000;
const EDITS = 8;

/** Damaged objects that are changed: what can be read is read after that, too, and all that was not changed is the same. */
export function fuzzObjects(count: number, seed: number): ChangeFuzz {
  const random = new Random(seed);
  const originals = corpusObjects('good', 'generated')
    .filter(({ path }) => statSync(path).size <= LARGEST_INPUT)
    .map(({ name, path }) => {
      const bytes = readFileSync(path);
      return { name, bytes, joints: boundaries(bytes) };
    });
  const result: ChangeFuzz = { applied: 0, refused: {}, slowest: 0, failures: [] };
  for (let index = 0; index < count; index += 1) {
    const original = random.of(originals);
    const mutant = mutate(original.bytes, original.joints, random);
    const what = `seed ${seed}, number ${index}: ${original.name}, ${mutant.name}`;
    attempt(result, what, () => change(mutant.bytes, original.bytes, random));
  }
  return result;
}

function attempt(result: ChangeFuzz, what: string, run: () => string | undefined): void {
  const before = process.cpuUsage();
  try {
    const failure = run();
    if (failure === undefined) result.applied += 1;
    else result.failures.push(`${what}: ${failure}`);
  } catch (error) {
    if (error instanceof DicomError) result.refused[error.code] = (result.refused[error.code] ?? 0) + 1;
    else result.failures.push(`${what}: ${error instanceof Error ? (error.stack ?? '') : String(error)}`);
  }
  const { user, system } = process.cpuUsage(before);
  const milliseconds = (user + system) / 1000;
  result.slowest = Math.max(result.slowest, milliseconds);
  if (milliseconds > SLOWEST_MILLISECONDS)
    result.failures.push(`${what}: took ${Math.round(milliseconds)} ms`);
}

/** @returns what is wrong with the outcome */
function change(file: Buffer, original: Buffer, random: Random): string | undefined {
  const { transferSyntaxUID, dataSetOffset } = metaOf(file);
  const dataSet = file.subarray(dataSetOffset);
  // Sometimes for what it was before it was damaged.
  const other = random.below(3) === 0;
  const known = other ? original.subarray(metaOf(original).dataSetOffset) : dataSet;
  const syntax = other ? metaOf(original).transferSyntaxUID : transferSyntaxUID;
  const edits = randomEdits(known, syntax, EDITS, random);
  if (random.below(4) === 0)
    edits.push({ operation: { op: 'set', path: 'PatientComments', value: '山' }, vr: undefined });
  const operations = edits.map(({ operation }) => operation);
  const changes = parseChanges({ version: 1, of: { sopInstanceUID: 'any', size: 1 }, operations });
  const source = bufferSource(dataSet);
  const { splices } = applyChanges(source, { transferSyntaxUID, sopInstanceUID: 'any' }, changes);
  const patched = patchedSource(source, splices);
  const after = patched.read(0, patched.size);
  return difference(dataSet, after, transferSyntaxUID, operations);
}

function difference(
  before: Buffer,
  after: Buffer,
  transferSyntaxUID: string,
  operations: readonly ChangeOperation[],
): string | undefined {
  try {
    parseDataSet(bufferSource(after), { transferSyntaxUID });
  } catch (error) {
    return `cannot be read any more: ${String(error)}`;
  }
  const toUtf8 = operations.some(({ path }) => path === 'PatientComments');
  const untouched = (dataSet: Buffer): string[] =>
    valuesOf(dataSet, transferSyntaxUID)
      .filter(
        ({ path }) => !path.includes('0099') && !operations.some((each) => path.startsWith(pathOf(each))),
      )
      // A sequence that was not there may be now.
      .filter(({ path }) => !operations.some((each) => each.path.startsWith(`${path.split(' ')[0]}[`)))
      .filter(({ vr }) => !toUtf8 || vr.width > 1)
      .map(({ path, vr, bytes }) => `${path} ${vr.name} ${bytes.toString('base64')}`);
  const [was, is] = [untouched(before), untouched(after)];
  const index = was.findIndex((line, at) => line !== is[at]);
  if (index < 0 && was.length === is.length) return undefined;
  const at = index < 0 ? was.length : index;
  return `differs: ${was[at]?.slice(0, 150)} became ${is[at]?.slice(0, 150)}, by ${JSON.stringify(operations)}`;
}

const pathOf = ({ path }: ChangeOperation): string => (path === 'PatientComments' ? '00104000' : path);

const GARBAGE: readonly ((random: Random) => unknown)[] = [
  () => null,
  () => undefined,
  () => [],
  () => ({}),
  () => -0,
  () => NaN,
  () => Infinity,
  () => true,
  () => 12n,
  () => Symbol('x'),
  () => () => 1,
  () => new Date(),
  () => Buffer.alloc(3),
  () => new Array<unknown>(1_000_000_000),
  () => '\ud800',
  () => 'a'.repeat(5_000),
  () => '['.repeat(3_000),
  () => '0019"'.repeat(100),
  () => 'PatientID[0].'.repeat(100),
  () => JSON.parse('{"__proto__":{"vr":"LO"},"constructor":1}') as unknown,
  () => ({ vr: 'SQ', Value: [{ vr: 'SQ', Value: [] }] }),
  () => ({ vr: 'OB', BulkDataURI: 'file:///etc/passwd' }),
  () => Array.from({ length: 40 }).reduce<unknown>((within) => [{ '0040A730': within }], []),
  (random) => ({ version: random.below(3), of: { sopInstanceUID: 'any', size: 1 }, operations: 'x' }),
];

/** Changes in which something is replaced by garbage. Applied to an object where they are accepted all the same. */
export function fuzzChanges(count: number, seed: number): ChangeFuzz {
  const random = new Random(seed);
  const file = readFileSync(
    corpusObjects('good').find(({ name }) => name.endsWith('CT_small.dcm'))?.path ?? '',
  );
  const { transferSyntaxUID, dataSetOffset } = metaOf(file);
  const source = bufferSource(file.subarray(dataSetOffset));
  const result: ChangeFuzz = { applied: 0, refused: {}, slowest: 0, failures: [] };
  for (let index = 0; index < count; index += 1) {
    const operations = randomEdits(file.subarray(dataSetOffset), transferSyntaxUID, 4, random).map(
      ({ operation }) => operation,
    );
    let json: unknown = { version: 1, of: { sopInstanceUID: 'any', size: 1 }, operations };
    for (let times = 1 + random.below(3); times > 0; times -= 1) json = spoil(json, random);
    attempt(result, `seed ${seed}, changes ${index}`, () => {
      plainChanges(json);
      const { splices } = applyChanges(
        source,
        { transferSyntaxUID, sopInstanceUID: 'any' },
        parseChanges(json),
      );
      const patched = patchedSource(source, splices);
      parseDataSet(bufferSource(patched.read(0, patched.size)), { transferSyntaxUID });
      return undefined;
    });
  }
  return result;
}

/** A copy with garbage in one place. */
function spoil(json: unknown, random: Random): unknown {
  if (typeof json !== 'object' || json === null || Buffer.isBuffer(json) || random.below(6) === 0)
    return random.of(GARBAGE)(random);
  if (Array.isArray(json)) {
    if (json.length > 100) return json;
    const copy: unknown[] = [...(json as unknown[])];
    const at = random.below(copy.length + 1);
    copy[at] = spoil(copy[at], random);
    return copy;
  }
  const keys = Object.keys(json);
  const key = random.below(8) === 0 || keys.length === 0 ? '__proto__' : random.of(keys);
  const copy = Object.fromEntries(Object.entries(json));
  Object.defineProperty(copy, key, {
    value: spoil(copy[key], random),
    enumerable: true,
    configurable: true,
    writable: true,
  });
  return copy;
}

if (require.main === module) {
  const [count = '5000', seed = '1'] = process.argv.slice(2);
  for (const run of [fuzzChanges, fuzzObjects]) {
    const { failures, ...summary } = run(Number(count), Number(seed));
    console.log(summary);
    for (const failure of failures.slice(0, 20)) console.error(failure);
    console.log(`${failures.length} failures`);
  }
}
