import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import {
  bufferSource,
  convertParsed,
  parseDataSet,
  type Conversion,
  type DicomMessage,
} from '../../../src/dicom';
import { DEFLATED, EXPLICIT } from '../support/convert-elements';
import { element, item } from '../support/encode';

const MB = 1_000_000;
const LIMITS = { maxMessageMB: 2, maxMessageElements: 25_000 };
const ALL = { includeCommonFieldsNode: true, includeReportNode: true, includeTagsNode: true };
const LAYOUTS = ['keyword', 'dicom-json'] as const;

const object = element(0x00080018, 'UI', '1.2.3\0');
const patient = element(0x00100020, 'LO', 'P1');
/** Of a private group after the other. */
const many = (count: number, value: (index: number) => Buffer): Buffer[] =>
  Array.from({ length: count }, (_, index) =>
    value(0x00111000 + (index % 0xe000) + 0x20000 * Math.floor(index / 0xe000)),
  );

function conversion(
  elements: Buffer[],
  tagsFormat: 'keyword' | 'dicom-json',
  options: object = LIMITS,
  deflated = false,
): Conversion & { message: DicomMessage } {
  const bytes = Buffer.concat(elements);
  const source = bufferSource(deflated ? deflateRawSync(bytes) : bytes);
  const parsed = parseDataSet(source, { transferSyntaxUID: deflated ? DEFLATED : EXPLICIT });
  const found = convertParsed(parsed, { ...ALL, tagsFormat, bulkDataURI: 'file:///1.dcm', ...options });
  return { ...found, message: JSON.parse(found.json) as DicomMessage };
}

/** Values and keys. */
function size(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (Array.isArray(value)) return value.reduce<number>((sum, each) => sum + 1 + size(each), 0);
  return Object.values(value).reduce<number>((sum, each) => sum + 2 + size(each), 0);
}

function assertDegraded(
  { json, message, warnings }: Conversion & { message: DicomMessage },
  deflated = false,
): void {
  assert.ok(Buffer.byteLength(json) <= 2 * MB);
  assert.ok(size(message) <= 25_000 + 10);
  assert.ok(warnings.some(({ code }) => code === 'message-too-large'));
  for (const reference of Object.values(message.Tags ?? {}) as Record<string, unknown>[]) {
    assert.deepEqual(Object.keys(reference), [
      'vr',
      'BulkDataURI',
      ...(deflated ? [] : ['Offset']),
      'Length',
    ]);
  }
}

const HOSTILE: Record<string, Buffer[]> = {
  '300 000 elements': many(300_000, (tag) => element(tag, 'CS', 'AB')),
  '62 MB of control characters': many(62, (tag) => element(tag, 'UT', Buffer.alloc(MB, 1))),
  '20 MB of backslashes': many(20, (tag) => element(tag, 'UC', Buffer.alloc(MB, '\\'))),
  'one text of a megabyte that is escaped': [element(0x0040a160, 'UT', Buffer.alloc(MB, 1))],
  numbers: many(40, (tag) => element(tag, 'FD', Buffer.alloc(60_000, 7))),
  items: [
    element(
      0x00400275,
      'SQ',
      Buffer.concat(new Array<Buffer>(100_000).fill(item(element(0x00400009, 'SH', 'S1')))),
    ),
  ],
  'empty items': [element(0x00400275, 'SQ', Buffer.concat(new Array<Buffer>(300_000).fill(item())))],
};

