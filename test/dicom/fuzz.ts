/** Damaged objects, many of them: `npm run fuzz [count [seed]]`. A short run is part of the tests. */
import { readFileSync, statSync } from 'node:fs';
import { bufferSource, DicomError, parseDataSet } from '../../src/dicom';
import { convertBytes, corpusObjects, metaOf } from './support/corpus-objects';
import { boundaries, mutate, Random } from './support/mutations';

export interface FuzzResult {
  converted: number;
  refused: Record<string, number>;
  slowest: number;
  mostMemory: number;
  /** What must not happen, with what is needed to repeat it. */
  failures: string[];
}

const LARGEST_INPUT = 100_000;
const SLOWEST_MILLISECONDS = 1000;
const MEMORY_FREE = 32 * 1024 * 1024;
const MEMORY_FACTOR = 4;

/** @param progress called now and then with the number done */
export function fuzz(
  count: number,
  seed: number,
  progress: (done: number) => void = () => undefined,
): FuzzResult {
  const random = new Random(seed);
  const originals = corpusObjects('good', 'generated')
    .filter(({ path }) => statSync(path).size <= LARGEST_INPUT)
    .map(({ name, path }) => {
      const bytes = readFileSync(path);
      return { name, bytes, joints: boundaries(bytes) };
    });
  const result: FuzzResult = { converted: 0, refused: {}, slowest: 0, mostMemory: 0, failures: [] };
  for (let index = 0; index < count; index += 1) {
    const original = random.of(originals);
    const mutant = mutate(original.bytes, original.joints, random);
    attempt(mutant.bytes, result, `seed ${seed}, number ${index}: ${original.name}, ${mutant.name}`);
    if (index % 1000 === 999) progress(index + 1);
  }
  return result;
}

/** Converts one object and judges how that went. */
export function attempt(bytes: Buffer, result: FuzzResult, what: string): void {
  const memory = used();
  const before = process.cpuUsage();
  const inspected = outcome(() => inspect(bytes));
  const keyword = outcome(() => JSON.stringify(convertBytes(bytes, 'keyword')));
  const model = outcome(() => JSON.stringify(convertBytes(bytes, 'dicom-json')));
  const { user, system } = process.cpuUsage(before);
  const milliseconds = (user + system) / 1000;
  const grown = used() - memory;
  result.slowest = Math.max(result.slowest, milliseconds);
  result.mostMemory = Math.max(result.mostMemory, grown);
  if (keyword === 'ok') result.converted += 1;
  else result.refused[keyword] = (result.refused[keyword] ?? 0) + 1;
  if (inspected !== keyword || keyword !== model || keyword.startsWith('not typed')) {
    result.failures.push(`${what}: inspected ${inspected}, keyword ${keyword}, dicom-json ${model}`);
  }
  if (milliseconds > SLOWEST_MILLISECONDS)
    result.failures.push(`${what}: took ${Math.round(milliseconds)} ms`);
  if (grown > MEMORY_FREE + MEMORY_FACTOR * bytes.length) {
    result.failures.push(`${what}: took ${Math.round(grown / 1024)} KiB for ${bytes.length} bytes`);
  }
}

function inspect(bytes: Buffer): void {
  const { transferSyntaxUID, dataSetOffset } = metaOf(bytes);
  parseDataSet(bufferSource(bytes), { transferSyntaxUID, offset: dataSetOffset });
}

function used(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function outcome(attempted: () => unknown): string {
  try {
    attempted();
    return 'ok';
  } catch (error) {
    if (error instanceof DicomError) return error.code;
    return `not typed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  }
}

if (require.main === module) {
  const [count = '20000', seed = '1'] = process.argv.slice(2);
  const { failures, ...summary } = fuzz(Number(count), Number(seed), (done) =>
    console.log(`${done} objects`),
  );
  console.log(summary);
  for (const failure of failures.slice(0, 50)) console.error(failure);
  console.log(`${failures.length} failures`);
  process.exitCode = failures.length === 0 ? 0 : 1;
}
