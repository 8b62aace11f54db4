import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { it } from 'node:test';
import { PACKAGE_DIR } from '../support/user-dir';

const IMPORTED = /^(?:import|export)\s[^'"]*?from '(\.[^']*)'/gms;

/** The files of ours that a file imports, types too. */
function importsOf(file: string): string[] {
  const found = [...readFileSync(file, 'utf8').matchAll(IMPORTED)].map(([, name = '']) =>
    join(dirname(file), name),
  );
  return found.map((path) => [`${path}.ts`, join(path, 'index.ts')].find(existsSync) ?? path);
}

/** A way from a file back to itself; undefined: there is none. */
function circleIn(files: readonly string[]): string[] | undefined {
  const done = new Set<string>();
  const follow = (file: string, way: readonly string[]): string[] | undefined => {
    if (way.includes(file)) return [...way.slice(way.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const next of importsOf(file)) {
      const circle = follow(next, [...way, file]);
      if (circle !== undefined) return circle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of files) {
    const circle = follow(file, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

it('no file imports, by whatever others, one that imports it: not even a type', () => {
  const files = ['src', 'nodes'].flatMap((folder) =>
    readdirSync(join(PACKAGE_DIR, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => join(PACKAGE_DIR, folder, file)),
  );
  assert.ok(files.length > 400, 'all of ours');
  assert.deepEqual(
    circleIn(files)?.map((file) => relative(PACKAGE_DIR, file)),
    undefined,
  );
});