describe('a message that would be too large', () => {
  for (const [name, elements] of Object.entries(HOSTILE)) {
    it(`has references in Tags: ${name}`, () => {
      for (const layout of LAYOUTS) {
        const before = process.cpuUsage();
        const found = conversion(
          [object, ...elements, patient].sort((one, other) => tagOf(one) - tagOf(other)),
          layout,
        );
        assertDegraded(found);
        assert.equal(found.message.CommonFields?.['PatientID'], 'P1');
        const { user } = process.cpuUsage(before);
        assert.ok(user < 10 * MB, `${user} µs`);
      }
    });
  }

  it('has references without offsets where the object is deflated', () => {
    assertDegraded(conversion(HOSTILE['300 000 elements'] ?? [], 'keyword', LIMITS, true), true);
  });

  it('says how many attributes there is no room for', () => {
    const { message, warnings } = conversion(HOSTILE['300 000 elements'] ?? [], 'keyword');
    const there = Object.keys(message.Tags ?? {}).length;
    const text = warnings.find(({ code }) => code === 'message-too-large')?.text ?? '';
    assert.match(text, new RegExp(`${300_000 - there} attributes are left out`));
    assert.ok(there > 1_000);
  });

  it('is told in bytes of UTF-8, with everything escaped, and in values and keys', () => {
    const text = (length: number): Buffer[] => [element(0x0040a160, 'UT', Buffer.alloc(length, 1))];
    const only = { ...LIMITS, includeCommonFieldsNode: false };
    for (const layout of LAYOUTS) {
      assert.equal(conversion(text(333_000), layout, only).warnings.length, 0);
      assertDegraded(conversion(text(334_000), layout, only));
    }
    const values = (count: number): Buffer[] => [element(0x00200032, 'DS', '1\\'.repeat(count - 1) + '1')];
    const small = { ...only, maxMessageElements: 1_000 };
    assert.equal(
      conversion(values(900), 'keyword', small).warnings.filter(({ code }) => code !== 'odd-length').length,
      0,
    );
    assert.ok(
      conversion(values(1_001), 'keyword', small).warnings.some(({ code }) => code === 'message-too-large'),
    );
  });

  it('has the references that a section of Tags alone is allowed, whatever the other sections take', () => {
    const fields = [
      element(0x00100020, 'LO', Buffer.alloc(2_000, 1)),
      element(0x00104000, 'LT', Buffer.alloc(60_000, 1)),
    ];
    const { json, message } = conversion([object, ...fields], 'keyword', {
      maxMessageMB: 0.05,
      maxMessageElements: 25_000,
    });
    assert.ok(json.length <= 50_000);
    assert.equal(Object.keys(message.Tags ?? {}).length, 3);
  });

  it('keeps CommonFields short: what is far too long for one is null, and that is said', () => {
    const { message, warnings } = conversion(
      [object, element(0x00100020, 'LO', 'x'.repeat(60_000))],
      'keyword',
    );
    assert.equal(message.CommonFields?.['PatientID'], null);
    assert.equal(message.Tags?.['PatientID'] !== undefined, true);
    assert.deepEqual(
      warnings.map(({ code, path }) => `${code} ${path}`),
      ['text-not-inlined 00100020'],
    );
  });
});

