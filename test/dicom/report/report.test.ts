import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, it } from 'node:test';
import type { Report } from '../../../src/dicom';
import type { ContentItem } from '../../../src/dicom/report/report-model';
import { needs } from '../../support/machine/needs';
import { PACKAGE_DIR } from '../../support/package/package-dir';
import { convertFile, corpusObjects, type CorpusObject } from '../support/corpus-objects';

/** Golden files are written with UPDATE_GOLDEN=1, and then read beside dsrdump's output before they are committed. */
const GOLDEN = join(PACKAGE_DIR, 'test', 'dicom', 'golden');
const UPDATE = process.env['UPDATE_GOLDEN'] === '1';

/** The one with every value type and by-reference relationships; of the others the text is enough. */
const WHOLE = 'pydicom__test-SR.dcm';

function reportOf({ path }: CorpusObject): Report | undefined {
  return convertFile(path, 'keyword').message.Report;
}

/** dsrdump refuses these for reasons that have nothing to do with the tree; -Ee, -Ec, -Ev let most of them pass. */
function dsrdump(path: string): string[] | undefined {
  const { status, stdout } = spawnSync('dsrdump', ['-q', '-Er', '-Ec', '-Ee', '-Ei', path], {
    encoding: 'latin1',
  });
  if (status !== 0) return undefined;
  return stdout.split('\n').flatMap((line) => {
    const found =
      /^( *)<(?:(contains|has [a-z ]+|inferred from|selected from) )?(?:([A-Z0-9]+):|([0-9.]+)>)/.exec(line);
    if (found === null) return [];
    const [, indent = '', relation = 'root', type, reference] = found;
    return [`${indent.length / 2} ${relation} ${type ?? `see ${reference}`}`];
  });
}

/** The same skeleton of ours: depth, relationship, value type. */
function skeleton(item: ContentItem, depth = 0, lines: string[] = []): string[] {
  const relation = item.RelationshipType?.toLowerCase() ?? 'root';
  const reference = item.ReferencedContentItemIdentifier?.join('.');
  lines.push(`${depth} ${relation} ${reference === undefined ? item.ValueType : `see ${reference}`}`);
  for (const child of item.Content ?? []) skeleton(child, depth + 1, lines);
  return lines;
}

const skipped = needs('dcmtk');
const documents =
  skipped === false
    ? corpusObjects('good', 'generated').filter(({ name }) => /\/(sr-|iod\/(rdsr|ko|mg-cad)|ko)/.test(name))
    : [];

describe('Report', { skip: skipped }, () => {
  it('is there for structured reports and for nothing else', () => {
    const names = documents.map(({ name }) => name);
    assert.ok(documents.length >= 10);
    const found = corpusObjects('good', 'generated').filter((object) => reportOf(object) !== undefined);
    assert.deepEqual(
      found.map(({ name }) => name),
      names,
    );
  });

  it('has the tree that dsrdump shows', () => {
    let compared = 0;
    for (const object of documents) {
      const theirs = dsrdump(object.path);
      const report = reportOf(object);
      if (theirs === undefined || theirs.length === 0 || report === undefined) continue;
      assert.deepEqual(skeleton(report.Content), theirs, object.name);
      compared += 1;
    }
    console.log(`${compared} of ${documents.length} documents compared with dsrdump`);
    assert.ok(compared >= documents.length - 3);
  });

  it('is what the golden files have', () => {
    mkdirSync(GOLDEN, { recursive: true });
    for (const object of documents) {
      const name = basename(object.name);
      const report = reportOf(object);
      check(`${name}.txt`, `${report?.Text}\n`);
      if (name === WHOLE) check(`${name}.golden`, `${JSON.stringify(report, null, 2)}\n`);
    }
  });
});

function check(name: string, actual: string): void {
  const path = join(GOLDEN, name);
  if (UPDATE || !existsSync(path)) {
    assert.ok(UPDATE, `${name} is missing: run with UPDATE_GOLDEN=1 and read what it writes`);
    writeFileSync(path, actual);
  }
  assert.equal(actual, readFileSync(path, 'utf8'), name);
}
