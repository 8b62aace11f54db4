import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { before, describe, it } from 'node:test';
import { PACKAGE_DIR } from '../support/package/package-dir';
import { filesBelow } from './imports';
import { namesGiven, namesTaken } from './names';

const SRC = join(PACKAGE_DIR, 'dist', 'src');
/** They pass all on that they have, and nobody asks them in a loop. */
const ASKED_ONCE = ['settings', 'integration-soup'];

describe('a door between rooms', () => {
  const doors = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('index.js'))
    .filter((file) => !ASKED_ONCE.some((room) => file.startsWith(room)));
  assert.ok(doors.length > 20, 'most rooms have one');

  for (const door of doors)
    it(`${door} gives plain properties, for with getters conversion takes half as long again`, async () => {
      const { default: names } = (await import(join(SRC, door))) as { default: object };
      for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(names)))
        // In a circle of imports a name would be missing when the door takes it.
        assert.notEqual(property.value, undefined, name);
    });
});

describe('what a door gives', () => {
  /** Who takes a name of a door: `src/dicom/index.ts convert`. Tests and benchmarks are outside, too. */
  const takers = new Map<string, string[]>();
  before(() => {
    for (const file of filesBelow('src', 'nodes', 'bench', 'test'))
      for (const { from, name } of namesTaken(file)) addTaker(`${from} ${name}`, file);
    for (const script of readdirSync(join(PACKAGE_DIR, 'scripts')).filter((name) => name.endsWith('.mjs')))
      for (const taken of takenByScript(script)) addTaker(taken, `scripts/${script}`);
    assert.ok(takers.size > 500, 'of all of ours');
  });

  const addTaker = (taken: string, file: string): void => {
    takers.set(taken, [...(takers.get(taken) ?? []), file]);
  };

  it('is taken by somebody outside the room', () => {
    const doors = filesBelow('src', 'nodes')
      .filter((file) => basename(file) === 'index.ts')
      // The html of a node type takes what it needs of the script that is made of this.
      .filter((file) => !/^nodes\/dicom[\w-]*\/editor\//.test(file));
    const untaken = doors.flatMap((door) =>
      namesGiven(door)
        .map((name) => `${door} ${name}`)
        .filter((name) => takers.get(name)?.some((file) => !file.startsWith(`${dirname(door)}/`)) !== true),
    );
    assert.deepEqual(untaken, []);
  });
});

/** A script takes names of what is built: `const { convert } = require('../dist/src/dicom')`. */
function takenByScript(script: string): string[] {
  const text = readFileSync(join(PACKAGE_DIR, 'scripts', script), 'utf8');
  const required = /const \{ ([\w, ]+) \} = require\('\.\.\/dist\/(src\/[\w/-]+?)(?:\/index\.js)?'\)/g;
  return [...text.matchAll(required)].flatMap(([, names = '', room = '']) =>
    names.split(', ').map((name) => `${room}/index.ts ${name}`),
  );
}