describe('a report that would be too large', () => {
  const text = (value: Buffer | string): Buffer =>
    item(element(0x0040a040, 'CS', 'TEXT'), element(0x0040a160, 'UT', value));
  const container = (...content: Buffer[]): Buffer[] => [
    object,
    element(0x0040a040, 'CS', 'CONTAINER '),
    element(0x0040a730, 'SQ', Buffer.concat(content)),
  ];
  const nested = (depth: number, content: Buffer): Buffer[] => {
    let found = content;
    for (let level = 0; level < depth; level += 1) found = item(...container(found).slice(1));
    return container(found);
  };
  const reports: Record<string, Buffer[]> = {
    'of many items': container(...new Array<Buffer>(50_000).fill(text('ab'))),
    'of long texts': container(...new Array<Buffer>(5).fill(text('x'.repeat(900_000)))),
    'of lines far indented': nested(200, text('a\n'.repeat(100_000))),
    'of empty lines far indented': nested(200, text('\n'.repeat(1_000_000))),
    'of control characters': container(text(Buffer.alloc(300_000, 1))),
  };
  for (const [name, elements] of Object.entries(reports)) {
    it(`${name} is left out`, () => {
      const before = process.cpuUsage();
      const { json, message, warnings } = conversion(elements, 'keyword');
      assert.ok(json.length <= 2 * MB);
      assert.equal(message.Report, undefined);
      assert.ok(
        warnings.some(({ code, text: said }) => code === 'message-too-large' && said.includes('Report')),
      );
      assert.ok(process.cpuUsage(before).user < 5 * MB);
    });
  }

  it('has the first of several numbers, and says that there are more', () => {
    const number = (value: string, ...more: Buffer[]): Buffer =>
      item(
        element(0x0040a040, 'CS', 'NUM '),
        element(0x0040a300, 'SQ', Buffer.concat([item(element(0x0040a30a, 'DS', value)), ...more])),
      );
    const said = (content: Buffer): string[] => {
      const { message, warnings } = conversion(container(content), 'dicom-json');
      assert.equal(message.Report?.Content.Content?.[0]?.Value, 1);
      return warnings.map(({ code, path }) => `${code} ${path}`);
    };
    assert.deepEqual(said(number('1 ')), []);
    assert.deepEqual(said(number('1\\2 ')), ['too-many-values 0040A730[0].0040A300[0].0040A30A']);
    const second = item(element(0x0040a30a, 'DS', '2 '));
    assert.deepEqual(said(number('1 ', second)), ['too-many-values 0040A730[0].0040A300']);
  });

  it('stays where only Tags are too large beside it', () => {
    const { message, warnings } = conversion(
      container(...new Array<Buffer>(2_500).fill(text('ab'))),
      'dicom-json',
    );
    assert.equal(message.Report?.Content.Content?.length, 2_500);
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['message-too-large'],
    );
    assert.deepEqual(Object.keys((message.Tags?.['0040A730'] ?? {}) as object), [
      'vr',
      'BulkDataURI',
      'Offset',
      'Length',
    ]);
  });
});

describe('attributes without a value', () => {
  const elements = [
    object,
    element(0x00080050, 'SH', ''),
    element(0x00080080, 'LO', '  '),
    element(0x00081140, 'SQ', ''),
    element(0x00090010, 'LO', 'ACME'),
    element(0x00091001, 'SH', ''),
    element(0x00091002, 'LO', '  '),
    element(0x00100010, 'PN', '=='),
    element(0x00100020, 'LO', 'P1'),
    element(0x00400275, 'SQ', item(element(0x00400009, 'SH', ''), element(0x00400007, 'LO', 'ab'))),
  ];

  it('are null, or [], unless they are to be left out', () => {
    const { message } = conversion(elements, 'keyword');
    assert.deepEqual(message.CommonFields, {
      PatientID: 'P1',
      PatientName: null,
      AccessionNumber: null,
      SOPInstanceUID: '1.2.3',
      InstitutionName: null,
    });
    assert.equal(Object.keys(message.Tags ?? {}).length, elements.length);
  });

  it('are left out of CommonFields and of Tags by keyword, at every depth', () => {
    const { message } = conversion(elements, 'keyword', { ...LIMITS, leaveOutEmpty: true });
    assert.deepEqual(message, {
      CommonFields: { PatientID: 'P1', SOPInstanceUID: '1.2.3' },
      Tags: {
        SOPInstanceUID: '1.2.3',
        '00090010': { vr: 'LO', Value: ['ACME'] },
        PatientID: 'P1',
        RequestAttributesSequence: [{ ScheduledProcedureStepDescription: 'ab' }],
      },
    });
    assert.equal(
      Object.keys(conversion(elements, 'dicom-json', { ...LIMITS, leaveOutEmpty: true }).message.Tags ?? {})
        .length,
      elements.length,
    );
  });
});

function tagOf(bytes: Buffer): number {
  return bytes.readUInt16LE(0) * 0x10000 + bytes.readUInt16LE(2);
}
