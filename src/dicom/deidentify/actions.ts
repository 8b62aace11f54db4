import { AMBIGUOUS_VR, isPrivate, Kind, lookUp, TAG, tagOf, type Vr, VR } from '../standard';
import { DEIDENTIFY_OPTIONS, type DeidentifyOption } from './options';
import { TABLE_E_1_1 } from './table';

/** What becomes of an attribute. */
export const enum Action {
  Remove,
  /** Zero length, or an empty sequence. */
  Empty,
  /** A value that says nothing and fits the VR; a sequence: its items with such values. */
  Dummy,
  /** Another UID, the same for the same UID. */
  Uid,
  /** A date: another day, the same distance for all of a patient. Text: the words of the allow list. A sequence: its items so. */
  Clean,
  Keep,
}

/** By tag; of an attribute that can be cleaned, also what is done where that is not possible. */
export interface Rule {
  readonly action: Action;
  /** Of the Basic Profile: what is done where `action` cannot be. */
  readonly strict: Action;
}

/**
 * The strictest action that is conforming whatever the IOD is (PS3.15 E.1): a dummy value is allowed wherever an empty one or
 * none is. A sequence has dummy values in its items. X/Z/U* stands for sequences of references, whose UIDs are replaced so that
 * they still lead to the same objects.
 */
const STRICTEST: Readonly<Record<string, { value: Action; sequence: Action }>> = {
  X: { value: Action.Remove, sequence: Action.Remove },
  Z: { value: Action.Empty, sequence: Action.Empty },
  D: { value: Action.Dummy, sequence: Action.Dummy },
  U: { value: Action.Uid, sequence: Action.Keep },
  'X/Z': { value: Action.Empty, sequence: Action.Empty },
  'X/D': { value: Action.Dummy, sequence: Action.Dummy },
  'Z/D': { value: Action.Dummy, sequence: Action.Dummy },
  'X/Z/D': { value: Action.Dummy, sequence: Action.Dummy },
  'X/Z/U*': { value: Action.Uid, sequence: Action.Keep },
};

const REMOVE: Rule = { action: Action.Remove, strict: Action.Remove };
const KEEP: Rule = { action: Action.Keep, strict: Action.Remove };

/** Everything of group 50xx and 60xx: what would be left of a curve or an overlay without its data is none. */
const REMOVED_GROUPS: ReadonlySet<number> = new Set([0x50, 0x60]);
/** Industrial testing, and security screening of persons and their luggage: none of it is medical. */
const OTHER_TRADES: ReadonlySet<number> = new Set([0x0014, 0x4010]);

/** What is not in the table, and is known to say nothing of anybody although its VR can. */
const HARMLESS: ReadonlySet<number> = new Set([
  0x00080016, // SOP Class UID: the object is passed because of it
  0x00080119, // Long Code Value
  0x00080120, // URN Code Value
  0x00701808, // Weighting Lookup Table Data
]);
/** What is not in the table and may identify somebody although others of its VR do not. */
const HARMFUL: ReadonlySet<number> = new Set([
  0x00080300, // Private Data Element Characteristics Sequence
  0x00080404, // Item Inventory Date Time
  0x00100033, // Patient's Birth Date in Alternative Calendar
  0x00100034, // Patient's Death Date in Alternative Calendar
  0x00100214, // Strain Stock Number
  0x00102295, // Breed Registration Number
  0x00181003, // Device ID
  0x00181006, // Grid ID
  0x00181010, // Secondary Capture Device ID
  0x00181011, // Hardcopy Creation Device ID
  0x00181801, // Time Source
  0x00181803, // NTP Source Address
  0x00380102, // Resource Description
  0x00401006, // Placer Order Number / Procedure
  0x00401007, // Filler Order Number / Procedure
  0x00401060, // Requested Procedure Description (Trial)
  0x00402006, // Placer Order Number / Imaging Service Request
  0x00402007, // Filler Order Number / Imaging Service Request
  0x00440011, // Substance Administration Notes
  0x00440012, // Substance Administration Device ID
  0x00720008, // Hanging Protocol Creator
  0x0074100c, // Contact Display Name
  0x00880130, // Storage Media File-set ID
  0x21000020, // Execution Status Info
  0x21000160, // Owner ID
  0x40080103, // Reference to Recorded Sound
]);
/** A type 2 attribute, which may be empty, but not absent. */
const RADIATION_MACHINE_NAME = 0x30020020;
const DUMMY: Rule = { action: Action.Dummy, strict: Action.Dummy };

interface Row {
  readonly basic: { value: Action; sequence: Action };
  readonly letters: string;
}

