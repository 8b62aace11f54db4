import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BIG_ENDIAN, EXPLICIT, IMPLICIT, keyword, warnings } from '../support/convert-elements';
import { element, item, itemEnd, openItem, sequenceEnd, UNDEFINED } from '../support/encode';
import { Random } from '../support/mutations';

const PRIVATE = 0x20011090;
const PIXEL_DATA = 0x7fe00010;
const PIXELS = 400_000;

const implicit = (tag: number, value: Buffer | string, length?: number): Buffer =>
  element(tag, 'xx', value, { explicit: false, ...(length !== undefined && { length }) });

const filled = (pattern: Buffer): Buffer => Buffer.alloc(PIXELS, pattern);
const noise = (seed: number): Buffer => {
  const random = new Random(seed);
  return Buffer.from(Array.from({ length: PIXELS }, () => random.below(256)));
};

/** What pixels may look like: nothing, a constant, delimiters, elements of each encoding, noise. */
const PIXEL_DATAS: Record<string, Buffer> = {
  zeros: filled(Buffer.from([0])),
  'a constant': filled(Buffer.from([24, 0])),
  ones: filled(Buffer.from([0xff])),
  delimiters: filled(Buffer.concat([itemEnd, sequenceEnd])),
  'delimiters, shifted': Buffer.concat([Buffer.alloc(4), filled(Buffer.concat([itemEnd, sequenceEnd]))]),
  items: filled(item()),
  'implicit elements': filled(implicit(0x30010010, 'ab')),
  'explicit elements': filled(element(0x30010010, 'LO', 'ab')),
  'noise 1': noise(1),
  'noise 2': noise(2),
};

/** The same answer whatever the pixels, without anything to say about it. */
function sameWhateverThePixels(
  build: (pixels: Buffer) => Buffer[],
  transferSyntaxUID: string,
  expected: object,
  warned: string[] = [],
): void {
  for (const [name, pixels] of Object.entries(PIXEL_DATAS)) {
    const elements = build(pixels);
    const { PixelData, ...tags } = keyword(elements, transferSyntaxUID);
    assert.ok(PixelData !== undefined, name);
    assert.deepEqual(tags, expected, name);
    assert.deepEqual(warnings(elements, transferSyntaxUID), warned, name);
  }
}

const modality = element(0x00080060, 'CS', 'CT');
const pixelData = (pixels: Buffer): Buffer => element(PIXEL_DATA, 'OW', pixels);
const un = (...items: Buffer[]): Buffer =>
  element(PRIVATE, 'UN', Buffer.concat([...items, sequenceEnd]), { length: UNDEFINED });
const holding = (...items: object[]): object => ({ Modality: 'CT', '20011090': { vr: 'SQ', Value: items } });

describe('a sequence sent as UN with undefined length, before pixels of any kind', () => {
  const explicitItems: Record<string, [Buffer, object]> = {
    DS: [element(0x00180050, 'DS', '1.25'), { SliceThickness: 1.25 }],
    'SH, of a value that looks like a length': [element(0x00200010, 'SH', '\0\0\0\0'), { StudyID: null }],
    UT: [element(0x0040a160, 'UT', 'abcd'), { TextValue: 'abcd' }],
    'a sequence': [
      element(0x00400275, 'SQ', item(element(0x00400009, 'SH', 'S1'))),
      { RequestAttributesSequence: [{ ScheduledProcedureStepID: 'S1' }] },
    ],
    'a sequence of its kind': [
      element(
        0x20011091,
        'UN',
        Buffer.concat([openItem(element(0x00200010, 'SH', '1 ')), itemEnd, sequenceEnd]),
        {
          length: UNDEFINED,
        },
      ),
      { '20011091': { vr: 'SQ', Value: [{ StudyID: '1' }] } },
    ],
  };
  for (const [name, [first, expected]] of Object.entries(explicitItems)) {
    it(`with explicit VR inside: ${name}`, () => {
      for (const items of [[openItem(first), itemEnd], [item(first)]]) {
        sameWhateverThePixels(
          (pixels) => [modality, un(...items), pixelData(pixels)],
          EXPLICIT,
          holding(expected),
        );
      }
      const afterEmpty = (pixels: Buffer): Buffer[] => [modality, un(item(), item(first)), pixelData(pixels)];
      sameWhateverThePixels(afterEmpty, EXPLICIT, holding({}, expected));
    });
  }

  it('with implicit VR inside, as PS3.5 6.2.2 has it, also behind an empty first item', () => {
    const step = implicit(0x00400009, 'S1');
    const expected = { ScheduledProcedureStepID: 'S1' };
    sameWhateverThePixels(
      (pixels) => [modality, un(item(step)), pixelData(pixels)],
      EXPLICIT,
      holding(expected),
    );
    for (const empty of [item(), Buffer.concat([openItem(), itemEnd])]) {
      const build = (pixels: Buffer): Buffer[] => [
        modality,
        un(empty, openItem(step), itemEnd),
        pixelData(pixels),
      ];
      sameWhateverThePixels(build, EXPLICIT, holding({}, expected));
    }
    sameWhateverThePixels(
      (pixels) => [modality, un(item(), item()), pixelData(pixels)],
      EXPLICIT,
      holding({}, {}),
    );
  });

  it('with implicit VR inside, of a length that spells a VR', () => {
    for (const vr of ['UN', 'OB', 'SQ', 'UT', 'DS', 'LO', 'SH', 'PN']) {
      const length = Buffer.from(vr, 'latin1').readUInt16LE(0);
      for (const first of ['x', '\0']) {
        const value = implicit(0x20011099, Buffer.alloc(length, first));
        const odd = length % 2 === 0 ? [] : ['odd-length 20011090[1].20011099'];
        const build = (pixels: Buffer): Buffer[] => [
          modality,
          un(item(), openItem(value), itemEnd),
          pixelData(pixels),
        ];
        const expected = holding({}, { '20011099': { vr: 'UN', Length: length } });
        sameWhateverThePixels(build, EXPLICIT, expected, odd);
      }
    }
  });

  it('within a private sequence, and in big endian', () => {
    const inner = element(
      0x20011091,
      'UN',
      Buffer.concat([openItem(element(0x00180050, 'DS', '1.25')), itemEnd, sequenceEnd]),
      { length: UNDEFINED },
    );
    const outer = element(PRIVATE, 'SQ', item(inner));
    const expected = holding({ '20011091': { vr: 'SQ', Value: [{ SliceThickness: 1.25 }] } });
    sameWhateverThePixels((pixels) => [modality, outer, pixelData(pixels)], EXPLICIT, expected);
    const big = { bigEndian: true };
    const build = (pixels: Buffer): Buffer[] => [
      element(0x00080060, 'CS', 'CT', big),
      element(PRIVATE, 'UN', Buffer.concat([item(implicit(0x00400009, 'S1')), sequenceEnd]), {
        ...big,
        length: UNDEFINED,
      }),
      element(PIXEL_DATA, 'OW', pixels, big),
    ];
    sameWhateverThePixels(build, BIG_ENDIAN, holding({ ScheduledProcedureStepID: 'S1' }));
  });
});

