// npm run soak: the kill tests of the receiver and of studies with fifty rounds instead of five, and that of forwarding with ten
// thousand objects instead of a hundred and fifty; or as many as the arguments say: npm run soak -- ROUNDS OBJECTS.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const [rounds = '50', objects = '10000'] = process.argv.slice(2);
const { status } = spawnSync(
  process.execPath,
  [join(root, 'scripts', 'test.mjs'), 'e2e/kill', 'e2e/study-kill', 'e2e/forward-soak'],
  { cwd: root, stdio: 'inherit', env: { ...process.env, SOAK_ROUNDS: rounds, SOAK_OBJECTS: objects } },
);
process.exit(status ?? 1);
