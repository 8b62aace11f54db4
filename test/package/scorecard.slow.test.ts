import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { PACKAGE_DIR } from '../support/package/package-dir';

interface Manifest {
  [property: string]: unknown;
  dependencies: Record<string, string>;
}

/** Runs the check as `npm run scorecard` does, without what needs a network. */
function scorecard(folder: string): { passed: boolean; failures: string[] } {
  const script = join(PACKAGE_DIR, 'scripts', 'scorecard.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, '--local', folder], {
    encoding: 'utf8',
  });
  assert.equal(stderr, '');
  return { passed: status === 0, failures: stdout.split('\n').filter((line) => line.startsWith('✖')) };
}

describe('the scorecard', () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'dicom-scorecard-'));
    for (const part of ['package.json', 'package-lock.json', 'examples', 'dist/nodes']) {
      cpSync(join(PACKAGE_DIR, part), join(folder, part), { recursive: true });
    }
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs it with a file of the package changed. */
  function withChange(file: string, change: (text: string) => string): string[] {
    const path = join(folder, file);
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, change(text));
    const { passed, failures } = scorecard(folder);
    assert.equal(passed, false);
    writeFileSync(path, text);
    return failures;
  }
  const withManifest = (change: (manifest: Manifest) => object): string[] =>
    withChange('package.json', (text) => JSON.stringify(change(JSON.parse(text) as Manifest)));

  it('is kept by this package', () => {
    assert.deepEqual(scorecard(PACKAGE_DIR), { passed: true, failures: [] });
    assert.deepEqual(scorecard(folder), { passed: true, failures: [] });
  });

  const manifests: readonly [string, (manifest: Manifest) => object, RegExp][] = [
    ['P01', ({ license: _, ...rest }) => rest, /license is missing/],
    ['P03', ({ repository: _, bugs: __, ...rest }) => rest, /both are missing/],
    ['P04', (manifest) => ({ ...manifest, name: 'node-red-dicom' }), /node-red-dicom is not/],
    ['P05', (manifest) => ({ ...manifest, keywords: ['dicom'] }), /keyword is missing/],
    [
      'P06',
      (manifest) => ({ ...manifest, 'node-red': { ...(manifest['node-red'] as object), version: '<5' } }),
      /<5 shuts out 5/,
    ],
    ['P07', (manifest) => ({ ...manifest, engines: { node: '>=24' } }), />=24 shuts out 22/],
    [
      'D01',
      ({ dependencies: _ours, ...rest }) => ({
        ...rest,
        dependencies: Object.fromEntries([...'abcdefg'].map((name) => [name, '1'])),
      }),
      /there are 7/,
    ],
  ];
  for (const [code, change, problem] of manifests) {
    it(`finds a package.json that breaks ${code}`, () => {
      const [failure = '', ...others] = withManifest(change);
      assert(failure.includes(code), failure);
      assert.match(failure, problem);
      assert.deepEqual(others, []);
    });
  }

  it('finds an incompatible package, at any depth', () => {
    const bad = '"packages": { "node_modules/a/node_modules/agent-base": { "version": "5.1.1" },';
    const failures = withChange('package-lock.json', (text) => text.replace('"packages": {', bad));
    assert.deepEqual(failures, ['✖ D02  installs no incompatible package: agent-base@5.1.1']);
  });

  it('finds a node without an example, one that is there twice, and one that the library could not read', () => {
    const html = 'dist/nodes/dicom-response/dicom-response.html';
    const renamed = withChange(html, (text) =>
      text.replace("registerType('dicom-response'", "registerType('dicom-x'"),
    );
    assert.match(renamed.join(), /^✖ N02 .*none with dicom-x$/);
    const twice = withChange(html, (text) =>
      text.replace("registerType('dicom-response'", "registerType('dicom-in'"),
    );
    assert.match(twice.join(), /^✖ N01 .*: dicom-in$/);
    const hidden = withChange(html, (text) => text.replace("icon: 'dicom-response.svg'", 'icon: ICON'));
    assert.match(hidden.join(), /^✖ HTML .*dicom-response: icon is not a literal$/);
  });
});