describe('a data set in another encoding than was negotiated, before pixels of any kind', () => {
  const patient = { Modality: 'CT', PatientID: 'P1' };
  const explicit = (pixels: Buffer): Buffer[] => [
    modality,
    element(0x00100020, 'LO', 'P1'),
    pixelData(Buffer.concat([Buffer.alloc(1_000_000), pixels])),
  ];

  it('explicit VR in an implicit context', () => {
    sameWhateverThePixels(explicit, IMPLICIT, patient, ['transfer-syntax-mismatch']);
    sameWhateverThePixels(explicit, BIG_ENDIAN, patient, ['transfer-syntax-mismatch']);
  });

  it('explicit VR whose first elements are out of order, in either context', () => {
    const build = (pixels: Buffer): Buffer[] => [
      element(0x00100020, 'LO', 'P1'),
      ...explicit(pixels).slice(0, 1),
      ...explicit(pixels).slice(2),
    ];
    sameWhateverThePixels(build, EXPLICIT, patient, ['tag-order 00080060']);
    sameWhateverThePixels(build, IMPLICIT, patient, ['transfer-syntax-mismatch', 'tag-order 00080060']);
  });

  it('explicit VR that begins with a private element', () => {
    const build = (pixels: Buffer): Buffer[] => [element(0x00070010, 'LO', 'AB'), ...explicit(pixels)];
    const expected = { '00070010': { vr: 'LO', Value: ['AB'] }, ...patient };
    sameWhateverThePixels(build, IMPLICIT, expected, ['transfer-syntax-mismatch']);
  });

  it('implicit VR in an explicit context', () => {
    const build = (pixels: Buffer): Buffer[] => [
      implicit(0x00080060, 'CT'),
      implicit(0x00100020, 'P1'),
      implicit(PIXEL_DATA, pixels),
    ];
    sameWhateverThePixels(build, EXPLICIT, patient, ['transfer-syntax-mismatch']);
    sameWhateverThePixels(build, IMPLICIT, patient);
  });

  it('explicit items within an implicit data set', () => {
    const inside = [openItem(element(0x00400009, 'SH', 'S1')), itemEnd, sequenceEnd];
    const build = (pixels: Buffer): Buffer[] => [
      implicit(0x00080060, 'CT'),
      implicit(0x00400275, Buffer.concat(inside), UNDEFINED),
      implicit(PIXEL_DATA, pixels),
    ];
    const expected = { Modality: 'CT', RequestAttributesSequence: [{ ScheduledProcedureStepID: 'S1' }] };
    sameWhateverThePixels(build, IMPLICIT, expected, ['transfer-syntax-mismatch 00400275']);
  });

  it('an element without VR as the first of an explicit data set', () => {
    const build = (pixels: Buffer): Buffer[] => [implicit(0x00080005, 'ISO_IR 6'), ...explicit(pixels)];
    const expected = { SpecificCharacterSet: ['ISO_IR 6'], ...patient };
    sameWhateverThePixels(build, EXPLICIT, expected, ['implicit-element 00080005']);
  });
});
