import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  bufferSource,
  convertParsed,
  DicomError,
  encodeFileMeta,
  parseDataSet,
  readFileMeta,
} from '../../src/dicom';
import { CharacterSet } from '../../src/dicom/text/character-set';
import { EXPLICIT } from './support/convert-elements';
import { element, item, itemEnd, openItem, sequenceEnd, UNDEFINED } from './support/encode';

/**
 * Time grows with the bytes, for every way that text goes: four times as much takes less than ten times as long, or less than
 * three times as long as twice as much; what is quadratic would take sixteen times, and four times. CPU time, because others
 * use the machine; the best of several runs.
 */
const RUNS = 2;
const MOST = 10;
const MOST_OF_TWICE = 3;
/** What takes less is noise. */
const LEAST_US = 5_000;

function cpuTime(run: () => void): number {
  const times = Array.from({ length: RUNS }, () => {
    const before = process.cpuUsage();
    run();
    return process.cpuUsage(before).user;
  });
  return Math.max(Math.min(...times), LEAST_US);
}

function assertLinear(name: string, size: number, prepare: (size: number) => () => void): void {
  const [once, twice, fourTimes] = [size, 2 * size, 4 * size].map((each) => cpuTime(prepare(each)));
  const times = `${name}: ${once}, ${twice}, ${fourTimes} µs`;
  const isLinear = (fourTimes ?? 0) < Math.max(MOST * (once ?? 0), MOST_OF_TWICE * (twice ?? 0));
  assert.ok(isLinear, times);
}

function converting(elements: Buffer[]): () => void {
  const source = bufferSource(Buffer.concat(elements));
  return () => {
    for (const tagsFormat of ['keyword', 'dicom-json'] as const) {
      try {
        const parsed = parseDataSet(source, { transferSyntaxUID: EXPLICIT });
        convertParsed(parsed, {
          includeCommonFieldsNode: true,
          includeReportNode: true,
          includeTagsNode: true,
          tagsFormat,
          maxMessageMB: 1_000,
          maxMessageElements: 10_000_000,
        });
      } catch (error) {
        if (!(error instanceof DicomError)) throw error;
      }
    }
  };
}

/** Text that expressions go back in: a run of what may end the value, and then something else. */
const WORST: Record<string, (size: number) => string> = {
  digits: (size) => `${'1'.repeat(size)}x`,
  'digits and a point': (size) => `${'1'.repeat(size / 2)}.${'1'.repeat(size / 2)}x`,
  exponents: (size) => `1${'e1'.repeat(size / 2)}`,
  signs: (size) => '+-'.repeat(size / 2),
  spaces: (size) => `a${' '.repeat(size)}b`,
  'spaces between': (size) => 'a    b'.repeat(size / 6),
  'spaces in front': (size) => `${' '.repeat(size)}b`,
  NULs: (size) => `a${'\0'.repeat(size)}b`,
  'spaces and NULs': (size) => `a${' \0'.repeat(size / 2)}b`,
  dots: (size) => '.'.repeat(size),
  'digits and dots': (size) => '1.'.repeat(size / 2),
  equals: (size) => '='.repeat(size),
  carets: (size) => '^'.repeat(size),
  backslashes: (size) => '\\'.repeat(size),
  escapes: (size) => '\x1b'.repeat(size),
  'escape sequences': (size) => '\x1b$B\x1b(B'.repeat(size / 6),
  'line ends': (size) => `${'\r'.repeat(size / 2)}${' \n'.repeat(size / 4)}x`,
  controls: (size) => '\x01'.repeat(size),
  'upper half': (size) => '\xb0'.repeat(size),
  'upper half and ASCII': (size) => 'a\xb0'.repeat(size / 2),
  'UTF-8': (size) => 'Ã¼'.repeat(size / 2),
  'UTF-8 that breaks off': (size) => `${'Ã¼'.repeat(size / 2)}Ã`,
};

/** A tag of the dictionary for each VR of text; and one for which another VR is the dictionary's. */
const TEXTS: [tag: number, vr: string][] = [
  [0x00080008, 'CS'],
  [0x00080020, 'DA'],
  [0x00100010, 'PN'],
  [0x00100010, 'LO'],
  [0x00100020, 'LO'],
  [0x00104000, 'LT'],
  [0x00101010, 'AS'],
  [0x0020000d, 'UI'],
  [0x00200010, 'SH'],
  [0x00200013, 'IS'],
  [0x00200032, 'DS'],
  [0x00280010, 'LO'],
  [0x00081190, 'UR'],
  [0x0040a160, 'UT'],
  [0x00080119, 'UC'],
  [0x00290010, 'LO'],
];
const LONG = new Set(['UR', 'UT', 'UC']);
const CHARSETS = ['', 'ISO_IR 100', 'ISO_IR 192', '\\ISO 2022 IR 87', 'GB18030'];

