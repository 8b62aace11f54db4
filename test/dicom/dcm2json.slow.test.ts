import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { needs } from '../support/machine/needs';
import { type Cause, CAUSES, Comparison, type Model, newTally, type Tally } from './support/compare';
import { convertBytes, corpusObjects } from './support/corpus-objects';
import { dcm2json, parsed, pydicom } from './support/oracles';

/** JSON text and back: what leaves the conversion must survive it. */
function tagsOf(bytes: Buffer): Model {
  return JSON.parse(JSON.stringify(convertBytes(bytes, 'dicom-json').message.Tags)) as Model;
}

/** Plain lines, and few of them: the test runner chokes on large outputs. */
function report(title: string, tally: Tally, refused: string[] = []): void {
  console.log(
    `${title}: ${tally.objects} objects, ${tally.attributes} attributes compared; differences by cause:`,
  );
  for (const [cause, count] of Object.entries(tally.causes)) {
    console.log(`${String(count).padStart(7)}  ${cause}: ${CAUSES[cause as Cause]}`);
  }
  for (const each of refused.slice(0, 20)) console.log(`  not read by the other one: ${each.slice(0, 200)}`);
  const { unexplained } = tally;
  console.log(`${String(unexplained.length).padStart(7)}  unexplained`);
  assert.equal(unexplained.length, 0, unexplained.slice(0, 20).join('\n'));
}

const skipped = needs('dcmtk', 'pydicom');

describe('Tags in dicom-json layout equal those of independent implementations', { skip: skipped }, () => {
  const dcmtk = newTally();
  const objects = skipped === false ? corpusObjects('good', 'generated') : [];

  it('survive one that writes no JSON: it has not read the object', () => {
    for (const text of ['', '{', '{"00280030":{"vr":"DS","Value":[1,.5]}}', 'NaN']) {
      assert.deepEqual(parsed(text), { refused: 'what it writes is no JSON' });
    }
    const broken = join(mkdtempSync(join(tmpdir(), 'oracle-')), 'broken.dcm');
    writeFileSync(broken, 'no object');
    assert.deepEqual([...pydicom([broken])], []);
    assert.ok('refused' in dcm2json(broken));
  });

  it('of DCMTK dcm2json, for every object that it reads', () => {
    const reasons: string[] = [];
    for (const object of objects) {
      const theirs = dcm2json(object.path);
      if ('refused' in theirs) {
        reasons.push(`${object.name}: ${theirs.refused}`);
        continue;
      }
      const bytes = readFileSync(object.path);
      new Comparison(dcmtk, object.name, bytes).dataSets(tagsOf(bytes), theirs.model);
    }
    report('dcm2json', dcmtk, reasons);
  });

  it('of pydicom, for every object that it reads, pixel data aside', () => {
    const tally = newTally();
    const models = pydicom(objects.map(({ path }) => path));
    for (const object of objects) {
      const theirs = models.get(object.path);
      if (theirs === undefined) continue;
      const bytes = readFileSync(object.path);
      new Comparison(tally, object.name, bytes, dcmtk).dataSets(tagsOf(bytes), theirs);
    }
    const unread = objects.filter(({ path }) => !models.has(path)).map(({ name }) => name);
    report('pydicom', tally, unread);
  });
});
