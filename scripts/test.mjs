// Builds, then runs every compiled test (or those whose path contains an argument) under node's test runner.
//   node scripts/test.mjs            all
//   node scripts/test.mjs dicom e2e  those with "dicom" or "e2e" in their path
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const run = (...args) => spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status ?? 1;

const built = run('scripts/build.mjs', '--with-tests');
if (built !== 0) process.exit(built);

const wanted = process.argv.slice(2);
const files = readdirSync(join(root, 'dist', 'test'), { recursive: true })
  .map((file) => join('dist', 'test', file))
  .filter((file) => file.endsWith('.test.js'))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .sort();
process.exit(run('--test', '--test-force-exit', '--enable-source-maps', ...files));
