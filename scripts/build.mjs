// Compiles TypeScript (type errors fail the build), bundles each node's editor code into its html,
// and copies what Node-RED reads from beside the compiled node: html, locales, icons.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const nodesDir = join(root, 'nodes');
const outDir = join(root, 'dist', 'nodes');
const EDITOR_MARK = '<!-- editor code: NAME.editor.ts, bundled by scripts/build.mjs -->';

const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
const run = (...args) => execFileSync(process.execPath, [tsc, ...args], { cwd: root, stdio: 'inherit' });

if (process.argv.includes('--clean')) rmSync(join(root, 'dist'), { recursive: true, force: true });
run('-b', 'tsconfig.json', ...(process.argv.includes('--with-tests') ? ['test'] : []));
run('-p', 'nodes/tsconfig.json');

mkdirSync(outDir, { recursive: true });
for (const file of readdirSync(nodesDir).filter((name) => name.endsWith('.html'))) {
  writeFileSync(join(outDir, file), withEditorCode(file.replace(/\.html$/, '')));
}
for (const folder of ['locales', 'icons']) {
  const from = folder === 'icons' ? join(root, folder) : join(nodesDir, folder);
  rmSync(join(outDir, folder), { recursive: true, force: true });
  if (existsSync(from)) cpSync(from, join(outDir, folder), { recursive: true });
}

/** The node's html with its editor code inlined: a <script src> would load after registerType runs. */
function withEditorCode(name) {
  const html = readFileSync(join(nodesDir, `${name}.html`), 'utf8');
  const entry = join(nodesDir, `${name}.editor.ts`);
  if (!existsSync(entry)) return html;
  if (!html.includes(EDITOR_MARK)) throw new Error(`${name}.html lacks the line: ${EDITOR_MARK}`);
  const bundle = buildSync({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'iife',
    globalName: `${name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase())}Editor`,
    target: 'es2020',
    charset: 'utf8',
    legalComments: 'none',
  });
  const code = bundle.outputFiles[0].text.replaceAll('</script', '<\\/script');
  return html.replace(EDITOR_MARK, () => `<script type="text/javascript">\n${code}</script>`);
}
