// Compiles TypeScript (type errors fail the build), and puts what Node-RED reads beside the compiled nodes: html with the
// editor's code, catalogues and help, icons.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeCatalogue, nodeHelp, nodeHtml } from './node-html.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const nodesDir = join(root, 'nodes');
const outDir = join(root, 'dist', 'nodes');

const require = createRequire(import.meta.url);
const NODE_TYPES = Object.keys(require('../package.json')['node-red'].nodes);
const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
const run = (...args) => execFileSync(process.execPath, [tsc, ...args], { cwd: root, stdio: 'inherit' });

if (process.argv.includes('--clean')) rmSync(join(root, 'dist'), { recursive: true, force: true });
removeCompiledWithoutSource();
run('-b', 'tsconfig.json', ...(process.argv.includes('--with-tests') ? ['test'] : []));
run('-p', 'nodes/tsconfig.json');
openDoors();
for (const type of NODE_TYPES) buildNode(type);
// Node-RED looks for an icon of a package beside each of its nodes: here are those of all.
replaceFolder(join(root, 'icons'), join(outDir, NODE_TYPES[0], 'icons'));

/** What is left of sources that were moved: the package would have it, and old tests would run. */
function removeCompiledWithoutSource() {
  const dist = join(root, 'dist');
  for (const folder of ['src', 'nodes', 'test', 'bench'].filter((name) => existsSync(join(dist, name)))) {
    for (const file of readdirSync(join(dist, folder), { recursive: true })) {
      const source = file.replace(/\.(js|d\.ts)(\.map)?$/, '.ts');
      if (source === file || existsSync(join(root, folder, source))) continue;
      rmSync(join(dist, folder, file));
    }
  }
}

/**
 * TypeScript re-exports through getters, and in a loop over elements each name that comes through a room's door would call one:
 * conversion took half as long again. As no module is in a circle of imports, what a door gives can be a plain property.
 */
function openDoors() {
  const getter =
    /^Object\.defineProperty\(exports, "(\w+)", \{ enumerable: true, get: function \(\) \{ return (\w+\.\w+); \} \}\);$/gm;
  const dist = join(root, 'dist');
  for (const file of readdirSync(dist, { recursive: true }).filter((name) => name.endsWith('index.js'))) {
    const code = readFileSync(join(dist, file), 'utf8');
    const plain = code.replace(getter, 'exports.$1 = $2;');
    if (plain !== code) writeFileSync(join(dist, file), plain);
  }
}

/** What Node-RED reads from beside the compiled node. */
function buildNode(type) {
  const from = join(nodesDir, type, 'locales');
  const to = join(outDir, type, 'locales');
  replaceFolder(from, to);
  for (const language of readdirSync(from)) {
    const catalogue = nodeCatalogue(nodesDir, type, language);
    writeFileSync(join(to, language, `${type}.json`), `${JSON.stringify(catalogue, null, 2)}\n`);
    writeFileSync(join(to, language, `${type}.html`), nodeHelp(nodesDir, type, language));
  }
  const settings = Object.values(require('../dist/src/settings')).find((one) => one.type === type);
  if (settings === undefined) throw new Error(`src/settings does not define ${type}`);
  const texts = nodeCatalogue(nodesDir, type, 'en-US')[type];
  writeFileSync(join(outDir, type, `${type}.html`), nodeHtml(nodesDir, settings, texts));
}

function replaceFolder(from, to) {
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true });
}
