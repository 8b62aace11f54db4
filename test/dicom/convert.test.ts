import assert from 'node:assert/strict';
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import {
  bufferSource,
  COMMON_FIELDS,
  convert,
  DicomError,
  encodeFileMeta,
  fileSource,
  parseDataSet,
  isStorageSopClass,
  MAX_WARNINGS,
  readFileMeta,
  uidName,
  type ByteSource,
  type ConvertOptions,
} from '../../src/dicom';
import { DEFLATED, EXPLICIT } from './support/convert-elements';
import { convertFile, corpusObjects } from './support/corpus-objects';
import { element, us } from './support/encode';

const ALL: ConvertOptions = {
  transferSyntaxUID: EXPLICIT,
  includeCommonFieldsNode: true,
  includeReportNode: true,
  includeTagsNode: true,
  tagsFormat: 'keyword',
};
const DOCS = resolve(__dirname, '..', '..', '..', 'docs');
const source = (...elements: Buffer[]): ByteSource => bufferSource(Buffer.concat(elements));

describe('convert', () => {
  const identity = [
    element(0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.2\0'),
    element(0x00080018, 'UI', '1.2.3\0'),
    element(0x00080060, 'CS', 'CT'),
    element(
      0x00100010,
      'PN',
      '=山田^太郎'.replace(/./gu, (each) => (each < '\x80' ? each : 'K')),
    ),
    element(0x0020000d, 'UI', '1.2.4\0'),
    element(0x0020000e, 'UI', '1.2.5\0'),
  ];
  const found = {
    sopClassUID: '1.2.840.10008.5.1.4.1.1.2',
    sopInstanceUID: '1.2.3',
    studyInstanceUID: '1.2.4',
    seriesInstanceUID: '1.2.5',
  };

  it('gives the sections that are asked for', () => {
    const none = { ...ALL, includeCommonFieldsNode: false, includeReportNode: false, includeTagsNode: false };
    assert.deepEqual(convert(source(...identity), none).message, {});
    assert.deepEqual(Object.keys(convert(source(...identity), ALL).message), ['CommonFields', 'Tags']);
  });

  it('and parseDataSet say what the object is; absent and empty are undefined', () => {
    assert.deepEqual(convert(source(...identity), ALL).identity, found);
    assert.deepEqual(parseDataSet(source(...identity), ALL).identity, found);
    const empty = source(element(0x00080016, 'UI', ''), element(0x00080060, 'CS', 'CT'));
    assert.deepEqual(convert(empty, ALL).identity, {});
    assert.deepEqual(parseDataSet(empty, ALL).identity, {});
  });

  it('parseDataSet takes no identity from within sequences', () => {
    const nested = Buffer.concat([
      Buffer.from([0xfe, 0xff, 0, 0xe0, 13, 0, 0, 0]),
      element(0x00080018, 'UI', '9.9.9'),
    ]);
    assert.deepEqual(parseDataSet(source(element(0x00081140, 'SQ', nested)), ALL).identity, {});
  });

  it('CommonFields are scalars: null when empty, one string of several values, one group of a name', () => {
    const { message } = convert(
      source(
        element(0x00080008, 'CS', 'ORIGINAL\\PRIMARY'),
        element(0x00080050, 'SH', ''),
        element(0x00100010, 'PN', 'Doe^Jane=J=K'),
        element(0x00180050, 'DS', '1.50'),
        element(0x00280010, 'US', us(512)),
        element(0x00280030, 'DS', '0.5\\0.25'),
      ),
      ALL,
    );
    assert.deepEqual(message.CommonFields, {
      AccessionNumber: null,
      PatientName: 'Doe^Jane',
      ImageType: 'ORIGINAL\\PRIMARY',
      Rows: 512,
      PixelSpacing: '0.5\\0.25',
      SliceThickness: 1.5,
    });
  });

  it('bulk data says where it is', () => {
    const bulkDataURI = 'file:///1.dcm';
    const bytes = [element(0x00100020, 'LO', 'P1'), element(0x7fe00010, 'OW', Buffer.alloc(10))];
    const tags = convert(source(...bytes), { ...ALL, bulkDataURI }).message.Tags ?? {};
    assert.deepEqual(tags['PixelData'], { vr: 'OW', BulkDataURI: bulkDataURI, Offset: 22, Length: 10 });
    const deflated = bufferSource(deflateRawSync(Buffer.concat(bytes)));
    const inflated =
      convert(deflated, { ...ALL, bulkDataURI, transferSyntaxUID: DEFLATED }).message.Tags ?? {};
    assert.deepEqual(inflated['PixelData'], { vr: 'OW', BulkDataURI: bulkDataURI, Length: 10 });
  });

  it(`has at most ${MAX_WARNINGS} warnings`, () => {
    const odd = Array.from({ length: 200 }, (_, index) => element(0x00091000 + index, 'LO', 'odd'));
    assert.equal(convert(source(...odd), ALL).warnings.length, MAX_WARNINGS);
  });

  it('warnings never tell a value', () => {
    for (const { path, name } of corpusObjects('odd')) {
      if (statSync(path).size > 1_000_000 || name.includes('truncated/')) continue;
      for (const { text } of safely(path)) assert.match(text, /^[\w ();,+.-]+$/);
    }
  });
});

function safely(path: string): { text: string }[] {
  try {
    return convertFile(path, 'keyword').warnings;
  } catch (error) {
    // What is refused has no warnings.
    assert.ok(error instanceof DicomError);
    return [];
  }
}

describe('fileSource', () => {
  it('gives what bufferSource gives, for every object of the corpus', () => {
    for (const { path, name } of corpusObjects('good', 'generated')) {
      const fd = openSync(path, 'r');
      try {
        const file = fileSource(fd, statSync(path).size);
        const { transferSyntaxUID, dataSetOffset: offset } = readFileMeta(file);
        const options = { ...ALL, transferSyntaxUID, offset };
        assert.deepEqual(convert(file, options), convert(bufferSource(readFileSync(path)), options), name);
        assert.deepEqual(parseDataSet(file, options).identity, convert(file, options).identity, name);
      } finally {
        closeSync(fd);
      }
    }
  });

  it('reads the header of a 2 GB object, not its pixel data, and what is behind it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'huge-'));
    const fd = openSync(join(folder, 'huge.dcm'), 'w+');
    try {
      const meta = encodeFileMeta({
        sopClassUID: '1.2.3',
        sopInstanceUID: '1.2.3',
        transferSyntaxUID: EXPLICIT,
        implementationClassUID: '1.2.3',
        implementationVersionName: 'TEST',
      });
      const pixelBytes = 2 * 1024 ** 3;
      const head = Buffer.concat([
        meta,
        element(0x00100020, 'LO', 'P1'),
        element(0x7fe00010, 'OW', '', { length: pixelBytes }),
      ]);
      const tail = element(0xfffcfffc, 'OB', '\0\0');
      writeSync(fd, head, 0, head.length, 0);
      ftruncateSync(fd, head.length + pixelBytes);
      writeSync(fd, tail, 0, tail.length, head.length + pixelBytes);
      let read = 0;
      const file = fileSource(fd, head.length + pixelBytes + tail.length);
      const counted: ByteSource = {
        size: file.size,
        window: (offset, length) => {
          const window = file.window(offset, length);
          read += window.bytes.length;
          return window;
        },
        read: (offset, length) => file.read(offset, length),
      };
      const { message } = convert(counted, { ...ALL, offset: meta.length });
      assert.deepEqual(message.Tags, {
        PatientID: 'P1',
        PixelData: { vr: 'OW', Length: pixelBytes },
        DataSetTrailingPadding: { vr: 'OB', InlineBinary: 'AAA=' },
      });
      assert.ok(read < 256 * 1024, `${read} bytes read`);
    } finally {
      closeSync(fd);
      rmSync(folder, { recursive: true });
    }
  });
});

