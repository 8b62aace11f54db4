import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import {
  type BaseObject,
  bufferSource,
  type BuiltObject,
  buildObject,
  convert,
  type DicomJson,
  DicomError,
  isUnchangeable,
  parseDataSet,
  readFileMeta,
} from '../../../src/dicom';
import { fileOf, image } from '../deidentify/support';
import { corpusObjects } from '../support/corpus-objects';
import { element, marker, UNDEFINED } from '../support/encode';

const SECTIONS = { includeCommonFieldsNode: false, includeReportNode: false, includeTagsNode: true } as const;

type Layout = 'keyword' | 'dicom-json';

interface Read {
  tags: Record<string, unknown>;
  base: BaseObject;
}

function read(file: Buffer, tagsFormat: Layout): Read {
  const source = bufferSource(file);
  const { dataSetOffset: offset, transferSyntaxUID } = readFileMeta(source);
  const tagsOf = (layout: Layout): Record<string, unknown> =>
    convert(source, { ...SECTIONS, tagsFormat: layout, transferSyntaxUID, offset }).message.Tags as Record<
      string,
      unknown
    >;
  const { root } = parseDataSet(source, { transferSyntaxUID, offset });
  const base = { source, root, transferSyntaxUID, values: () => tagsOf('dicom-json') as DicomJson };
  return { tags: tagsOf(tagsFormat), base };
}

function bytesOf({ file }: BuiltObject): Buffer {
  return file.read(0, file.size);
}

/** What may differ: text is ASCII or UTF-8 afterwards; VRs that depend on the transfer syntax do with it. */
function comparable(tags: unknown): unknown {
  return JSON.parse(
    JSON.stringify(tags, (key, value: unknown) =>
      key === 'SpecificCharacterSet' || key === '00080005' || key === 'Offset' ? undefined : value,
    ),
  );
}

for (const layout of ['keyword', 'dicom-json'] as const)
  describe(`objects that are built of their own Tags, by ${layout}`, () => {
    it('have the same values and the same pixels, over the corpus', () => {
      let built = 0;
      const failures: string[] = [];
      const refused: string[] = [];
      for (const { name, path } of corpusObjects('good', 'generated')) {
        const file = readFileSync(path);
        if (isUnchangeable(readFileMeta(bufferSource(file)).transferSyntaxUID)) continue;
        const { tags, base } = read(file, layout);
        let again: BuiltObject;
        try {
          again = buildObject(tags, { newUids: 'never', base });
        } catch (error) {
          if (!(error instanceof DicomError) || error.code !== 'cannot-build') throw error;
          refused.push(`${name}: ${error.message}`);
          continue;
        }
        const after = read(bytesOf(again), layout);
        try {
          assert.deepEqual(comparable(after.tags), comparable(tags), name);
          assert.deepEqual(pixelsOf(after.base), pixelsOf(base), name);
          built += 1;
        } catch (error) {
          failures.push((error as Error).message.slice(0, 600));
        }
      }
      assert.deepEqual(failures, []);
      const unexpected = refused.filter((each) => !REFUSED.some((reason) => each.includes(reason)));
      assert.deepEqual(unexpected, []);
      assert(built > 100, `${built} were built`);
    });
  });

/** What the Standard does not allow, by what is said of it; a DICOMDIR is no object. */
const REFUSED = [
  'at most 16 characters',
  'at most 16 levels',
  'SOPClassUID: an object has a class',
  'nobody has reserved its block',
  'AS is three digits',
  'TM is a time',
  'AT has one value here',
  'SS is an integer from',
  'PS3.6 has it as UV',
];

function pixelsOf({ root, source }: BaseObject): Buffer | undefined {
  const element = root.find(0x7fe00010);
  return element && source.read(element.offset, element.length);
}

describe('an object that is built of one whose fragments end oddly', () => {
  it('has one delimiter of length zero, whatever length the old one tells, or none', () => {
    const JPEG = '1.2.840.10008.1.2.4.50';
    const fragment = Buffer.concat([marker(0xe000, 0), marker(0xe000, 4, Buffer.from('ffd8ffd9', 'hex'))]);
    for (const end of [marker(0xe0dd, 0), marker(0xe0dd, 0x4e484f4a), Buffer.alloc(0)]) {
      const pixels = element(0x7fe00010, 'OB', Buffer.concat([fragment, end]), { length: UNDEFINED });
      const { tags, base } = read(fileOf(image(pixels), JPEG), 'keyword');
      const bytes = bytesOf(buildObject(tags, { newUids: 'never', base }));
      assert.deepEqual(bytes.subarray(-8), marker(0xe0dd, 0));
      assert.deepEqual(bytes.subarray(-8 - fragment.length, -8), fragment);
    }
  });
});
