import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { before, describe, it } from 'node:test';
import { circleIn, importsBelow, importsBetweenEntries, type Imports } from './imports';
import { PACKAGE_DIR } from '../support/package/package-dir';

describe('imports', () => {
  let ours: Imports;
  before(() => {
    ours = importsBelow('src', 'nodes', 'bench');
    assert.ok(ours.size > 800, 'all of ours');
  });

  it('no file imports, by whatever others, one that imports it: not even a type', () => {
    assert.deepEqual(circleIn(ours), undefined);
  });

  it('nor does a folder: neither one beside it, nor a file beside it', () => {
    const folders = new Set([...ours.keys()].flatMap(foldersAbove));
    const circles = [...folders].map((folder) => [folder, circleIn(importsBetweenEntries(folder, ours))]);
    assert.deepEqual(
      circles.filter(([, circle]) => circle !== undefined),
      [],
    );
  });

  it('a folder with a door is entered through it', () => {
    const passedBy = [...ours]
      .filter(([file]) => !file.startsWith('bench/')) // It measures parts of a room, and says so where it does.
      .flatMap(([file, imported]) =>
        imported.filter((to) => passesADoor(file, to, ours)).map((to) => `${file} → ${to}`),
      );
    assert.deepEqual(passedBy, []);
  });

  it('go to the left in the order of rooms that CONTRIBUTING names, which names them all', () => {
    const order = roomsInOrder();
    const rooms = readdirSync(join(PACKAGE_DIR, 'src'));
    assert.deepEqual([...order.keys()].filter((room) => room !== 'nodes').sort(), rooms.sort());
    const place = (path: string): number | undefined => order.get(roomOf(path));
    const toTheRight = [...ours].flatMap(([file, imported]) =>
      imported
        .filter((to) => roomOf(file) !== roomOf(to) && (place(to) ?? 0) >= (place(file) ?? Infinity))
        .map((to) => `${file} → ${to}`),
    );
    assert.deepEqual(toTheRight, []);
  });
});

function foldersAbove(file: string): string[] {
  const folder = dirname(file);
  return folder === '.' ? [] : [folder, ...foldersAbove(folder)];
}

/** Whether this import goes from outside a folder with an `index.ts` to another file in it. */
function passesADoor(from: string, to: string, all: Imports): boolean {
  if (basename(to) === 'index.ts') return false;
  return foldersAbove(to).some(
    (folder) => all.has(join(folder, 'index.ts')) && !from.startsWith(`${folder}/`),
  );
}

/** `a ← {b, c} ← d`: the place of each. */
function roomsInOrder(): Map<string, number> {
  const text = readFileSync(join(PACKAGE_DIR, 'CONTRIBUTING.md'), 'utf8');
  const [line = ''] = /^`basics ← .*`\.$/m.exec(text) ?? [];
  const places = line.replace(/[`.]/g, '').split(' ← ');
  return new Map(
    places.flatMap((place, at) =>
      place
        .split(/[{}, ]+/)
        .filter(Boolean)
        .map((room) => [room, at] as const),
    ),
  );
}

function roomOf(path: string): string {
  const [house = '', room = ''] = path.split('/');
  return house === 'src' ? room : house;
}
