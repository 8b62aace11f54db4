import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { preProcessFile } from 'typescript';
import { PACKAGE_DIR } from '../support/package/package-dir';

/** A file of the repository and those that it imports: types, re-exports, `import()` and `require()` too. Paths from the root. */
export type Imports = ReadonlyMap<string, readonly string[]>;

/** What the TypeScript files below these folders import of ours. */
export function importsBelow(...folders: readonly string[]): Imports {
  return new Map(filesBelow(...folders).map((file) => [file, importsOf(file)]));
}

/** The TypeScript files below these folders. */
export function filesBelow(...folders: readonly string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(PACKAGE_DIR, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => join(folder, file)),
  );
}

function importsOf(file: string): string[] {
  const { importedFiles } = preProcessFile(readFileSync(join(PACKAGE_DIR, file), 'utf8'), true, true);
  return importedFiles
    .map(({ fileName }) => fileName)
    .filter((name) => name.startsWith('.'))
    .map((name) => fileAt(join(dirname(file), name)));
}

/** The file that an import means. @param path without its ending, or of a folder */
export function fileAt(path: string): string {
  const candidates = [path, `${path}.ts`, path.replace(/\.js$/, '.ts'), join(path, 'index.ts')];
  const file = candidates.find((each) => isFile(join(PACKAGE_DIR, each)));
  if (file === undefined) throw new Error(`there is no ${path}`);
  return file;
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

/** A way from one of these back to itself; undefined: there is none. */
export function circleIn(ways: ReadonlyMap<string, Iterable<string>>): string[] | undefined {
  const done = new Set<string>();
  const follow = (at: string, way: readonly string[]): string[] | undefined => {
    if (way.includes(at)) return [...way.slice(way.indexOf(at)), at];
    if (done.has(at)) return undefined;
    for (const next of ways.get(at) ?? []) {
      const circle = follow(next, [...way, at]);
      if (circle !== undefined) return circle;
    }
    done.add(at);
    return undefined;
  };
  for (const start of ways.keys()) {
    const circle = follow(start, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

/** What the files and folders in this folder import of each other: each stands for all that is in it. */
export function importsBetweenEntries(folder: string, imports: Imports): Map<string, Set<string>> {
  const entryOf = (file: string): string | undefined =>
    file.startsWith(`${folder}/`) ? file.slice(folder.length + 1).split('/')[0] : undefined;
  const between = new Map<string, Set<string>>();
  for (const [file, imported] of imports) {
    const from = entryOf(file);
    if (from === undefined) continue;
    const others = imported.map(entryOf).filter((to) => to !== undefined && to !== from);
    between.set(from, new Set([...(between.get(from) ?? []), ...(others as string[])]));
  }
  return between;
}
