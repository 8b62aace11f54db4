import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { bufferSource, convert, type MessageConversion, type DicomJson } from '../../../src/dicom';
import { lookUp } from '../../../src/dicom/standard/dictionary';
import { Kind, type Vr } from '../../../src/dicom/standard/vr';
import { PACKAGE_DIR } from '../../support/package/package-dir';
import { metaOf, corpusObjects } from '../support/corpus-objects';
import { element, item, us } from '../support/encode';

const LAYOUTS = ['keyword', 'dicom-json'] as const;

function convertBytes(
  bytes: Buffer,
  tagsFormat: (typeof LAYOUTS)[number],
  placeholders: boolean,
): MessageConversion {
  const { transferSyntaxUID, dataSetOffset: offset } = metaOf(bytes);
  return convertDataSet(bytes, { transferSyntaxUID, offset }, tagsFormat, placeholders);
}

function convertDataSet(
  bytes: Buffer,
  dataSet: { transferSyntaxUID: string; offset: number },
  tagsFormat: (typeof LAYOUTS)[number],
  placeholders: boolean,
): MessageConversion {
  return convert(bufferSource(bytes), {
    ...dataSet,
    includeCommonFieldsNode: true,
    includeReportNode: true,
    includeTagsNode: true,
    tagsFormat,
    placeholders,
  });
}

/** Every string and number in JSON, wherever it stands, but the names of VRs. */
function leaves(json: unknown, found: (string | number)[] = []): (string | number)[] {
  if (typeof json === 'string' || typeof json === 'number') found.push(json);
  else if (typeof json === 'object' && json !== null)
    Object.entries(json).forEach(([key, value]) => key !== 'vr' && leaves(value, found));
  return found;
}

/** Kinds of things, manufacturers and codes of public schemes: what a sample may say. */
const KEPT = new Set(['00080070', '00081090', '00080016', '00081150']);
const CODE = new Set(['00080100', '00080102', '00080103', '00080104', '00080119', '00080120']);
const IDENTIFYING_VRS = new Set('PN LO LT ST UT UC UR SH DA DT TM AE AS UI'.split(' '));
const PLACEHOLDERS = new Set(['20000101', '120000', '20000101120000', '+0000', '050Y', 'placeholder']);

/** The values that must not survive, by the original in the DICOM JSON Model. */
function identifyingValues(json: DicomJson, found = new Set<string>()): Set<string> {
  for (const [tag, attribute] of Object.entries(json)) {
    const values = 'Value' in attribute ? (attribute.Value ?? []) : [];
    if (attribute.vr === 'SQ') values.forEach((each) => identifyingValues(each as DicomJson, found));
    else if (IDENTIFYING_VRS.has(attribute.vr) && !KEPT.has(tag) && !CODE.has(tag))
      leaves(values).forEach((value) => found.add(String(value)));
  }
  return found;
}

/** The values that stay: they may happen to be the same as one that must not. */
function keptValues(json: DicomJson, found = new Set<string>()): Set<string> {
  for (const [tag, attribute] of Object.entries(json)) {
    const values = 'Value' in attribute ? (attribute.Value ?? []) : [];
    if (attribute.vr === 'SQ') values.forEach((each) => keptValues(each as DicomJson, found));
    else if (!IDENTIFYING_VRS.has(attribute.vr) || KEPT.has(tag) || CODE.has(tag))
      leaves(values).forEach((value) => found.add(String(value)));
  }
  return found;
}

function isHarmless(value: string): boolean {
  return value.startsWith('1.2.840.10008.') || PLACEHOLDERS.has(value);
}

/** Values with the type and the keys that they have, without what they say. */
function shape(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(shape);
  if (typeof json !== 'object' || json === null) return json === null ? null : typeof json;
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, shape(value)]));
}

/** Private attributes are left out, so they are not part of the shape that stays. */
function withoutPrivate(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(withoutPrivate);
  if (typeof json !== 'object' || json === null) return json;
  const entries = Object.entries(json).filter(([key]) => !/^[0-9A-F]{3}[13579BDF][0-9A-F]{4}$/.test(key));
  return Object.fromEntries(entries.map(([key, value]) => [key, withoutPrivate(value)]));
}

