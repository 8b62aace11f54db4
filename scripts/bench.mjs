// npm run bench: builds, then measures this node beside its peers. Options: see bench/main.ts; conversion alone: --convert; de-identification:
// --deidentify; edits: --edit; pictures: --image; a shared queue: --shared; parts of the code beside simpler ones: --parts.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const run = (...args) => spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status ?? 1;
const args = process.argv.slice(2);
if (args.includes('--help')) {
  tellOptions();
  process.exit();
}
const alone = ['convert', 'deidentify', 'edit', 'image', 'parts', 'shared'].find((name) =>
  args.includes(`--${name}`),
);
const script = `${alone ?? 'main'}.js`;

process.exit(run('scripts/build.mjs', '--with-tests') || run(join('dist', 'bench', script), ...args));

/** They are described where they are read. */
function tellOptions() {
  const main = readFileSync(join(root, 'bench', 'main.ts'), 'utf8');
  const [described] = main.split('*/');
  console.log(described.replace(/^\/\*\*$|^ \* ?/gm, '').trim());
  console.log(
    '\nOthers, each with figures of its own: --convert, --deidentify, --edit, --image, --parts, --shared.',
  );
}
