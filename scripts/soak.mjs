// npm run soak: the kill test with fifty rounds instead of five (or as many as the argument says).
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { status } = spawnSync(process.execPath, [join(root, 'scripts', 'test.mjs'), 'e2e/kill'], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, SOAK_ROUNDS: process.argv[2] ?? '50' },
});
process.exit(status ?? 1);
