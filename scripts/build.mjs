// Compiles TypeScript (type errors fail the build), bundles each node's editor code into its html,
// and copies what Node-RED reads from beside the compiled node: html, locales, icons.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const nodesDir = join(root, 'nodes');
const outDir = join(root, 'dist', 'nodes');
const EDITOR_MARK = '<!-- editor code: editor/index.ts, bundled by scripts/build.mjs -->';

const require = createRequire(import.meta.url);
const NODE_TYPES = Object.keys(require('../package.json')['node-red'].nodes);
const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
const run = (...args) => execFileSync(process.execPath, [tsc, ...args], { cwd: root, stdio: 'inherit' });

if (process.argv.includes('--clean')) rmSync(join(root, 'dist'), { recursive: true, force: true });
removeCompiledWithoutSource();
run('-b', 'tsconfig.json', ...(process.argv.includes('--with-tests') ? ['test'] : []));
run('-p', 'nodes/tsconfig.json');
for (const type of NODE_TYPES) {
  writeFileSync(join(outDir, type, `${type}.html`), withEditorCode(type));
  replaceFolder(join(nodesDir, type, 'locales'), join(outDir, type, 'locales'));
}
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

function replaceFolder(from, to) {
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true });
}

/** The node's html with its editor code inlined: a <script src> would load after registerType runs. */
function withEditorCode(type) {
  const html = readFileSync(join(nodesDir, type, `${type}.html`), 'utf8');
  if (!html.includes(EDITOR_MARK)) throw new Error(`${type}.html lacks the line: ${EDITOR_MARK}`);
  const bundle = buildSync({
    entryPoints: [join(nodesDir, type, 'editor', 'index.ts')],
    bundle: true,
    write: false,
    format: 'iife',
    globalName: `${type.replace(/-(\w)/g, (_, letter) => letter.toUpperCase())}Editor`,
    target: 'es2020',
    charset: 'utf8',
    legalComments: 'none',
  });
  const code = bundle.outputFiles[0].text.replaceAll('</script', '<\\/script');
  return html.replace(EDITOR_MARK, () => `<script type="text/javascript">\n${code}</script>`);
}
