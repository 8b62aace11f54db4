// Tests of one folder share a process: to start one and to load its modules costs more than what most files test.
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Have a process each: what is slow, and what measures its process. */
const ALONE = /\.(alone|slow)\.test\.ts$/;
/** A test file that takes longer hangs: its tests fail that are not done, and other files run. */
export const FILE_MINUTES = Number(process.env.TEST_FILE_MINUTES ?? 10);
/** Sources in one process, in bytes: with all of a folder, one processor would idle while the other runs the last room. */
const MOST_BYTES = 120_000;

/**
 * The rooms that test files run in, each a process; first the largest, which is likely to take longest.
 * @param {string} root of the repository
 * @param {string[]} files sources within test/, sorted
 * @returns {{ name: string, files: string[] }[]}
 */
export function roomsOf(root, files) {
  const rooms = [];
  const open = new Map();
  for (const file of files) {
    const bytes = statSync(join(root, 'test', file)).size;
    const [folder] = file.split('/');
    const alone = ALONE.test(file);
    let room = alone ? undefined : open.get(folder);
    if (room === undefined || room.bytes + bytes > MOST_BYTES) {
      room = { name: alone ? file.replaceAll('/', '+') : folder, files: [], bytes: 0 };
      rooms.push(room);
      if (!alone) open.set(folder, room);
    }
    room.files.push(file);
    room.bytes += bytes;
  }
  return rooms.sort((a, b) => b.bytes - a.bytes);
}

/**
 * Writes what node's test runner is to run for a room. Each file is a suite that is named after it; its hooks are for its own
 * tests. One that cannot be loaded is a test that fails, and the others run. Once its tests have run, its name is a line of the
 * file DICOM_TESTS_FINISHED.
 * @param {string} root of the repository
 * @param {string} folder for it; the runner takes what it runs in the order of names
 * @returns {string} its path
 */
export function writeRoom(root, folder, { name, files }, at) {
  const path = join(folder, String(at).padStart(3, '0'), `${name}.js`);
  mkdirSync(dirname(path), { recursive: true });
  const compiled = (file) => join(root, 'dist', 'test', file.replace(/ts$/, 'js'));
  const suites = files.map((file) => `suite(${JSON.stringify(file)}, ${JSON.stringify(compiled(file))});`);
  writeFileSync(path, `${SUITE}\n${suites.join('\n')}\n`);
  return path;
}

/** `--test-force-exit` ends the process though the runner, on a busy machine, has not yet read all that it is told. */
const SUITE = `'use strict';
const { appendFileSync } = require('node:fs');
const { after, describe, it } = require('node:test');
const { exit, stdout } = process;
process.exit = (code) => stdout.writableLength > 0 ? stdout.write('', () => exit(code)) : exit(code);
function suite(name, compiled) {
  describe(name, { timeout: ${FILE_MINUTES * 60_000} }, () => {
    after(() => appendFileSync(process.env.DICOM_TESTS_FINISHED, name + '\\n'));
    try {
      require(compiled);
    } catch (error) {
      it(name + ' is loaded', () => { throw error; });
    }
  });
}`;
