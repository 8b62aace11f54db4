import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import Ajv2020 from 'ajv/dist/2020';
import { DicomError, isUnchangeable, MAX_OPERATIONS, parseChanges } from '../../../src/dicom';
import { PACKAGE_DIR } from '../../support/package/package-dir';
import { corpusObjects } from '../support/corpus-objects';
import { Random } from '../support/mutations';
import { randomEdits } from './random-edits';
import { changesFor, dataSetIn } from './support';

const text = (name: string): string => readFileSync(join(PACKAGE_DIR, 'docs', name), 'utf8');
const schema = JSON.parse(text('dicom-changes.schema.json')) as {
  properties: { operations: { maxItems: number } };
};
const validate = new Ajv2020({ strict: true, allowUnionTypes: true, strictRequired: false }).compile(schema);

describe('docs/dicom-changes.schema.json', () => {
  it('describes the example of the docs, and changes of every object of the corpus', () => {
    const [, example = ''] = /## Changes[^]*?```json\n([^]*?)```/.exec(text('message-format.md')) ?? [];
    const random = new Random(3);
    const all = corpusObjects('good').flatMap(({ path }) => {
      const { dataSet, transferSyntaxUID } = dataSetIn(readFileSync(path));
      if (isUnchangeable(transferSyntaxUID)) return [];
      const edits = randomEdits(dataSet, transferSyntaxUID, 5, random);
      return [
        changesFor(
          dataSet,
          transferSyntaxUID,
          edits.map(({ operation }) => operation),
        ),
      ];
    });
    for (const changes of [JSON.parse(example) as unknown, ...all]) {
      parseChanges(changes);
      assert.ok(validate(changes), JSON.stringify(validate.errors?.slice(0, 3)));
    }
    assert.equal(schema.properties.operations.maxItems, MAX_OPERATIONS);
  });

  it('has paths of every kind, and refuses what the parser refuses', () => {
    const changes = (operation: object): object => ({
      version: 1,
      of: { sopInstanceUID: '1', size: 2 },
      operations: [operation],
    });
    const path = (name: string): boolean => {
      const isValid = validate(changes({ op: 'remove', path: name }));
      let isParsed = true;
      try {
        parseChanges(changes({ op: 'remove', path: name }));
      } catch (error) {
        assert.ok(error instanceof DicomError);
        isParsed = false;
      }
      assert.equal(isParsed, isValid, name);
      return isValid;
    };
    for (const name of [
      'PatientID',
      '0010002A',
      '0019"A ""B"" [1].x"0C',
      '0019"A"0C[3].ContentSequence[0].PatientID',
    ])
      assert.ok(path(name), name);
    for (const name of [
      '',
      'Patient ID',
      '0019"A"',
      '0019"A"B"0C',
      'ContentSequence[]',
      'ContentSequence[0]',
      'ContentSequence[00].PatientID',
      '.PatientID',
      '0010,0020',
    ])
      assert.ok(!path(name), name);
    assert.ok(!validate(changes({ op: 'set', path: 'PatientID' })));
    assert.ok(!validate(changes({ op: 'set', path: 'PatientID', value: true })));
    assert.ok(!validate({ ...changes({ op: 'remove', path: 'PatientID' }), version: 2 }));
  });
});
