import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { it } from 'node:test';
import type { PictureMemory } from '../../bench/support/image-memory';
import { PACKAGE_DIR } from '../support/package/package-dir';

const PICTURES = 20;

/** `npm run bench -- --image --memory 200` says it of more. */
it('memory returns when the worker that made pictures has ended', (test) => {
  const script = join(PACKAGE_DIR, 'dist', 'bench', 'image.js');
  const { stdout, stderr, status } = spawnSync(process.execPath, [script, '--memory', String(PICTURES)], {
    encoding: 'utf8',
    timeout: 120_000,
  });
  assert.equal(status, 0, stderr);
  const { before, during, after } = JSON.parse(stdout) as PictureMemory;
  test.diagnostic(`${before} MiB before, ${during} at most, ${after} after`);
  // Wide: what is freed is not given back at once.
  assert.ok(after < during && after - before < 150, stdout);
  assert.ok(during - before < 500, stdout);
});