describe('UIDs (PS3.6 Annex A)', () => {
  it('have names, retired ones too', () => {
    assert.equal(uidName('1.2.840.10008.5.1.4.1.1.2'), 'CT Image Storage');
    assert.equal(uidName('1.2.840.10008.1.2.2'), 'Explicit VR Big Endian');
    assert.equal(uidName('1.2.840.10008.1.1'), 'Verification SOP Class');
    assert.equal(uidName('1.2.840.10008.constructor'), undefined);
    assert.equal(uidName('1.2.3'), undefined);
  });

  it('of the corpus are known, and storage classes are told from others', () => {
    for (const { path } of corpusObjects('generated')) {
      const { sopClassUID, transferSyntaxUID } = readFileMeta(bufferSource(readFileSync(path)));
      assert.ok(isStorageSopClass(sopClassUID), sopClassUID);
      assert.notEqual(uidName(transferSyntaxUID), undefined, transferSyntaxUID);
    }
    assert.equal(isStorageSopClass('1.2.840.10008.1.1'), false);
    assert.equal(isStorageSopClass('1.2.840.10008.1.20.1'), false);
    assert.equal(isStorageSopClass('1.2.840.10008.1.2'), false);
  });
});

describe('docs/message-format.md', () => {
  const text = readFileSync(join(DOCS, 'message-format.md'), 'utf8');
  const codes = (file: string): string[] => {
    const declaration = readFileSync(resolve(DOCS, '..', 'src', 'dicom', file), 'utf8');
    return [...declaration.matchAll(/^ {2}\| '([a-z-]+)'/gm)].map(([, code = '']) => code);
  };

  it('explains every common field', () => {
    for (const field of COMMON_FIELDS) assert.ok(text.includes(`| \`${field}\` `), field);
  });

  it('explains every warning and every reason for refusal', () => {
    const all = [...codes('warnings.ts'), ...codes('errors.ts')];
    assert.ok(all.length > 30);
    for (const code of all) assert.ok(text.includes(`\`${code}\``), code);
  });
});
