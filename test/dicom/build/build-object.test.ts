import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  bufferSource,
  buildObject,
  type BuildOptions,
  convert,
  readFileMeta,
  withHeader,
} from '../../../src/dicom';
import { countComputing } from '../../support/machine/computing';

const OPTIONS: BuildOptions = { newUids: 'missing' };
const CT = '1.2.840.10008.5.1.4.1.1.2';

function built(given: Record<string, unknown>, options: BuildOptions = OPTIONS): Buffer {
  const { file } = buildObject(given, options);
  return file.read(0, file.size);
}

function tagsOf(file: Buffer, defaultCharacterSet?: string): Record<string, unknown> {
  const source = bufferSource(file);
  const { transferSyntaxUID, dataSetOffset: offset } = readFileMeta(source);
  const sections = {
    includeCommonFieldsNode: false,
    includeReportNode: false,
    includeTagsNode: true,
  } as const;
  const { message, warnings } = convert(source, {
    ...sections,
    tagsFormat: 'keyword',
    transferSyntaxUID,
    offset,
    ...(defaultCharacterSet && { defaultCharacterSet }),
  });
  assert.deepEqual(warnings, []);
  return message.Tags as Record<string, unknown>;
}

const refusal = (text: RegExp) => ({ code: 'cannot-build', message: text });

