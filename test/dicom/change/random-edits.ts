import {
  bufferSource,
  type ChangeOperation,
  type ChangeValue,
  parseDataSet,
  type Vr,
  VR,
} from '../../../src/dicom';
import type { DataSet } from '../../../src/dicom/data-set';
import { isPrivate, lookUp, TAG, tagHex, tagOfKeyword } from '../../../src/dicom/standard';
import type { Random } from '../support/mutations';

/** A valid value for each VR, another one for each number. */
export const VALUES: Partial<Record<string, (number: number) => ChangeValue>> = {
  AE: (n) => `AE ${n}`,
  AS: (n) => `${String(n % 1000).padStart(3, '0')}Y`,
  AT: (n) => tagHex(0x00100000 + (n % 0xffff)),
  CS: (n) => `CODE_${n}`,
  DA: (n) => `2024${String(1 + (n % 12)).padStart(2, '0')}15`,
  DS: (n) => n / 8,
  DT: (n) => `20240131${String(n % 24).padStart(2, '0')}0000.5+0100`,
  FD: (n) => n / 3,
  FL: (n) => n / 4,
  IS: (n) => n,
  LO: (n) => `Text ${n}`,
  LT: (n) => `Long text\r\nof ${n}`,
  OB: (n) => ({ vr: 'OB', InlineBinary: Buffer.from([n & 0xff, 1, 2, 3]).toString('base64') }),
  PN: (n) => ({ Alphabetic: `Doe^Number${n}` }),
  SH: (n) => `Short ${n}`,
  SL: (n) => -n,
  SS: (n) => -(n % 30_000),
  ST: (n) => `Text ${n}`,
  TM: (n) => `${String(n % 24).padStart(2, '0')}1500.123`,
  UC: (n) => `Unlimited ${n}`,
  UI: (n) => `1.2.3.${n}`,
  UL: (n) => n,
  UR: (n) => `http://example.com/${n}`,
  US: (n) => n % 60_000,
  UT: (n) => `Text ${n}`,
};

/** Attributes to add, where they are not. */
const ADDED = [
  'PatientComments',
  'AccessionNumber',
  'PatientBirthDate',
  'OtherPatientNames',
  'StudyComments',
  'PatientWeight',
  'RetrieveURL',
  'InstanceNumber',
  'RescaleSlope',
  'WindowCenter',
  'ContentTime',
  'ReferencedFrameOfReferenceUID',
  'SimpleFrameList',
  'FrameIncrementPointer',
  'LongCodeValue',
  'AcquisitionDateTime',
  'PatientAge',
  'StationAETitle',
].sort();

/** An operation, and the VR that the attribute has then. */
export interface Edit {
  operation: ChangeOperation;
  vr: Vr | undefined;
}

interface Candidate {
  path: string;
  tag: number;
  vr: Vr;
}

/** A new sequence has two. */
const MOST_LEVELS = 14;

/** What could be changed in an object, and the paths of items into which something could be put. */
function candidates(dataSet: DataSet, within: string, all: Candidate[], items: string[]): void {
  if (within.split('.').length > MOST_LEVELS) return;
  items.push(within);
  for (const { tag, vr, items: found } of dataSet.elements) {
    const path = within + tagHex(tag);
    const isOfNote = isPrivate(tag) || tag >>> 16 === 0x0028 || tag === TAG.SpecificCharacterSet;
    if (!isOfNote && (lookUp(tag)?.vr === vr || vr === VR.SQ)) all.push({ path, tag, vr });
    if (!isPrivate(tag)) found?.forEach((item, index) => candidates(item, `${path}[${index}].`, all, items));
  }
}

const KEPT: ReadonlySet<number> = new Set([0xfffcfffc, TAG.SOPClassUID, TAG.SOPInstanceUID, TAG.PixelData]);

/** Random operations for an object, each for another attribute, none within what another one removes. */
export function randomEdits(
  dataSet: Buffer,
  transferSyntaxUID: string,
  count: number,
  random: Random,
): Edit[] {
  const { root } = parseDataSet(bufferSource(dataSet), { transferSyntaxUID });
  const all: Candidate[] = [];
  const items: string[] = [];
  candidates(root, '', all, items);
  const edits = new Map<string, Edit>();
  if (all.length === 0) return [];
  const isFree = (path: string): boolean =>
    [...edits.keys()].every((other) => !path.startsWith(other) && !other.startsWith(path));
  for (let tries = 0; edits.size < count && tries < 10 * count; tries += 1) {
    const number = random.below(100_000);
    const edit = oneEdit(all, items, number, random);
    if (edit !== undefined && isFree(edit.operation.path)) edits.set(edit.operation.path, edit);
  }
  return [...edits.values()];
}

function oneEdit(
  all: readonly Candidate[],
  items: readonly string[],
  number: number,
  random: Random,
): Edit | undefined {
  const item = random.of(items);
  switch (random.below(5)) {
    case 0: {
      const { path, tag } = random.of(all);
      return KEPT.has(tag) ? undefined : { operation: { op: 'remove', path }, vr: undefined };
    }
    case 1: {
      const tag = tagOfKeyword(random.of(ADDED)) ?? 0;
      const known = lookUp(tag);
      return known && setting(item + tagHex(tag), tag, known.vr, number);
    }
    case 2:
      return {
        operation: {
          op: 'set',
          path: `${item}0099"TEST ${number % 3}"${(number & 0xff).toString(16).padStart(2, '0')}`,
          value: { vr: 'LO', Value: [`Private ${number}`] },
        },
        vr: VR.LO,
      };
    default: {
      const { path, tag, vr } = random.of(all);
      return KEPT.has(tag) ? undefined : setting(path, tag, vr, number);
    }
  }
}

/** As many values as it has to have. */
function setting(path: string, tag: number, vr: Vr, number: number): Edit | undefined {
  const value =
    vr === VR.SQ
      ? [
          {
            CodeValue: `C${number}`,
            CodeMeaning: 'A meaning',
            ConceptNameCodeSequence: [{ CodeValue: 'N' }],
          },
          {},
        ]
      : repeated(VALUES[vr.name]?.(number), lookUp(tag)?.multiplicity.least ?? 1);
  return value === undefined ? undefined : { operation: { op: 'set', path, value }, vr };
}

function repeated(value: ChangeValue | undefined, count: number): ChangeValue | undefined {
  return value === undefined || count === 1 ? value : Array<ChangeValue>(count).fill(value);
}
