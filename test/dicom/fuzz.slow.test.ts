import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { describe, it } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { bufferSource, convert, DicomError, parseDataSet, MAX_DEPTH, MAX_ELEMENTS } from '../../src/dicom';
import { assertLinear } from '../support/machine/linear';
import { attempt, fuzz, type FuzzResult } from './fuzz';
import { convertFile, corpusObjects } from './support/corpus-objects';
import { element } from './support/encode';
import { boundaries, nestedSequences } from './support/mutations';

const EXPLICIT = '1.2.840.10008.1.2.1';
const DEFLATED = '1.2.840.10008.1.2.1.99';
const ALL = { includeCommonFieldsNode: true, includeReportNode: true, includeTagsNode: true };

function codeOf(run: () => unknown): string {
  try {
    run();
    return 'ok';
  } catch (error) {
    assert.ok(error instanceof DicomError, String(error));
    return error.code;
  }
}

function delimiters(depth: number): Buffer {
  const both = Buffer.from([0xfe, 0xff, 0x0d, 0xe0, 0, 0, 0, 0, 0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0]);
  return Buffer.concat(new Array<Buffer>(depth).fill(both));
}

describe('damaged and hostile objects', () => {
  it('convert or end in a DicomError, in time and in memory: 2000 mutations', () => {
    const { failures, ...summary } = fuzz(2000, 20_241_124);
    console.log(JSON.stringify(summary));
    assert.equal(failures.length, 0, failures.slice(0, 10).join('\n'));
  });

  it('cut off at every joint of their structure, each a byte early and late', () => {
    const result: FuzzResult = { converted: 0, refused: {}, slowest: 0, mostMemory: 0, failures: [] };
    const small = corpusObjects('good', 'generated').filter(({ path }) => statSync(path).size < 5000);
    for (const { name, path } of small.filter((_, index) => index % 6 === 0)) {
      const bytes = readFileSync(path);
      for (const joint of boundaries(bytes)) {
        for (const end of [joint - 1, joint, joint + 1])
          attempt(bytes.subarray(0, end), result, `${name} to ${end}`);
      }
    }
    console.log(`${result.converted} converted, ${JSON.stringify(result.refused)}`);
    assert.equal(result.failures.length, 0, result.failures.slice(0, 10).join('\n'));
  });

  it('of the odd corpus convert, but for those that are cut off', () => {
    const refused = corpusObjects('odd')
      .map(({ name, path }) => ({ name, code: codeOf(() => convertFile(path, 'keyword')) }))
      .filter(({ code }) => code !== 'ok');
    assert.deepEqual(refused, [
      { name: 'odd/truncated-or-overlong/pydicom__MR_truncated.dcm', code: 'ends-inside-element' },
      { name: 'odd/truncated-or-overlong/pydicom__rtplan_truncated.dcm', code: 'ends-inside-element' },
    ]);
  });

  it(`nested to ${MAX_DEPTH} sequences survive JSON, the structured clone and a recursive one`, () => {
    const source = bufferSource(Buffer.concat([nestedSequences(MAX_DEPTH), delimiters(MAX_DEPTH)]));
    for (const tagsFormat of ['keyword', 'dicom-json'] as const) {
      const { message } = convert(source, { ...ALL, transferSyntaxUID: EXPLICIT, tagsFormat });
      assert.deepEqual(JSON.parse(JSON.stringify(message)), message);
      assert.deepEqual(structuredClone(message), message);
    }
  });

  it('nested deeper are refused, however deep, without a stack overflow', () => {
    for (const depth of [MAX_DEPTH + 1, 10_000, 200_000]) {
      const source = bufferSource(Buffer.concat([nestedSequences(depth), delimiters(depth)]));
      assert.equal(
        codeOf(() => parseDataSet(source, { transferSyntaxUID: EXPLICIT })),
        'nested-too-deep',
      );
    }
  });

  it('that are deflate bombs are refused without being blown up', () => {
    const bomb = deflateRawSync(Buffer.alloc(64 * 1024 * 1024));
    const before = process.memoryUsage().arrayBuffers;
    assert.equal(
      codeOf(() => parseDataSet(bufferSource(bomb), { transferSyntaxUID: DEFLATED })),
      'inflate-too-large',
    );
    assert.ok(process.memoryUsage().arrayBuffers - before < 33 * 1024 * 1024);
  });

  it('with a long run of zeros that does not end the data set take linear time', () => {
    assertLinear(
      2 * 1024 * 1024,
      (size) => {
        const bytes = Buffer.concat([Buffer.alloc(size, 0), Buffer.from([1])]);
        return () => codeOf(() => parseDataSet(bufferSource(bytes), { transferSyntaxUID: EXPLICIT }));
      },
      'zeros',
    );
  });

  it('of more elements than a message can have are refused', () => {
    const source = bufferSource(
      Buffer.concat(new Array<Buffer>(MAX_ELEMENTS + 1).fill(element(0x00091001, 'LO', ''))),
    );
    assert.equal(
      codeOf(() => parseDataSet(source, { transferSyntaxUID: EXPLICIT })),
      'too-many-elements',
    );
  });

  it('with more text than a message can have keep the rest as bulk data', () => {
    const texts = Array.from({ length: 70 }, (_, index) =>
      element(0x00091001 + index, 'UT', 'x'.repeat(1024 * 1024)),
    );
    const { message, warnings } = convert(bufferSource(Buffer.concat(texts)), {
      ...ALL,
      transferSyntaxUID: EXPLICIT,
      tagsFormat: 'keyword',
    });
    assert.deepEqual(message.Tags?.['00091046'], { vr: 'UT', Length: 1024 * 1024 });
    assert.equal(warnings.length, 6);
  });

  it('of no bytes are refused', () => {
    const nothing = bufferSource(Buffer.alloc(0));
    for (const transferSyntaxUID of [EXPLICIT, DEFLATED]) {
      assert.equal(
        codeOf(() => parseDataSet(nothing, { transferSyntaxUID })),
        'empty-data-set',
      );
    }
  });
});