describe('an object of plain attributes', () => {
  it('is a Part 10 file in explicit VR little endian with the UIDs that were missing', () => {
    const file = built({ SOPClassUID: CT, PatientID: '0012', PatientName: 'Doe^Jane' });
    const meta = readFileMeta(bufferSource(file));
    assert.equal(meta.transferSyntaxUID, '1.2.840.10008.1.2.1');
    const tags = tagsOf(file);
    assert.equal(tags['SOPInstanceUID'], meta.sopInstanceUID);
    for (const name of ['SOPInstanceUID', 'StudyInstanceUID', 'SeriesInstanceUID'])
      assert.match(String(tags[name]), /^2\.25\.\d{30,39}$/, name);
    assert.equal(tags['PatientID'], '0012');
    assert.equal(tags['SpecificCharacterSet'], undefined);
  });

  it('is in UTF-8 where a text is not ASCII, whatever character set it names', () => {
    const given = {
      SpecificCharacterSet: 'ISO_IR 100',
      SOPClassUID: CT,
      PatientName: { Alphabetic: 'Müller^Jörg', Ideographic: '山田^太郎' },
      RequestAttributesSequence: [
        { SpecificCharacterSet: 'ISO_IR 100', RequestedProcedureDescription: 'Schädel' },
      ],
    };
    const tags = tagsOf(built(given));
    assert.deepEqual(tags['SpecificCharacterSet'], ['ISO_IR 192']);
    assert.deepEqual(tags['PatientName'], given.PatientName);
    assert.deepEqual(tags['RequestAttributesSequence'], [{ RequestedProcedureDescription: 'Schädel' }]);
  });

  it('keeps its UIDs, or gets others, as chosen', () => {
    const given = { SOPClassUID: CT, SOPInstanceUID: '1.2.3', StudyInstanceUID: '1.2' };
    assert.equal(tagsOf(built(given))['SOPInstanceUID'], '1.2.3');
    assert.equal(tagsOf(built(given, { newUids: 'never' }))['SeriesInstanceUID'], undefined);
    const other = tagsOf(built(given, { newUids: 'always' }));
    assert.notEqual(other['SOPInstanceUID'], '1.2.3');
    assert.equal(other['StudyInstanceUID'], '1.2');
    assert.throws(() => built({ SOPClassUID: CT }, { newUids: 'never' }), refusal(/^SOPInstanceUID: /));
    assert.throws(() => built({ PatientID: '1' }), refusal(/^SOPClassUID: /));
  });

  it('names the attribute that is wrong, without its value', () => {
    assert.throws(
      () => built({ SOPClassUID: CT, PatientSex: 'female' }),
      refusal(/^PatientSex: CS has capital/),
    );
    assert.throws(
      () => built({ SOPClassUID: CT, PatientIDD: 'secret' }),
      refusal(/^PatientIDD: not a keyword/),
    );
    assert.throws(
      () => built({ SOPClassUID: CT, RequestAttributesSequence: [{ PatientID: ['a', {}] }] }),
      refusal(/^RequestAttributesSequence\[0\]\.PatientID: /),
    );
    assert.throws(
      () => built({ SOPClassUID: CT, PatientName: Buffer.from('Doe') }),
      refusal(/^PatientName: /),
    );
  });

  it('refuses references where no object has their values', () => {
    const pixels = { vr: 'OW', Length: 524_288 };
    assert.throws(
      () => built({ SOPClassUID: CT, PixelData: pixels }),
      refusal(/^PixelData: the message has a reference/),
    );
    const nested = { IconImageSequence: [{ PixelData: { vr: 'OB', BulkDataURI: 'file:///a', Length: 16 } }] };
    assert.throws(
      () => built({ SOPClassUID: CT, ...nested }),
      refusal(/^IconImageSequence\[0\]\.PixelData: the message has a reference/),
    );
  });

  it('takes no bytes for an object, however many there are', () => {
    const bytes = Buffer.alloc(50_000_000);
    const computed = countComputing();
    for (const wrong of [
      { PatientName: bytes },
      { PatientID: bytes },
      { RequestAttributesSequence: bytes },
      { RequestAttributesSequence: [bytes] },
      { '00091001': bytes },
    ])
      assert.throws(() => built({ SOPClassUID: CT, ...wrong }), { code: 'cannot-build' });
    assert.ok(computed() < 1_000);
  });

  it('takes pixels from a Buffer, and fills in what follows from Rows and Columns', () => {
    const pixels = Buffer.from([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const tags = tagsOf(built({ SOPClassUID: CT, Rows: 3, Columns: 3, PixelData: pixels }));
    assert.equal(tags['BitsAllocated'], 8);
    assert.equal(tags['HighBit'], 7);
    assert.equal(tags['PhotometricInterpretation'], 'MONOCHROME2');
    assert.deepEqual(tags['PixelData'], { vr: 'OW', Length: 10 });
    const file = built({ SOPClassUID: CT, Rows: 3, Columns: 3, PixelData: pixels });
    assert.deepEqual(file.subarray(-10), Buffer.concat([pixels, Buffer.alloc(1)]));
    const colour = tagsOf(built({ SOPClassUID: CT, Rows: 1, Columns: 3, PixelData: pixels }));
    assert.deepEqual([colour['SamplesPerPixel'], colour['PlanarConfiguration']], [3, 0]);
    const deep = tagsOf(
      built({ SOPClassUID: CT, Rows: 2, Columns: 2, BitsStored: 12, PixelData: Buffer.alloc(8) }),
    );
    assert.deepEqual([deep['BitsAllocated'], deep['BitsStored'], deep['HighBit']], [16, 12, 11]);
    assert.throws(() => built({ SOPClassUID: CT, PixelData: pixels }), refusal(/need Rows and Columns/));
    // One attribute alone may contradict the number of bytes, too.
    for (const wrong of [{ SamplesPerPixel: 3 }, { BitsAllocated: 8 }, { BitsAllocated: 32 }])
      assert.throws(
        () => built({ SOPClassUID: CT, Rows: 2, Columns: 2, PixelData: Buffer.alloc(8), ...wrong }),
        refusal(/make \d+ bytes, not 8/),
        JSON.stringify(wrong),
      );
    assert.throws(
      () => built({ SOPClassUID: CT, Rows: 5, Columns: 5, PixelData: pixels }),
      refusal(/9 bytes are not 1, 2 or 3 bytes for each pixel/),
    );
  });

  it('has private attributes in blocks of their creators', () => {
    const file = built({
      SOPClassUID: CT,
      '00091001': { vr: 'LO', Value: ['kept'], PrivateCreator: 'ACME' },
      '0009"OTHER"02': { vr: 'US', Value: [7] },
    });
    const tags = tagsOf(file);
    assert.deepEqual(tags['00091001'], { vr: 'LO', Value: ['kept'], PrivateCreator: 'ACME' });
    assert.deepEqual(tags['00091102'], { vr: 'US', Value: [7], PrivateCreator: 'OTHER' });
  });
});

describe('a data set without a header', () => {
  const file = built({ SOPClassUID: CT, SOPInstanceUID: '1.2.3', PatientID: '7' });
  const { dataSetOffset } = readFileMeta(bufferSource(file));

  it('gets one, in the encoding that its first element shows', () => {
    assert.deepEqual(withHeader(file.subarray(dataSetOffset)), file);
  });

  it('gets preamble and prefix where it begins with the meta information', () => {
    assert.deepEqual(withHeader(file.subarray(132)), file);
  });

  it('is refused where it is no data set, or does not say what it is', () => {
    assert.throws(() => withHeader(Buffer.from('no data set at all, but text')), { name: 'DicomError' });
    const noUid = Buffer.from([0x10, 0, 0x20, 0, 0x4c, 0x4f, 2, 0, 0x37, 0x20]);
    assert.throws(() => withHeader(noUid), { code: 'no-file-meta' });
  });
});
