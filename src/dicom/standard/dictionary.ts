import { data } from 'dcmjs';
import { multiplicity, type Multiplicity } from './multiplicity';
import { tagOf, isPrivate, isPrivateCreator } from './tags';
import { AMBIGUOUS_VR, VR, type Vr, vrOfName } from './vr';

/** What PS3.6 says of one attribute. */
export interface DictionaryEntry {
  /** The keyword of PS3.6; none for group lengths, private creators and repetitions of a repeating group. */
  readonly keyword: string | undefined;
  readonly vr: Vr;
  readonly multiplicity: Multiplicity;
  /** Value Multiplicity 1: one value in JSON, not an array. */
  readonly single: boolean;
}

/** Some entries of dcmjs 0.50 differ from PS3.6 2024e. Keyed by tag; what is not said is as dcmjs has it. */
const CORRECTIONS: Readonly<Record<number, { keyword?: string; vr?: Vr; vm?: string }>> = {
  0x00140023: { vm: '1' },
  0x00140024: { vm: '1' },
  0x00140025: { vm: '1' },
  0x00140028: { vm: '1' },
  0x00140042: { vm: '1' },
  0x00140044: { vm: '1' },
  0x00140045: { vm: '1' },
  0x001440a0: { vm: '1-n' },
  0x001440a1: { vm: '1-n' },
  0x001440a2: { vm: '1-n' },
  0x00189323: { vm: '1-n' },
  0x00221642: { keyword: 'NumberOfBscansPerFrame' },
  0x0040a803: { keyword: 'NumberOfTableColumns' },
  0x00620009: { vm: '1-n' },
  0x00660040: { vr: VR.OL, vm: '1' },
  0x00660041: { vr: VR.OL, vm: '1' },
  0x00660042: { vr: VR.OL, vm: '1' },
  0x00660043: { vr: VR.OL, vm: '1' },
  0x006862f0: { keyword: 'ViewOrientationModifierCodeSequence', vr: VR.SQ, vm: '1' },
  0x00701305: { keyword: 'Plane' },
  0x00701306: { keyword: 'PlaneNormal' },
  0x0070150c: { vr: VR.UL },
  0x00760034: { vr: VR.SQ },
  0x00800010: { vm: '1' },
  0x00800011: { vm: '1' },
  0x300a0131: { keyword: 'AverageBeamDosePointSourceToExternalContourDistance' },
  0x300a0782: { keyword: '' },
  0x40101029: { keyword: 'ThreatDetectionAlgorithmAndVersion' },
};

/** dcmjs writes some VRs in its own way: pointers within a DICOMDIR are UL. */
const OTHER_NAMES: Readonly<Record<string, Vr>> = { ...AMBIGUOUS_VR, up: VR.UL };

const entries = load();

function load(): Map<number, DictionaryEntry> {
  const map = new Map<number, DictionaryEntry>();
  for (const { tag, name, vr: vrName, vm } of Object.values(data.DicomMetaDictionary.nameMap)) {
    const number = tagOf(parseInt(tag.slice(1, 5), 16), parseInt(tag.slice(6, 10), 16));
    const correction = CORRECTIONS[number] ?? {};
    const vr = correction.vr ?? OTHER_NAMES[vrName] ?? vrOfName(vrName);
    if (vr === undefined) continue;
    // "RETIRED_" is a mark of dcmjs; the keyword of PS3.6 is without it.
    const keyword = correction.keyword ?? name.replace(/^RETIRED_/, '');
    const count = correction.vm ?? vm;
    map.set(number, {
      keyword: keyword === '' ? undefined : keyword,
      vr,
      multiplicity: multiplicity(count),
      single: count === '1',
    });
  }
  return map;
}

const ONE = { multiplicity: multiplicity('1'), single: true };
const GROUP_LENGTH: DictionaryEntry = { keyword: undefined, vr: VR.UL, ...ONE };
const PRIVATE_CREATOR: DictionaryEntry = { keyword: undefined, vr: VR.LO, ...ONE };

/** The entry of PS3.6 for a tag, of any group; undefined for private data elements and for what PS3.6 does not know. */
export function lookUp(tag: number): DictionaryEntry | undefined {
  if ((tag & 0xffff) === 0) return entries.get(tag) ?? GROUP_LENGTH;
  if (isPrivate(tag)) return isPrivateCreator(tag) ? PRIVATE_CREATOR : undefined;
  const entry = entries.get(tag);
  if (entry !== undefined) return entry;
  return repeated(tag);
}

const repetitions = new Map<number, DictionaryEntry>();

/** Groups 50xx, 60xx and 7Fxx repeat (PS3.5 7.6). Only the first of them owns the keyword: the others would collide with it. */
function repeated(tag: number): DictionaryEntry | undefined {
  const family = (tag >>> 24) & 0xff;
  if (family !== 0x50 && family !== 0x60 && family !== 0x7f) return undefined;
  const known = repetitions.get(tag);
  if (known !== undefined) return known;
  const first = entries.get(tagOf(family * 0x100, tag & 0xffff));
  if (first === undefined) return undefined;
  const entry = { ...first, keyword: undefined };
  repetitions.set(tag, entry);
  return entry;
}

/** All attributes that have a keyword, as PS3.6 has them. */
export function* knownAttributes(): Generator<{ keyword: string; tag: number; vr: Vr }> {
  for (const [tag, { keyword, vr }] of entries) if (keyword !== undefined) yield { keyword, tag, vr };
}

/** The tag that has this keyword; undefined when PS3.6 does not know it. */
export function tagOfKeyword(keyword: string): number | undefined {
  tagsByKeyword ??= new Map(
    [...entries].flatMap(([tag, entry]) =>
      entry.keyword === undefined ? [] : [[entry.keyword, tag] as const],
    ),
  );
  return tagsByKeyword.get(keyword);
}
let tagsByKeyword: Map<string, number> | undefined;
