import { asciiBytes } from '../text';

/** How the value field of a VR is turned into JSON (PS3.5 6.2). */
export const enum Kind {
  /** Several values, spaces around them not significant, Specific Character Set applies: LO, SH, UC. */
  Text,
  /** One value, backslash is a character, leading spaces significant, Specific Character Set applies: LT, ST, UT. */
  LongText,
  /** PN: component groups, Specific Character Set applies. */
  Name,
  /** Several values of the default repertoire: AE, AS, CS, DA, DT, TM. */
  Code,
  /** UI: padded with NUL. */
  Uid,
  /** UR: one value. */
  Uri,
  /** DS */
  Decimal,
  /** IS */
  Integer,
  /** Binary numbers: US, SS, UL, SL, FL, FD, SV, UV. */
  Binary,
  /** AT */
  Tag,
  /** A stream of bytes: OB, OW, OF, OD, OL, OV, UN. */
  Bytes,
  /** SQ */
  Sequence,
}

export interface Vr {
  readonly name: string;
  /** Its name as explicit VR has it, as a 16-bit number in little endian: to write that costs less than two letters of a text. */
  readonly letters: number;
  readonly kind: Kind;
  /** Explicit VR: two reserved bytes and a 32-bit length (PS3.5 7.1.2, Table 7.1-1). */
  readonly long: boolean;
  /** Bytes of one value if that is fixed, which is also the unit that big endian swaps; otherwise 1. */
  readonly width: number;
  /** Leading spaces are padding as well as trailing ones (PS3.5 Table 6.2-1). */
  readonly leadingPad: boolean;
  /** An attribute of the DICOM JSON Model begins so: `{"vr":"LO"`. */
  readonly json: Uint8Array;
}

const vr = (name: string, kind: Kind, long = false, width = 1, leadingPad = false): Vr => ({
  name,
  letters: name.charCodeAt(0) + name.charCodeAt(1) * 0x100,
  kind,
  long,
  width,
  leadingPad,
  json: asciiBytes(`{"vr":"${name}"`),
});

const PAD_BOTH = true;

/** Every VR of PS3.5 Table 6.2-1. */
export const VR = {
  AE: vr('AE', Kind.Code, false, 1, PAD_BOTH),
  AS: vr('AS', Kind.Code),
  AT: vr('AT', Kind.Tag, false, 4),
  CS: vr('CS', Kind.Code, false, 1, PAD_BOTH),
  DA: vr('DA', Kind.Code),
  DS: vr('DS', Kind.Decimal, false, 1, PAD_BOTH),
  DT: vr('DT', Kind.Code),
  FD: vr('FD', Kind.Binary, false, 8),
  FL: vr('FL', Kind.Binary, false, 4),
  IS: vr('IS', Kind.Integer, false, 1, PAD_BOTH),
  LO: vr('LO', Kind.Text, false, 1, PAD_BOTH),
  LT: vr('LT', Kind.LongText),
  OB: vr('OB', Kind.Bytes, true),
  OD: vr('OD', Kind.Bytes, true, 8),
  OF: vr('OF', Kind.Bytes, true, 4),
  OL: vr('OL', Kind.Bytes, true, 4),
  OV: vr('OV', Kind.Bytes, true, 8),
  OW: vr('OW', Kind.Bytes, true, 2),
  PN: vr('PN', Kind.Name),
  SH: vr('SH', Kind.Text, false, 1, PAD_BOTH),
  SL: vr('SL', Kind.Binary, false, 4),
  SQ: vr('SQ', Kind.Sequence, true),
  SS: vr('SS', Kind.Binary, false, 2),
  ST: vr('ST', Kind.LongText),
  SV: vr('SV', Kind.Binary, true, 8),
  TM: vr('TM', Kind.Code),
  UC: vr('UC', Kind.Text, true),
  /** Leading spaces are none of a UID, but found in front of some. */
  UI: vr('UI', Kind.Uid, false, 1, PAD_BOTH),
  UL: vr('UL', Kind.Binary, false, 4),
  UN: vr('UN', Kind.Bytes, true),
  UR: vr('UR', Kind.Uri, true),
  US: vr('US', Kind.Binary, false, 2),
  UT: vr('UT', Kind.LongText, true),
  UV: vr('UV', Kind.Binary, true, 8),
} as const satisfies Record<string, Vr>;

export type VrName = keyof typeof VR;

/** What the dictionary says of attributes whose VR depends on other attributes (PS3.6 "US or SS" and the like). */
export const AMBIGUOUS_VR = {
  /** US or SS */
  xs: vr('xs', Kind.Binary, false, 2),
  /** OB or OW */
  ox: vr('ox', Kind.Bytes, true, 2),
  /** US or OW */
  lt: vr('lt', Kind.Bytes, true, 2),
} as const;

const FIRST_LETTER = 0x41;
const LETTERS = 26;
const byLetters: (Vr | undefined)[] = new Array<Vr | undefined>(LETTERS * LETTERS).fill(undefined);
for (const each of Object.values<Vr>(VR)) {
  byLetters[(each.name.charCodeAt(0) - FIRST_LETTER) * LETTERS + each.name.charCodeAt(1) - FIRST_LETTER] =
    each;
}

/** The VR that two bytes of an explicit VR data element spell, if it is one that the Standard knows. */
export function vrOfBytes(first: number, second: number): Vr | undefined {
  if (!isUpperCase(first) || !isUpperCase(second)) return undefined;
  return byLetters[(first - FIRST_LETTER) * LETTERS + second - FIRST_LETTER];
}

export function isUpperCase(byte: number): boolean {
  return byte >= FIRST_LETTER && byte < FIRST_LETTER + LETTERS;
}

export function vrOfName(name: string): Vr | undefined {
  return Object.hasOwn(VR, name) ? VR[name as VrName] : undefined;
}
