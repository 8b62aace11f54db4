// node scripts/pictures.mjs: builds, and makes the pictures of README and docs that the editor and a browser show:
// docs/images/image-flow.png, latest-images.png, open-studies.png and dicom-in-sample.png.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const run = (...args) => spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status ?? 1;

process.exit(
  run('scripts/build.mjs', '--with-tests') || run(join('dist', 'test', 'editor', 'readme-pictures.js')),
);
