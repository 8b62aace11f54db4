import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, it } from 'node:test';
import { corpus, readManifest } from '../support/objects/corpus';
import { PACKAGE_DIR } from '../support/package/package-dir';

const MAX_BYTES = 8 * 1024 * 1024;

const rows = readManifest().filter(({ file }) => file.startsWith(corpus));
const ownFiles = (folder: string): string[] =>
  readdirSync(join(corpus, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'README.md')
    .map(({ parentPath, name }) => relative(corpus, join(parentPath, name)))
    .sort();

describe('test/corpus', () => {
  it('has a manifest that names every object, its source, licence and purpose, and its bytes', () => {
    const objects = ['cases', 'generated', 'good', 'odd'].flatMap(ownFiles).sort();
    assert.deepEqual(rows.map(({ path }) => path).sort(), objects);
    for (const { path, file, size, sha256, source_repo, licence, purpose } of rows) {
      for (const told of [source_repo, licence, purpose]) assert.ok(told !== undefined && told !== '', path);
      const bytes = readFileSync(file);
      assert.equal(bytes.length, Number(size), path);
      assert.equal(createHash('sha256').update(bytes).digest('hex'), sha256, path);
    }
  });

  it('has the licence of each project that an object comes from, and NOTICE names it', () => {
    const notice = readFileSync(join(PACKAGE_DIR, 'NOTICE'), 'utf8');
    const index = readFileSync(join(corpus, 'network', 'INDEX.tsv'), 'utf8')
      .trim()
      .split('\n')
      .slice(1);
    const sources = [
      ...rows.map(({ source_repo = '' }) => source_repo),
      ...index.map((line) => (line.split('\t')[2] ?? '').split(' ')[0] ?? ''),
    ];
    const projects = new Set(sources.filter((source) => source.includes('/')));
    assert.ok(projects.size > 20);
    for (const project of projects) {
      assert.ok(existsSync(join(corpus, 'LICENSES', `${project.replace('/', '__')}.txt`)), project);
      assert.ok(notice.includes(`  ${project}: `), project);
    }
  });

  it('is small', () => {
    const bytes = ownFiles('').reduce((sum, file) => sum + statSync(join(corpus, file)).size, 0);
    assert.ok(bytes < MAX_BYTES, `${bytes} bytes`);
  });
});
