import { isPrivate, Kind, lookUp, TAG, type Vr, VR } from '../standard';
import { DataSet, Element } from './data-set';
import { resolveVr } from './resolve-vr';
import type { PersonName, Value } from './value';
import { readSentValues, readValues } from './values';

/**
 * Replaces what may identify somebody by placeholders of the same JSON type, in every section of the message at once:
 * they are all made from the data set's values. The other way round than the Basic Application Level Confidentiality
 * Profile (PS3.15 Table E.1-1), which names what to remove: text, dates and identifiers are replaced unless they are known
 * to be harmless; numbers and coded strings stay, except those that the Profile names.
 */
export function usePlaceholders(dataSet: DataSet): void {
  new Placeholders().use(dataSet, false);
}

/** Text that says what an object is, and not whose. */
const HARMLESS = new Set([
  0x00080070, // Manufacturer
  0x00081090, // Manufacturer's Model Name
]);

/** Private SOP classes are kinds of objects, too; other UIDs outside the Standard's root are of one thing. */
const KINDS_OF_OBJECTS = new Set<number>([
  TAG.SOPClassUID,
  0x00081150, // Referenced SOP Class UID
  0x0008115a, // SOP Classes Supported
  0x0008001a, // Related General SOP Class UID
  0x0008001b, // Original Specialized SOP Class UID
  0x00080062, // SOP Classes in Study
]);
const STANDARD_ROOT = '1.2.840.10008.';

/** Numbers and coded strings of PS3.15 Table E.1-1. */
const IDENTIFYING = new Set([
  0x00100040, // Patient's Sex
  0x00101020, // Patient's Size
  0x00101030, // Patient's Weight
  0x001021a0, // Smoking Status
  0x001021c0, // Pregnancy Status
  0x00102203, // Patient's Sex Neutered
  0x0016004e, // Lens Specification
  0x00203401, // Modifying Device ID
  0x04000565, // Reason for the Attribute Modification
  0x04000600, // Instance Origin Status
]);
/** GPS attributes, which the Profile names one by one. */
const FIRST_GPS = 0x00160070;
const LAST_GPS = 0x0016008e;

/** The sequences of PS3.15 Table E.1-1 that may hold codes: of persons, places, diagnoses. */
const IDENTIFYING_SEQUENCES = new Set([
  0x00080082, 0x00080096, 0x0008009d, 0x00081041, 0x00081049, 0x00081052, 0x00081062, 0x00081072, 0x00081084,
  0x00081110, 0x00081111, 0x00081120, 0x00081140, 0x00082112, 0x00100050, 0x00100101, 0x00100102, 0x00101002,
  0x00101100, 0x00120023, 0x0018100a, 0x00185011, 0x00321067, 0x00340001, 0x00380004, 0x00380014, 0x00380064,
  0x0040000b, 0x00400275, 0x00400513, 0x00400555, 0x00400562, 0x00400610, 0x0040100a, 0x00401011, 0x00401101,
  0x00404025, 0x00404027, 0x00404028, 0x00404030, 0x00404034, 0x00404035, 0x0040a073, 0x0040a078, 0x0040a07a,
  0x0040a07c, 0x0040a088, 0x0040a358, 0x00700086, 0x00880200, 0x04000402, 0x04000403, 0x04000550, 0x04000551,
  0x04000561, 0x3006004d, 0x3006004e, 0x30100081, 0x40080111, 0x40080118, 0xfffafffa,
]);

const CodingSchemeDesignator = 0x00080102;
/** What makes up a code (PS3.3 8.8). */
const PARTS_OF_A_CODE = new Set([
  0x00080100, // Code Value
  CodingSchemeDesignator,
  0x00080103, // Coding Scheme Version
  0x00080104, // Code Meaning
  0x00080119, // Long Code Value
  0x00080120, // URN Code Value
]);
/** Schemes that everybody uses (PS3.16 Table 8-1). What a hospital codes by itself may name its staff and wards. */
const PUBLIC_SCHEMES = new Set(
  (
    'DCM SCT SRT SNM3 99SDM UCUM LN RADLEX FMA MA NCIt UMLS BI ACR C4 C5 CD2 DC ESC HL7 I10 I10P I11 I9 I9C ' +
    'ICDO3 IBSI ISO3166_1 ISO639_1 ISO639_2 ISO_OID ITIS_TSN MGI MSH NDC NEU NICIP NYUMCCG POS PUBCHEM_CID ' +
    'RFC3066 RFC5646 RXNORM UBERON UNS UPC'
  ).split(' '),
);

const TEXT = 'placeholder';
const DATE = '20000101';
const TIME = '120000';
const CODED = 'PLACEHOLDER';
/** Where the placeholder of the VR would not be a legal value. */
const OF_ITS_OWN = new Map<number, string>([
  [0x00080201, '+0000'], // Timezone Offset From UTC
  [0x00100040, 'O'], // Patient's Sex
]);
const NAME: Required<PersonName> = {
  Alphabetic: 'Placeholder^Person',
  Ideographic: 'Placeholder^Ideographic',
  Phonetic: 'Placeholder^Phonetic',
};
/** PS3.5 6.2: what a CS value may be made of. One that breaks this is free text. */
const CODED_STRING = /^[A-Z0-9_ ]{0,16}$/;

