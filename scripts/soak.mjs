// npm run soak: the kill tests of the receiver and of studies with fifty rounds instead of five, that of forwarding with ten thousand
// objects instead of a hundred and fifty, and that of Node-REDs that share a queue with a hundred thousand instead of five
// thousand; or as many as the arguments say: npm run soak -- ROUNDS OBJECTS SHARED.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const [rounds = '50', objects = '10000', shared = '100000'] = process.argv.slice(2);
const { status } = spawnSync(
  process.execPath,
  [join(root, 'scripts', 'test.mjs'), 'e2e/kill', 'e2e/study-kill', 'e2e/forward-soak', 'e2e/cluster-kill'],
  {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      ...{
        SOAK_ROUNDS: rounds,
        SOAK_OBJECTS: objects,
        SCALE_ACKNOWLEDGED: shared,
        TEST_FILE_MINUTES: '1440',
      },
    },
  },
);
process.exit(status ?? 1);
