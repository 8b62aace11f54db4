import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import {
  bufferSource,
  isUnchangeable,
  KeptBack,
  DicomError,
  readFileMeta,
  type DeidentifyOption,
} from '../../../src/dicom';
import { needs } from '../../support/machine/needs';
import { corpusObjects } from '../support/corpus-objects';
import { deidentified, profile, tagsOf } from './support';

const folder = mkdtempSync(join(tmpdir(), 'deidentified-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** How often dciodvfy finds each kind of error: without values and numbers of items. */
function errorsOf(path: string): Map<string, number> {
  const { stderr } = spawnSync('dciodvfy', [path], { encoding: 'latin1', maxBuffer: 1e8 });
  const found = stderr.split('\n').filter((line) => line.startsWith('Error'));
  const counts = new Map<string, number>();
  for (const line of found) {
    const kind = line.replaceAll(/<[0-9.]*>/g, '<uid>').replaceAll(/[0-9]+/g, '#');
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

/** Tags in disorder, where dciodvfy gives up: of what comes behind it says nothing. */
const isReadByDciodvfy = (name: string): boolean => !name.startsWith('odd/order-or-duplicate/');

const OPTION_SETS: readonly (readonly DeidentifyOption[])[] = [
  [],
  [
    'retain-uids',
    'retain-device',
    'retain-institution',
    'retain-patient-characteristics',
    'retain-modified-dates',
  ],
  [
    'clean-descriptors',
    'clean-structured-content',
    'clean-graphics',
    'retain-full-dates',
    'retain-safe-private',
  ],
];

describe('de-identified objects of the corpus', () => {
  for (const options of OPTION_SETS)
    it(
      `have no error that they did not have: ${options.join(' ') || 'basic profile'}`,
      { skip: needs('dicom3tools') },
      () => {
        let looked = 0;
        const others: string[] = [];
        for (const { name, path } of corpusObjects('good', 'generated', 'odd').filter(({ name }) =>
          isReadByDciodvfy(name),
        )) {
          const bytes = passed(readFileSync(path), options);
          if (bytes === undefined) continue;
          looked += 1;
          const copy = join(folder, 'object.dcm');
          writeFileSync(copy, bytes);
          const before = errorsOf(path);
          for (const [kind, count] of errorsOf(copy))
            if (count > (before.get(kind) ?? 0)) others.push(`${name}: ${kind}`);
        }
        assert.ok(looked > 90, String(looked));
        assert.deepEqual(others, []);
      },
    );
});

function passed(file: Buffer, options: readonly DeidentifyOption[]): Buffer | undefined {
  try {
    const { transferSyntaxUID } = readFileMeta(bufferSource(file));
    if (isUnchangeable(transferSyntaxUID)) return undefined;
    return deidentified(file, profile({ options, allowedWords: ['thorax', 'axial', 'liver'] })).bytes;
  } catch (error) {
    if (error instanceof KeptBack || error instanceof DicomError) return undefined;
    throw error;
  }
}

/** What gdcmanon 3.0.21 leaves or replaces and we do not, and the other way round; docs/deidentification.md says why. */
describe('beside gdcmanon', () => {
  it(
    'nothing that it replaces, empties or removes stays as it was',
    { skip: needs('gdcm', 'openssl') },
    () => {
      const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
      const subject = ['-subj', '/CN=test', '-days', '2', '-nodes', '-newkey', 'rsa:2048'];
      const made = spawnSync('openssl', ['req', '-x509', ...subject, '-keyout', key, '-out', certificate]);
      assert.equal(made.status, 0);
      let compared = 0;
      for (const { path } of corpusObjects('good').filter(({ name }) =>
        /^good\/(ct|mr|pt|cr|nm)\//.test(name),
      )) {
        const file = readFileSync(path);
        const ours = passed(file, []);
        const theirs = join(folder, 'theirs.dcm');
        const run = spawnSync('gdcmanon', ['-e', '-c', certificate, path, theirs]);
        if (ours === undefined || run.status !== 0) continue;
        compared += 1;
        const [before, mine, other] = [file, ours, readFileSync(theirs)].map(tagsOf);
        for (const [tag, attribute] of Object.entries(before ?? {})) {
          const isTheirs = JSON.stringify(other?.[tag]) === JSON.stringify(attribute);
          if (isTheirs || !('Value' in attribute) || attribute.vr === 'SQ') continue;
          assert.notDeepEqual(mine?.[tag], attribute, `${path} ${tag}`);
        }
      }
      assert.ok(compared > 3, String(compared));
    },
  );
});