const rows = new Map<number, Row>();
for (const line of TABLE_E_1_1) {
  const [tag = '', basic = '', letters = ''] = line.split(' ');
  const known = STRICTEST[basic];
  if (known === undefined) throw new Error(`Table E.1-1 has an unknown action: ${basic}`);
  // The others are patterns: groups 50xx and 60xx, and private attributes.
  if (/^[0-9A-F]{8}$/.test(tag)) rows.set(parseInt(tag, 16), { basic: known, letters });
}

/** What the chosen options make of each attribute. */
export class Rules {
  readonly #rules = new Map<number, Rule>();
  readonly #isChosen: readonly boolean[];
  readonly #cleansText: boolean;

  constructor(readonly options: ReadonlySet<DeidentifyOption>) {
    this.#isChosen = DEIDENTIFY_OPTIONS.map((option) => options.has(option));
    this.#cleansText = options.has('clean-descriptors');
  }

  /** @returns undefined for private attributes, which have no rule by their tag */
  of(tag: number): Rule | undefined {
    if (isPrivate(tag)) return undefined;
    let rule = this.#rules.get(tag);
    if (rule === undefined) {
      rule = this.#find(tag);
      this.#rules.set(tag, rule);
    }
    return rule;
  }

  /** Table E.1-1 has it: as a UID it names something of somebody. */
  isListed(tag: number): boolean {
    return rows.has(tag);
  }

  #find(tag: number): Rule {
    const known = lookUp(tag);
    if (known === undefined || REMOVED_GROUPS.has(tag >>> 24)) return REMOVE;
    const row = rows.get(tag);
    return row === undefined ? this.#unlisted(tag, known.vr) : this.#listed(row, known.vr);
  }

  #listed({ basic, letters }: Row, vr: Vr): Rule {
    const strict = vr === VR.SQ ? basic.sequence : basic.value;
    const chosen = [...letters].filter((_, index) => this.#isChosen[index] === true);
    // Of several options the stricter one counts.
    if (chosen.includes('C')) return { action: Action.Clean, strict };
    if (chosen.includes('K')) return { action: Action.Keep, strict };
    return { action: strict, strict };
  }

  /**
   * What is in PS3.6 and not in the table may stay. The profile leaves it to whoever applies it to look at text: names, free
   * text, addresses and dates become dummy values, which are valid whatever type they have in their IOD; bytes of unknown
   * contents go.
   */
  #unlisted(tag: number, vr: Vr): Rule {
    if (tag === RADIATION_MACHINE_NAME) return { action: Action.Empty, strict: Action.Empty };
    if (HARMLESS.has(tag)) return KEEP;
    // The table has the others of its kind so.
    if (tag >>> 16 === SELECTORS && vr.kind === Kind.Bytes) return DUMMY;
    if (HARMFUL.has(tag) || OTHER_TRADES.has(tag >>> 16) || isFileMeta(tag)) return REMOVE;
    if (isFreeText(vr)) return this.#cleansText ? { action: Action.Clean, strict: Action.Dummy } : DUMMY;
    if (isOfSomebody(tag, vr)) return DUMMY;
    if (isUnknown(tag, vr)) return REMOVE;
    return vr.kind === Kind.Uid ? { action: this.#uids(), strict: Action.Remove } : KEEP;
  }

  #uids(): Action {
    return this.options.has('retain-uids') ? Action.Keep : Action.Uid;
  }
}

/** Groups of commands, file meta information and directories do not belong in a data set. */
function isFileMeta(tag: number): boolean {
  return tag < tagOf(0x0008, 0);
}

function isFreeText(vr: Vr): boolean {
  return vr.kind === Kind.LongText || vr === VR.UC;
}

/** VRs that are made for what identifies; and LO with comments. */
function isOfSomebody(tag: number, vr: Vr): boolean {
  if (vr.kind === Kind.Name || vr.kind === Kind.Uri) return true;
  if (vr === VR.AE || vr === VR.DA || vr === VR.DT || vr === VR.TM || vr === VR.AS) return true;
  return vr.kind === Kind.Text && /Comments?$/.test(lookUp(tag)?.keyword ?? '');
}

/** Bytes that may be anything, such as a document. */
function isUnknown(tag: number, vr: Vr): boolean {
  if (vr === VR.OB || vr === VR.UN) return true;
  return vr === AMBIGUOUS_VR.ox && tag !== TAG.PixelData && tag >>> 16 !== WAVEFORMS;
}

const WAVEFORMS = 0x5400;
/** Hanging protocols: Selector OW Value and the like may be a value of any attribute. */
const SELECTORS = 0x0072;