describe('placeholders', () => {
  for (const layout of LAYOUTS) {
    it(`leave nothing that identifies in any object of the corpus (${layout})`, () => {
      let checked = 0;
      for (const { name, path } of corpusObjects('good', 'generated')) {
        const bytes = readFileSync(path);
        const original = convertBytes(bytes, 'dicom-json', false);
        const forbidden = identifyingValues(original.message.Tags as DicomJson);
        const { message, identity } = convertBytes(bytes, layout, true);
        const texts = leaves([message, identity]).map(String);
        const kept = keptValues(original.message.Tags as DicomJson);
        for (const value of forbidden) {
          if (isHarmless(value)) continue;
          checked += 1;
          // A short value ("1", "CT") is found within others.
          const survives = (each: string): boolean =>
            each === value || (value.length >= 6 && each.includes(value));
          const survivors = texts.filter(
            (each) => survives(each) && !each.split('\\').every((part) => kept.has(part)),
          );
          assert.deepEqual(survivors, [], `${name}: ${value}`);
        }
      }
      assert(checked > 5_000, `${checked} values were looked for`);
    });
  }

  it('keep every key, every count and every type of JSON', () => {
    for (const { name, path } of corpusObjects('good', 'generated')) {
      const bytes = readFileSync(path);
      for (const layout of LAYOUTS) {
        const { message: original } = convertBytes(bytes, layout, false);
        const { message } = convertBytes(bytes, layout, true);
        if (original.Report !== undefined) original.Report.Text = '';
        if (message.Report !== undefined) message.Report.Text = '';
        assert.deepEqual(shape(message), shape(withoutPrivate(original)), `${name} ${layout}`);
      }
    }
  });

  const EXPLICIT = { transferSyntaxUID: '1.2.840.10008.1.2.1', offset: 0 };
  const table = readFileSync(join(PACKAGE_DIR, 'test', 'fixtures', 'ps3.15-table-e1-1.txt'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .flatMap((line) => {
      const [group = '', ...elements] = line.split(' ');
      return elements.map((each) => parseInt(group + each, 16));
    });

  /** A legal value of the VR that no placeholder is. */
  const VALUES: Partial<Record<Kind, string | Buffer>> = {
    [Kind.Text]: 'SECRET',
    [Kind.LongText]: 'SECRET',
    [Kind.Uri]: 'SECRET',
    [Kind.Name]: 'SECRET',
    [Kind.Uid]: '1.2.3.98765432',
    [Kind.Decimal]: '98765432',
    [Kind.Integer]: '98765432',
    [Kind.Bytes]: Buffer.from('SECRET'),
  };
  const OF_CODES: Record<string, string> = { AS: '077Y', DA: '19770707', TM: '070707', DT: '19770707070707' };
  const valueFor = (vr: Vr): string | Buffer =>
    VALUES[vr.kind] ??
    (vr.kind === Kind.Binary ? Buffer.alloc(vr.width, 0x4d) : (OF_CODES[vr.name] ?? 'SECRET'));

  const CONTENT_SEQUENCE = 0x0040a730;
  const GRAPHIC_ANNOTATION_SEQUENCE = 0x00700001;
  const code = Buffer.concat([
    element(0x00080100, 'SH', 'SECRET'),
    element(0x00080102, 'SH', 'SCT '),
    element(0x00080104, 'LO', 'SECRET'),
  ]);

  it('replace every attribute of PS3.15 Table E.1-1', () => {
    assert(table.length > 550, `${table.length} attributes`);
    for (const tag of table) {
      const entry = lookUp(tag);
      const hex = tag.toString(16).padStart(8, '0').toUpperCase();
      assert(entry !== undefined, `${hex} is in the dictionary`);
      // Of these two what stands in them is cleaned: documents and graphics would be nothing without them.
      if (tag === CONTENT_SEQUENCE || tag === GRAPHIC_ANNOTATION_SEQUENCE) continue;
      const { vr } = entry;
      const written = vr.name.length === 2 && vr.name === vr.name.toUpperCase() ? vr.name : 'OW';
      const value = vr.kind === Kind.Sequence ? item(code) : valueFor(vr);
      const bytes = element(tag, written, value);
      const json = (placeholders: boolean): string =>
        JSON.stringify(convertDataSet(bytes, EXPLICIT, 'dicom-json', placeholders).message.Tags);
      assert.notEqual(json(true), json(false), `${hex} ${vr.name} ${entry.keyword ?? ''}`);
      const secrets = /SECRET|U0VDUkVU|98765432|077Y|0707/;
      assert.doesNotMatch(json(true), secrets, hex);
      if (vr.kind !== Kind.Binary) assert.match(json(false), secrets, hex);
    }
  });

  const tagsOf = (...elements: Buffer[]): Record<string, unknown> =>
    convertDataSet(Buffer.concat(elements), EXPLICIT, 'keyword', true).message.Tags as Record<
      string,
      unknown
    >;

  it('say the same for the same UID, another for another, and leave kinds of objects alone', () => {
    const tags = tagsOf(
      element(0x00080016, 'UI', '1.2.840.113619.4.26\0'),
      element(0x00080018, 'UI', '1.2.3.4\0'),
      element(0x00081140, 'SQ', item(element(0x00081155, 'UI', '1.2.3.4\0'))),
      element(0x0020000d, 'UI', '1.2.3\0'),
    );
    assert.equal(tags['SOPClassUID'], '1.2.840.113619.4.26');
    assert.match(String(tags['SOPInstanceUID']), /^2\.25\.\d+$/);
    assert.deepEqual(tags['ReferencedImageSequence'], [{ ReferencedSOPInstanceUID: tags['SOPInstanceUID'] }]);
    assert.notEqual(tags['StudyInstanceUID'], tags['SOPInstanceUID']);
  });

  it('leave codes of public schemes, and replace those of a hospital', () => {
    const own = Buffer.concat([
      element(0x00080100, 'SH', 'WARD 7'),
      element(0x00080102, 'SH', '99KLINIK'),
      element(0x00080104, 'LO', 'Dr. Who '),
    ]);
    const publicCode = Buffer.concat([
      element(0x00080100, 'SH', '121181'),
      element(0x00080102, 'SH', 'DCM '),
      element(0x00080104, 'LO', 'DICOM Object Catalog'),
    ]);
    const tags = tagsOf(element(0x00081032, 'SQ', Buffer.concat([item(own), item(publicCode)])));
    assert.deepEqual(tags['ProcedureCodeSequence'], [
      { CodeValue: 'placeholder', CodingSchemeDesignator: 'placeholder', CodeMeaning: 'placeholder' },
      { CodeValue: '121181', CodingSchemeDesignator: 'DCM', CodeMeaning: 'DICOM Object Catalog' },
    ]);
  });

  it('replace what is no coded string and no number, and leave those that are', () => {
    const tags = tagsOf(
      element(0x00080060, 'CS', 'MR'),
      element(0x00180015, 'CS', 'Doe, Jane '),
      element(0x00180050, 'DS', '5 '),
      element(0x00180088, 'DS', 'see report'),
      element(0x00100020, 'IS', '12345678'),
      element(0x00100010, 'CS', 'DOE JANE'),
      element(0x00280010, 'US', us(512)),
    );
    assert.deepEqual(tags, {
      Modality: 'MR',
      BodyPartExamined: 'PLACEHOLDER',
      SliceThickness: 5,
      SpacingBetweenSlices: '0',
      PatientID: 'placeholder',
      PatientName: { Alphabetic: 'Placeholder^Person' },
      Rows: 512,
    });
  });

  it('leave private attributes out, and empty ones empty', () => {
    const tags = tagsOf(
      element(0x00090010, 'LO', 'VENDOR'),
      element(0x00091001, 'LO', 'SECRET'),
      element(0x00100010, 'PN', ''),
      element(0x00100020, 'LO', ''),
      element(0x00101001, 'PN', 'A^B=\\C'),
    );
    assert.deepEqual(tags, {
      PatientName: null,
      PatientID: null,
      OtherPatientNames: [{ Alphabetic: 'Placeholder^Person' }, { Alphabetic: 'Placeholder^Person' }],
    });
  });
});
