// Builds, then runs compiled tests under node's test runner.
//   node scripts/test.mjs            all that need only npm and what is installed
//   node scripts/test.mjs dicom e2e  those with "dicom" or "e2e" in their path
// test/ci needs the npm registry and is run by name only.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const run = (...args) => spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status ?? 1;

const built = run('scripts/build.mjs', '--with-tests');
if (built !== 0) process.exit(built);

const wanted = process.argv.slice(2);
const isWanted = (file) =>
  wanted.length === 0 ? !file.startsWith(`ci${sep}`) : wanted.some((part) => file.includes(part));
const files = readdirSync(join(root, 'dist', 'test'), { recursive: true })
  .filter((file) => file.endsWith('.test.js') && isWanted(file))
  .map((file) => join('dist', 'test', file))
  .sort();
if (files.length === 0) {
  console.error(`no test has ${wanted.join(' or ')} in its path`);
  process.exit(1);
}
process.exit(run('--test', '--test-force-exit', '--test-reporter=spec', '--enable-source-maps', ...files));