describe('time grows with the bytes, not with their square', () => {
  for (const [name, text] of Object.entries(WORST)) {
    it(`of values that are ${name}`, () => {
      for (const [tag, vr] of TEXTS) {
        const unit = LONG.has(vr) ? 60_000 : 16_000;
        const charset = CHARSETS[(tag + name.length) % CHARSETS.length] ?? '';
        assertLinear(`${vr} ${tag.toString(16)} ${charset}`, unit, (size) =>
          converting([element(0x00080005, 'CS', charset), element(tag, vr, text(size))]),
        );
      }
    });

    it(`of Specific Character Set and names of character sets that are ${name}`, () => {
      assertLinear('charset', 16_000, (size) =>
        converting([element(0x00080005, 'CS', text(size)), element(0x00100010, 'PN', 'A\xb0')]),
      );
      assertLinear('name', 60_000, (size) => () => void CharacterSet.named(text(size)));
    });

    it(`of file meta information that is ${name}`, () => {
      assertLinear('meta', 16_000, (size) => {
        const value = text(size).slice(0, 65_534);
        const bytes = encodeFileMeta({
          sopClassUID: '1.2',
          sopInstanceUID: '1.2',
          transferSyntaxUID: value,
          implementationClassUID: value,
          implementationVersionName: value,
        });
        return () => {
          try {
            readFileMeta(bufferSource(bytes));
          } catch (error) {
            if (!(error instanceof DicomError)) throw error;
          }
        };
      });
    });

    it(`of reports whose texts are ${name}`, () => {
      const deep = (content: Buffer, depth: number): Buffer =>
        depth === 0
          ? content
          : item(
              element(0x0040a040, 'CS', 'CONTAINER '),
              element(0x0040a730, 'SQ', deep(content, depth - 1)),
            );
      assertLinear('report', 60_000, (size) => {
        const leaf = item(element(0x0040a040, 'CS', 'TEXT'), element(0x0040a160, 'UT', text(size)));
        return converting([
          element(0x0040a040, 'CS', 'CONTAINER '),
          element(0x0040a730, 'SQ', deep(leaf, 5)),
        ]);
      });
    });
  }

  it('of private creators and their blocks', () => {
    assertLinear('creators', 240, (size) =>
      converting(
        Array.from({ length: size }, (_, index) =>
          Buffer.concat([
            element(0x00290010 + (index % 0xf0), 'LO', `a${' '.repeat(2_000)}b`),
            element(0x00291000 + index, 'LO', 'ab'),
          ]),
        ),
      ),
    );
  });

  it('of sequences that have to be tried', () => {
    const wrong = element(
      0x20011091,
      'UN',
      Buffer.concat([openItem(element(0x00180050, 'DS', '1.25')), itemEnd, sequenceEnd]),
      { length: UNDEFINED },
    );
    assertLinear('sent as UN', 2_000, (size) => converting(new Array<Buffer>(size).fill(wrong)));
    const nested = (depth: number): Buffer => {
      let found = element(0x00180050, 'DS', '1.25');
      for (let level = 0; level < depth; level += 1)
        found = element(0x20011091, 'UN', Buffer.concat([openItem(found), itemEnd, sequenceEnd]), {
          length: UNDEFINED,
        });
      return found;
    };
    assertLinear('nested', 50, (size) => converting([nested(size)]));
    const notSequence = element(
      0x00081140,
      'UN',
      Buffer.concat([item(element(0x00180050, 'DS', '1')), Buffer.from('no item!')]),
    );
    assertLinear('no sequences', 2_000, (size) => converting(new Array<Buffer>(size).fill(notSequence)));
    const short = element(0x00400275, 'SQ', item(element(0x00400009, 'SH', 'S1')), { length: 4 });
    assertLinear('too short', 2_000, (size) => converting(new Array<Buffer>(size).fill(short)));
    const goesOn = (size: number): Buffer =>
      element(
        0x00400275,
        'SQ',
        Buffer.concat(new Array<Buffer>(size).fill(item(element(0x00400009, 'SH', 'S1')))),
        { length: 18 },
      );
    assertLinear('going on', 4_000, (size) => converting([goesOn(size)]));
  });

  it('of terms of Specific Character Set, with texts that are none of them', () => {
    assertLinear('terms', 1_000, (size) =>
      converting([
        element(0x00080005, 'CS', new Array<string>(size).fill('ISO_IR 100').join('\\')),
        element(0x0040a160, 'UT', '\x81'.repeat(10 * size)),
      ]),
    );
  });

  it('of VOI LUTs, and of what says whether their input is signed', () => {
    const lut = item(element(0x00283002, 'SS', Buffer.from([1, 0, 0, 0, 16, 0])));
    const many = (what: Buffer, size: number): Buffer => Buffer.concat(new Array<Buffer>(size).fill(what));
    assertLinear('transformations', 1_000, (size) =>
      converting([
        element(0x00283010, 'SQ', many(lut, size)),
        element(0x00289145, 'SQ', many(item(), 2 * size)),
      ]),
    );
    assertLinear('slope', 1_000, (size) =>
      converting([
        element(0x00281053, 'UT', '1\\'.repeat(5 * size)),
        element(0x00283010, 'SQ', many(lut, size)),
      ]),
    );
    const frame = item(element(0x00281053, 'DS', '1 '), element(0x00283010, 'SQ', lut));
    assertLinear('bits stored', 1_000, (size) =>
      converting([
        element(0x00280101, 'US', Buffer.alloc(14 * size, 8)),
        element(0x52009230, 'SQ', many(frame, size)),
      ]),
    );
  });
});
