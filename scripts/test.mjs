// Builds, then runs compiled tests under node's test runner.
//   node scripts/test.mjs            the everyday ones
//   node scripts/test.mjs --slow     those that take long: NAME.slow.test.ts
//   node scripts/test.mjs dicom e2e  all with "dicom" or "e2e" in their path
// test/ci needs the npm registry and is run by name only. TEST_FILE_MINUTES (10): a file that takes longer fails.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FILE_MINUTES, roomsOf, writeRoom } from './test-rooms.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
// Memory that is used again is filled with nonsense first: src/basics/poison.ts.
const env = { ...process.env, DICOM_POISON: '1' };
const run = (args, more = {}) =>
  spawnSync(process.execPath, args, { cwd: root, env: { ...env, ...more }, stdio: 'inherit' }).status ?? 1;

const built = run(['scripts/build.mjs', '--with-tests']);
if (built !== 0) process.exit(built);

const args = process.argv.slice(2);
const wanted = args.filter((arg) => arg !== '--slow');
const isWanted = (file) =>
  wanted.length === 0
    ? !file.startsWith('ci/') && file.endsWith('.slow.test.ts') === args.includes('--slow')
    : wanted.some((part) => file.includes(part));
// By their sources: of a test that was renamed, the compiled one is still there.
const files = readdirSync(join(root, 'test'), { recursive: true })
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => file.replaceAll(sep, '/'))
  .filter(isWanted)
  .sort();
if (files.length === 0) {
  console.error(`no test has ${wanted.join(' or ')} in its path`);
  process.exit(1);
}

const folder = mkdtempSync(join(tmpdir(), 'dicom-tests-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
process.exitCode = runRooms(roomsOf(root, files));

/** What a process that ended early has not told of runs again, each file by itself: all are heard, and it is known which ends it. */
function runRooms(rooms) {
  const { code, finished } = runProcesses(rooms, 'together');
  const shared = rooms.filter((room) => room.files.length > 1).flatMap((room) => room.files);
  const untold = shared.filter((file) => !finished.has(file));
  if (untold.length === 0) return code;
  console.error(
    `\nA process ended before it had told of these, which now run by themselves:\n  ${untold.join('\n  ')}\n`,
  );
  runProcesses(
    untold.flatMap((file) => roomsOf(root, [file])),
    'alone',
  );
  return 1;
}

/** @returns what the test runner ended with, and the files whose tests have all run */
function runProcesses(rooms, name) {
  const list = join(folder, `${name}.txt`);
  const code = run(
    [
      '--test',
      '--test-force-exit',
      `--test-concurrency=${atOnce(rooms)}`,
      // Of a whole process, which may be too busy to tell of a file that hangs.
      `--test-timeout=${2 * FILE_MINUTES * 60_000}`,
      '--test-reporter=spec',
      '--enable-source-maps',
      ...rooms.map((room, at) => writeRoom(root, join(folder, name), room, at)),
    ],
    { DICOM_TESTS_FINISHED: list },
  );
  const told = existsSync(list) ? readFileSync(list, 'utf8').split('\n') : [];
  return { code, finished: new Set(told) };
}

/** Processes at once: everyday tests wait about as long as they compute; slow ones also measure what the machine does. */
function atOnce(rooms) {
  const isSlow = rooms.some((room) => room.files.some((file) => file.endsWith('.slow.test.ts')));
  return availableParallelism() * (isSlow ? 1 : 2);
}
