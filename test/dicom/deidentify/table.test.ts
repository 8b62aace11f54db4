import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import {
  bufferSource,
  DEIDENTIFY_OPTIONS,
  readFileMeta,
  recode,
  type DeidentifyOption,
  type DicomJson,
  type DicomJsonAttribute,
} from '../../../src/dicom';
import { lookUp } from '../../../src/dicom/standard';
import { element, item } from '../support/encode';
import { dataSet, deidentified, EXPLICIT, fileOf, IMAGE, IMPLICIT, profile, tagsOf, text } from './support';

const repository = resolve(__dirname, '..', '..', '..', '..');

interface Row {
  readonly name: string;
  readonly id: string;
  readonly basicProfile: string;
  readonly [column: string]: string;
}

const COLUMNS: Readonly<Record<DeidentifyOption, string>> = {
  'retain-uids': 'rtnUIDsOpt',
  'retain-device': 'rtnDevIdOpt',
  'retain-institution': 'rtnInstIdOpt',
  'retain-patient-characteristics': 'rtnPatCharsOpt',
  'retain-full-dates': 'rtnLongFullDatesOpt',
  'retain-modified-dates': 'rtnLongModifDatesOpt',
  'retain-safe-private': 'rtnSafePrivOpt',
  'clean-descriptors': 'cleanDescOpt',
  'clean-structured-content': 'cleanStructContOpt',
  'clean-graphics': 'cleanGraphOpt',
};

/** The table as it was published, not as it was compiled. */
const rows = (
  JSON.parse(
    readFileSync(
      join(repository, 'scripts', 'deidentify', 'confidentiality_profile_attributes.json'),
      'utf8',
    ),
  ) as Row[]
).map((row) => ({ ...row, id: row.id.toUpperCase() }));

/** Of a pattern, one attribute that it is for. */
const EXAMPLES: Readonly<Record<string, string>> = {
  '50XXXXXX': '50023000',
  '60XX4000': '60024000',
  '60XX3000': '60023000',
  'GGGGEEEE-WHERE-GGGG-IS-ODD': '00091001',
};

interface Planted {
  readonly row: Row;
  readonly tag: number;
  readonly depth: number;
  readonly bytes: Buffer;
  /** What must not be found anywhere. Undefined: too short to be looked for. */
  readonly trace: Buffer | undefined;
}

/** Attributes that the object itself needs: they are planted at the top by themselves. */
const FIXED = new Set([0x00080018, 0x00100020, 0x0020000d, 0x0020000e]);
/** Sequences that are not in the table. */
const AROUND = [0x52009229, 0x00289110, 0x00209116];

function plant(row: Row, index: number, depth: number): Planted {
  const tag = parseInt(EXAMPLES[row.id] ?? row.id, 16);
  const vr = row.id.startsWith('GGGG')
    ? 'LO'
    : (VRS[lookUp(tag)?.vr.name ?? ''] ?? lookUp(tag)?.vr.name ?? 'LO');
  const number = index + depth * 1_000;
  const id = `Q${String(number).padStart(4, '0')}Z`;
  const planted = (value: string | Buffer, trace: string | Buffer | null = value): Planted => ({
    row,
    tag,
    depth,
    bytes: text(tag, vr, value),
    trace: typeof trace === 'string' ? Buffer.from(trace, 'latin1') : (trace ?? undefined),
  });
  switch (vr) {
    case 'SQ':
      // UIDs go with their instances wherever they are; other text may stay where the table has the sequence stay.
      return {
        row,
        tag,
        depth,
        bytes: element(
          tag,
          'SQ',
          item(text(0x00080070, 'LO', `${id} made it`), text(0x00081155, 'UI', `1.2.${number}.77`)),
        ),
        trace: Buffer.from(row.basicProfile === 'X/Z/U*' ? `1.2.${number}.77` : id),
      };
    case 'DA':
      return planted(dateOf(index, depth));
    case 'DT':
      return planted(`${dateOf(index, depth)}101112.13+0100`, dateOf(index, depth));
    case 'TM':
      return planted(`010203.${number * 7 + 100_000}`);
    case 'UI':
      return planted(`1.2.3.4.${number}.99`);
    case 'AS':
      return planted(`${String((number % 80) + 1).padStart(3, '0')}Y`, null);
    case 'DS':
      return planted(`7.0${number}1`);
    case 'IS':
      return planted(`77${number}11`);
    case 'US':
    case 'SS':
      return planted(Buffer.from([7, 8]), null);
    case 'FD':
      return planted(Buffer.from(`${id}12`, 'latin1'));
    case 'FL':
    case 'UL':
      return planted(Buffer.from(id.slice(1, 5), 'latin1'), null);
    case 'CS':
      return planted(id);
    case 'SH':
      return tag === TIMEZONE_OFFSET ? planted('-0130', null) : planted(`${id}^SMITH`, id);
    default:
      return planted(`${id}^SMITH`, id);
  }
}
const TIMEZONE_OFFSET = 0x00080201;
const VRS: Readonly<Record<string, string>> = { ox: 'OW', xs: 'US', lt: 'OW' };

/** Further apart than any date is moved. */
function dateOf(index: number, depth: number): string {
  const year = 100 + ((index * 2 + Math.min(depth, 1)) % 860) * 11;
  return `${String(year).padStart(4, '0')}0${(index % 9) + 1}1${index % 9}`;
}

