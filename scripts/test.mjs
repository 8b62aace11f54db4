// Builds, then runs compiled tests under node's test runner.
//   node scripts/test.mjs            the everyday ones
//   node scripts/test.mjs --slow     those that take long: NAME.slow.test.ts
//   node scripts/test.mjs dicom e2e  all with "dicom" or "e2e" in their path
// test/ci needs the npm registry and is run by name only.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
// Memory that is used again is filled with nonsense first: src/basics/poison.ts.
const env = { ...process.env, DICOM_POISON: '1' };
const run = (...args) => spawnSync(process.execPath, args, { cwd: root, env, stdio: 'inherit' }).status ?? 1;

const built = run('scripts/build.mjs', '--with-tests');
if (built !== 0) process.exit(built);

const args = process.argv.slice(2);
const wanted = args.filter((arg) => arg !== '--slow');
const isWanted = (file) =>
  wanted.length === 0
    ? !file.startsWith(`ci${sep}`) && file.endsWith('.slow.test.js') === args.includes('--slow')
    : wanted.some((part) => file.includes(part));
// By their sources: of a test that was renamed, the compiled one is still there.
const files = readdirSync(join(root, 'test'), { recursive: true })
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => file.replace(/ts$/, 'js'))
  .filter(isWanted)
  .map((file) => join('dist', 'test', file))
  .sort();
if (files.length === 0) {
  console.error(`no test has ${wanted.join(' or ')} in its path`);
  process.exit(1);
}
process.exit(
  run(
    '--test',
    '--test-force-exit',
    // By default one process fewer: on two cores, one after the other. Most wait for Node-RED, a browser or a timer.
    `--test-concurrency=${availableParallelism()}`,
    '--test-reporter=spec',
    '--enable-source-maps',
    ...files,
  ),
);
