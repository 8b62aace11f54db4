import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, it } from 'node:test';
import Ajv2020 from 'ajv/dist/2020';
import { bufferSource, COMMON_FIELDS, convert, DicomError } from '../../src/dicom';
import { convertFile, corpusObjects } from './support/corpus-objects';
import { element, item } from './support/encode';

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

  it('describes messages that hold references, with and without a place, and with offsets alone', () => {
    const texts = Array.from({ length: 8 }, (_, index) =>
      element(0x00091001 + index, 'LO', 'x'.repeat(60_000)),
    );
    const sequence = element(0x00400275, 'SQ', item(element(0x00400009, 'SH', 'S1')));
    const source = bufferSource(Buffer.concat([element(0x00080018, 'UI', '1.2.3\0'), ...texts, sequence]));
    for (const tagsFormat of ['keyword', 'dicom-json'] as const) {
      for (const place of [{}, { bulkDataURI: 'file:///1.dcm' }, { hasObject: true }]) {
        const { message, warnings } = convert(source, {
          transferSyntaxUID: '1.2.840.10008.1.2.1',
          includeCommonFieldsNode: true,
          includeReportNode: true,
          includeTagsNode: true,
          tagsFormat,
          maxMessageMB: 0.3,
          ...place,
        });
        assert.deepEqual(
          warnings.map(({ code }) => code),
          ['message-too-large'],
        );
        assert.ok(validate(message), JSON.stringify(validate.errors?.slice(0, 3)));
      }
    }
  });

  it('describes the message of every object of the corpus in both layouts', () => {
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
