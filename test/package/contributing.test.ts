import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { PACKAGE_DIR } from '../support/user-dir';

it('files that CONTRIBUTING sends a newcomer to are there', () => {
  const text = readFileSync(join(PACKAGE_DIR, 'CONTRIBUTING.md'), 'utf8');
  const named = [...text.matchAll(/`((?:src|nodes|test|scripts)\/[\w./-]+)`/g)].map(([, path = '']) => path);
  const real = named.filter((path) => !/[A-Z]{4}/.test(path));
  assert.ok(real.length > 30, 'the tables name files');
  assert.deepEqual(
    real.filter((path) => !existsSync(join(PACKAGE_DIR, path))),
    [],
  );
});
