import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import {
  bufferSource,
  encapsulatedDocument,
  encapsulatesDocument,
  LARGEST_DOCUMENT,
  parseDataSet,
  type EncapsulatedDocument,
} from '../../../src/dicom';
import { corpus } from '../../support/objects/corpus';
import { DEFLATED, EXPLICIT } from '../support/convert-elements';
import { metaOf } from '../support/corpus-objects';
import { element, item } from '../support/encode';

const CLASSES: Record<string, string> = {
  '1.2.840.10008.5.1.4.1.1.104.1': 'application/pdf',
  '1.2.840.10008.5.1.4.1.1.104.2': 'text/xml',
  '1.2.840.10008.5.1.4.1.1.104.3': 'model/stl',
  '1.2.840.10008.5.1.4.1.1.104.4': 'model/obj',
  '1.2.840.10008.5.1.4.1.1.104.5': 'model/mtl',
  '1.2.3': 'application/octet-stream',
};

interface Found {
  document: EncapsulatedDocument | undefined;
  warnings: string[];
}

function read(bytes: Buffer, transferSyntaxUID = EXPLICIT, offset = 0): Found {
  const source = bufferSource(bytes);
  const parsed = parseDataSet(source, { transferSyntaxUID, offset });
  const document = encapsulatedDocument(parsed, source);
  assert.equal(encapsulatesDocument(parsed), document !== undefined || parsed.warnings.list.length > 0);
  return { document, warnings: parsed.warnings.list.map(({ code }) => code) };
}

const length = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return element(0x00420015, 'UL', bytes);
};
const document = (value: Buffer | string): Buffer => element(0x00420011, 'OB', value);
const type = (value: string): Buffer => element(0x00420012, 'LO', value);

describe('the document that an object encapsulates', () => {
  it('has its media type and title from the object, or from its SOP class and concept name', () => {
    for (const [uid, mediaType] of Object.entries(CLASSES)) {
      const name = element(0x0040a043, 'SQ', item(element(0x00080104, 'LO', 'Report')));
      const found = read(Buffer.concat([element(0x00080016, 'UI', uid), name, document('ab')]));
      assert.deepEqual(found.document, { mediaType, title: 'Report', data: Buffer.from('ab') });
    }
    const told = read(
      Buffer.concat([element(0x00420010, 'ST', 'Title '), document('ab'), type('text/plain')]),
    );
    assert.deepEqual(told.document, { mediaType: 'text/plain', title: 'Title', data: Buffer.from('ab') });
  });

  it('is without its padding, where its length or its type shows that it is padding', () => {
    const data = (...elements: Buffer[]): string | undefined =>
      read(Buffer.concat(elements)).document?.data.toString();
    assert.equal(data(document('abc\0'), length(3)), 'abc');
    assert.equal(data(document('abc\0'), length(4)), 'abc\0');
    assert.equal(data(document('abc\0')), 'abc\0');
    assert.equal(data(document('<a/>a\0'), type('text/XML')), '<a/>a');
    assert.equal(data(document('abcd'), length(1)), 'abcd', 'a wrong length cuts nothing off');
    assert.equal(data(document('abcd'), length(400)), 'abcd');
  });

  it('is read from a deflated object', () => {
    const bytes = deflateRawSync(Buffer.concat([document('x'.repeat(5_000)), type('application/pdf ')]));
    assert.equal(read(bytes, DEFLATED).document?.data.toString(), 'x'.repeat(5_000));
  });

  it('is not there in others, and where it is empty', () => {
    assert.deepEqual(read(element(0x00080060, 'CS', 'CT')), { document: undefined, warnings: [] });
    assert.deepEqual(read(document('')), { document: undefined, warnings: [] });
  });

  it('stays in the object where it is too large, and that is said', () => {
    const found = read(document(Buffer.alloc(LARGEST_DOCUMENT + 2)));
    assert.deepEqual(found, { document: undefined, warnings: ['document-too-large'] });
    assert.equal(read(document(Buffer.alloc(LARGEST_DOCUMENT))).document?.data.length, LARGEST_DOCUMENT);
  });

  it('of the corpus', () => {
    for (const name of ['cda.dcm', 'encapsulated-obj.dcm']) {
      const bytes = readFileSync(join(corpus, 'generated', 'iod', name));
      const { transferSyntaxUID, dataSetOffset } = metaOf(bytes);
      const { document: found } = read(bytes, transferSyntaxUID, dataSetOffset);
      assert.ok(found !== undefined && found.data.length > 0 && found.data.at(-1) !== 0, name);
    }
  });
});
