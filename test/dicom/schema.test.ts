import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, it } from 'node:test';
import Ajv2020 from 'ajv/dist/2020';
import { COMMON_FIELDS, DicomError } from '../../src/dicom';
import { needs } from '../support/needs';
import { convertFile, corpusObjects } from './support/corpus-objects';

const SCHEMA = resolve(__dirname, '..', '..', '..', 'docs', 'dicom-message.schema.json');
const schema = JSON.parse(readFileSync(SCHEMA, 'utf8')) as {
  $defs: { commonFields: { propertyNames: { enum: string[] } } };
};
const validate = new Ajv2020({ strict: true, allowUnionTypes: true, strictRequired: false }).compile(schema);

describe('docs/dicom-message.schema.json', () => {
  it('names the common fields of the code', () => {
    assert.deepEqual(schema.$defs.commonFields.propertyNames.enum, [...COMMON_FIELDS]);
  });

  it('refuses what is no DicomMessage', () => {
    assert.equal(validate({ CommonFields: { PatientID: ['1'] } }), false);
    assert.equal(validate({ Tags: { '00100010': 'Doe' } }), false);
    assert.equal(validate({ Tags: { PatientName: { Given: 'Jane' } } }), false);
    assert.equal(validate({ Extra: {} }), false);
  });

  it('describes the message of every object of the corpus in both layouts', { skip: needs('corpus') }, () => {
    let valid = 0;
    for (const { name, path } of corpusObjects('good', 'generated', 'odd')) {
      for (const layout of ['keyword', 'dicom-json'] as const) {
        let message: unknown;
        try {
          message = JSON.parse(JSON.stringify(convertFile(path, layout).message));
        } catch (error) {
          assert.ok(error instanceof DicomError && name.startsWith('odd/'), name);
          continue;
        }
        const errors = validate(message) ? [] : (validate.errors ?? []).slice(0, 3);
        assert.deepEqual(errors, [], `${name} as ${layout}`);
        valid += 1;
      }
    }
    console.log(`${valid} messages valid`);
  });
});