function planted(depth: number): Planted[] {
  // Dates have the first numbers, so that there are enough years for them.
  const sorted = [...rows].sort((one, other) => Number(isDate(other)) - Number(isDate(one)));
  return sorted
    .map((row, index) => plant(row, index, depth))
    .filter(({ tag }) => depth > 0 || !FIXED.has(tag));
}
const isDate = (row: Row): boolean => row['rtnLongModifDatesOpt'] !== undefined;

/** Characters of a text that are no letters of ASCII are the same or other bytes: in UTF-16 all are. */
function findable(trace: Buffer): Buffer[] {
  const utf16 = Buffer.from(trace.toString('latin1'), 'utf16le');
  return [trace, utf16, Buffer.from(utf16).swap16()];
}

const hex = (tag: number): string => tag.toString(16).toUpperCase().padStart(8, '0');

function attribute(tags: DicomJson, { tag, depth }: Planted): DicomJsonAttribute | undefined {
  let at: DicomJson | undefined = tags;
  for (const around of AROUND.slice(0, depth))
    at = (at?.[hex(around)] as { Value?: DicomJson[] } | undefined)?.Value?.[0];
  return at?.[hex(tag)];
}

/** All rows at the top and three deep, in one object. */
const top = planted(0);
const deep = planted(3);
const all = [...top, ...deep];
const CREATOR = text(0x00090010, 'LO', 'ACME 1.1');

function nested(elements: Buffer[]): Buffer {
  return [...AROUND].reverse().reduce((inner, tag) => element(tag, 'SQ', item(inner)), dataSet(...elements));
}

const objectOf = (isPlanted: (planted: Planted) => boolean): Buffer => {
  const bytesOf = (some: Planted[]): Buffer[] => some.filter(isPlanted).map(({ bytes }) => bytes);
  return fileOf(dataSet(...IMAGE, CREATOR, ...bytesOf(top), nested([CREATOR, ...bytesOf(deep)])));
};
const OBJECT = objectOf(() => true);

/** Which letter the table has for a row under these options. */
function letter(row: Row, options: readonly DeidentifyOption[]): string | undefined {
  const letters = options.map((option) => row[COLUMNS[option]]);
  return letters.includes('C') ? 'C' : letters.find((each) => each !== undefined);
}

/** What belongs into a command is in no data set. */
const isOfCommand = (tag: number): boolean => tag < 0x00040000;

/** May a trace of it be left, because an option keeps it? */
function mayStay({ row, tag }: Planted, options: readonly DeidentifyOption[]): boolean {
  if (isOfCommand(tag)) return false;
  const found = letter(row, options);
  if (found === 'K') return true;
  // Times of day stay where days are moved.
  const vr = lookUp(tag)?.vr.name;
  return found === 'C' && isDate(row) && (vr === 'TM' || vr === 'SH');
}

function check(options: readonly DeidentifyOption[], object = OBJECT): void {
  const { bytes } = deidentified(object, profile({ options }));
  const before = tagsOf(object);
  const after = tagsOf(bytes);
  for (const each of all) {
    const name = `${each.row.name} ${hex(each.tag)}, ${each.depth} deep, ${options.join(' ') || 'basic profile'}`;
    if (mayStay(each, options)) {
      // The instances that a sequence refers to have other UIDs all the same.
      if (lookUp(each.tag)?.vr.name === 'SQ')
        assert.notEqual(bytes.indexOf(each.trace ?? ''), -1, `${name} is kept`);
      else assert.deepEqual(attribute(after, each), attribute(before, each), `${name} is kept`);
      continue;
    }
    const left = attribute(after, each);
    if (left !== undefined) assert.notDeepEqual(left, attribute(before, each), `${name} is changed`);
    for (const trace of each.trace === undefined ? [] : findable(each.trace))
      assert.equal(bytes.indexOf(trace), -1, `${name} leaves no trace`);
    if (each.row.basicProfile === 'X' && letter(each.row, options) === undefined)
      assert.equal(left, undefined, `${name} is removed`);
  }
}

describe('Table E.1-1 of PS3.15', () => {
  it('is compiled in as it was published', () => {
    const script = join(repository, 'scripts', 'deidentify-table.mjs');
    const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    assert.equal(rows.length, 621);
  });

  it('is planted whole: every row can be found in the object before', () => {
    const before = tagsOf(OBJECT);
    for (const each of all) {
      if (!isOfCommand(each.tag)) assert.notEqual(attribute(before, each), undefined, each.row.name);
      if (each.trace !== undefined) assert.notEqual(OBJECT.indexOf(each.trace), -1, each.row.name);
    }
  });

  it('is applied by the basic profile, at the top and three deep', () => check([]));

  for (const option of DEIDENTIFY_OPTIONS)
    it(`is applied with ${option}, at the top and three deep`, () => check([option]));

  it('is applied with all options that keep something', () =>
    check(
      DEIDENTIFY_OPTIONS.filter((option) => option.startsWith('retain') && option !== 'retain-full-dates'),
    ));

  it('is applied with all options that clean', () =>
    check(DEIDENTIFY_OPTIONS.filter((option) => option.startsWith('clean'))));

  it('is applied in implicit VR, too', () => {
    const source = bufferSource(objectOf(({ tag }) => !isOfCommand(tag)));
    const { dataSetOffset: offset } = readFileMeta(source);
    const { blocks } = recode(source, { from: EXPLICIT, to: IMPLICIT, offset });
    check([], fileOf(Buffer.concat([...(blocks() as Iterable<Buffer>)]), IMPLICIT));
  });
});