const NUMBERS = new Set<Kind>([Kind.Binary, Kind.Decimal, Kind.Integer]);

class Placeholders {
  readonly #uids = new Map<string, string>();

  /** @param identifying the data set is in a sequence whose codes must be replaced, too */
  use(dataSet: DataSet, identifying: boolean): void {
    const keepsCode = !identifying && hasPublicCode(dataSet);
    const elements: Element[] = [];
    for (const element of dataSet.elements) {
      if (isPrivate(element.tag)) continue;
      const vr = resolveVr(dataSet, element);
      const within = identifying || IDENTIFYING_SEQUENCES.has(element.tag);
      element.items?.forEach((item) => this.use(item, within));
      elements.push(vr.kind === Kind.Bytes ? withoutContent(element) : element);
      if (isKept(element.tag, keepsCode)) continue;
      const placeholders = (as: Vr): Value[] =>
        readSentValues(dataSet, element, as).map((value) => this.#of(element.tag, as, value, as === vr));
      element.placeholders = placeholders;
      // UIDs are counted as they are met.
      placeholders(vr);
    }
    dataSet.elements = elements;
  }

  /** @param isAsSent false: it was sent as something else, and is not a coded string just because the dictionary says so */
  #of(tag: number, vr: Vr, value: Value, isAsSent: boolean): Value {
    if (value === null) return null;
    if (typeof value === 'object') return namePlaceholder(value);
    switch (vr.kind) {
      case Kind.Uid:
        return this.#uid(tag, String(value));
      case Kind.Code:
        return OF_ITS_OWN.get(tag) ?? (isAsSent ? codePlaceholder(tag, vr, String(value)) : codeOf(vr));
      case Kind.Binary:
      case Kind.Decimal:
      case Kind.Integer:
        return number(tag, vr, value);
      case Kind.Text:
      case Kind.LongText:
      case Kind.Uri:
        return OF_ITS_OWN.get(tag) ?? TEXT;
      case Kind.Name:
      case Kind.Tag:
      case Kind.Bytes:
      case Kind.Sequence:
        return value;
    }
  }

  /** The same for the same UID, so that references within the object still lead somewhere. */
  #uid(tag: number, uid: string): string {
    if (KINDS_OF_OBJECTS.has(tag) || uid.startsWith(STANDARD_ROOT)) return uid;
    const known = this.#uids.get(uid);
    if (known !== undefined) return known;
    const placeholder = `2.25.${this.#uids.size + 1}`;
    this.#uids.set(uid, placeholder);
    return placeholder;
  }
}

function hasPublicCode(dataSet: DataSet): boolean {
  const designator = dataSet.find(CodingSchemeDesignator);
  if (designator === undefined) return false;
  const [scheme] = readValues(dataSet, designator, resolveVr(dataSet, designator));
  return typeof scheme === 'string' && PUBLIC_SCHEMES.has(scheme);
}

function isKept(tag: number, keepsCode: boolean): boolean {
  return HARMLESS.has(tag) || (keepsCode && PARTS_OF_A_CODE.has(tag));
}

/** Does the Profile name it, or was it sent as something that it is not: a patient's id as a number, a name as a code? */
function isIdentifying(tag: number, vr: Vr): boolean {
  if (IDENTIFYING.has(tag) || (tag >= FIRST_GPS && tag <= LAST_GPS)) return true;
  const known = lookUp(tag)?.vr;
  return vr === VR.CS ? known !== VR.CS : known === undefined || !NUMBERS.has(known.kind);
}

function namePlaceholder(name: PersonName): PersonName {
  const groups = Object.keys(name) as (keyof PersonName)[];
  return Object.fromEntries(groups.map((group) => [group, NAME[group]]));
}

function codePlaceholder(tag: number, vr: Vr, value: string): string {
  return vr === VR.CS && !isIdentifying(tag, vr) && CODED_STRING.test(value) ? value : codeOf(vr);
}

function codeOf(vr: Vr): string {
  switch (vr) {
    case VR.DA:
      return DATE;
    case VR.TM:
      return TIME;
    case VR.DT:
      return DATE + TIME;
    case VR.AS:
      return '050Y';
    default:
      return CODED;
  }
}

/** A number stays a number. A decimal or integer that is text is none, or has more digits than any measurement. */
function number(tag: number, vr: Vr, value: Value): Value {
  const isText = typeof value === 'string';
  if (isText && vr.kind !== Kind.Binary) return '0';
  if (!isIdentifying(tag, vr)) return value;
  return isText ? '1' : 1;
}

/** A value of bytes of the same length, all of them zero. */
function withoutContent(element: Element): Element {
  const { tag, vr, offset, length, bigEndian, items, fragments } = element;
  const bytes = element.bytes && Buffer.alloc(length);
  return new Element(tag, vr, offset, length, bigEndian, bytes, 0, items, fragments);
}
