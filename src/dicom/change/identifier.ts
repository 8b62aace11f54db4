import { DicomError } from '../errors';
import { type Encoding, encodingOf } from '../read';
import { AMBIGUOUS_VR, lookUp, TAG, transferSyntax, type Vr, VR } from '../standard';
import { CharacterSet } from '../text';
import { ChangeError, type Place } from './change-errors';
import { formatName } from './change-path';
import type { ChangedAttribute, ChangedItem } from './change-tree';
import { parseItem } from './change-value';
import { encodeElement, encodeItem, encodeSequence, UTF_8_TERM } from './encode-element';
import { encodeValues, separated, ValueError } from './encode-value';
import { keyProblem } from './key-text';

/** A text is not in the default repertoire. */
class NotInCharacterSet extends Error {}

/**
 * The identifier of a query (PS3.4 C.2.2): its keys as a data set. Texts that are not ASCII are encoded as UTF-8, and Specific
 * Character Set says so, unless it is among the keys.
 * @param keys as `Tags` has them by keyword, with sequences as arrays of one object: null and '' are to be returned only. Text may
 * have wild cards, dates and times may be ranges, UIDs may be several
 * @param transferSyntaxUID of little endian
 * @throws DicomError `query-invalid`, which names the attribute and never a value
 */
export function encodeIdentifier(keys: unknown, transferSyntaxUID: string): Buffer {
  return parsed(keys, (item) => {
    const written = { encoding: encodingOf(transferSyntax(transferSyntaxUID)), ...KEYS };
    return encoded(item, written, characterSetOf(item));
  });
}

/**
 * The identifier of an answer to a query (PS3.4 C.4.1.1.3.2). What it says of its character set does not count: texts are in that
 * of the query where it has them all, and else in UTF-8.
 * @param match as `Tags` has it by keyword; values are as an object may have them, without wild cards and ranges
 * @param transferSyntaxUID of little endian
 * @param characterSet terms of the query; empty: the default repertoire
 * @throws DicomError `query-invalid`, which names the attribute and never a value
 */
export function encodeMatch(
  match: unknown,
  transferSyntaxUID: string,
  characterSet: readonly string[],
): Buffer {
  return parsed(match, (item) => {
    const written = { encoding: encodingOf(transferSyntax(transferSyntaxUID)), ...VALUES };
    const asked = characterSet.some((term) => term !== '')
      ? CharacterSet.of(characterSet.join('\\'), () => undefined)
      : undefined;
    if (asked === undefined) item.delete(TAG.SpecificCharacterSet);
    else item.set(TAG.SpecificCharacterSet, specificCharacterSet(characterSet));
    try {
      return Buffer.concat(content(item, written, asked ?? CharacterSet.DEFAULT));
    } catch (error) {
      if (!(error instanceof NotInCharacterSet)) throw error;
      item.set(TAG.SpecificCharacterSet, specificCharacterSet([UTF_8_TERM]));
      return Buffer.concat(content(item, written, CharacterSet.UTF_8));
    }
  });
}

/** What an identifier may have, and how it is written. */
interface Written {
  encoding: Encoding;
  /** What is wrong with a text; undefined: as with that of an object. */
  problem: typeof keyProblem | undefined;
  /** A sequence may have several. */
  manyItems: boolean;
}
const KEYS = { problem: keyProblem, manyItems: false };
const VALUES = { problem: undefined, manyItems: true };

function parsed(json: unknown, encode: (item: ChangedItem) => Buffer): Buffer {
  try {
    return encode(parseItem(json, { operation: 0, path: '' }, 0));
  } catch (error) {
    if (error instanceof ChangeError) throw wrongKey(error.place, error.reason);
    throw error;
  }
}

function encoded(item: ChangedItem, written: Written, given: CharacterSet | undefined): Buffer {
  const encode = (set: CharacterSet): Buffer => Buffer.concat(content(item, written, set));
  try {
    return encode(given ?? CharacterSet.DEFAULT);
  } catch (error) {
    if (!(error instanceof NotInCharacterSet)) throw error;
    if (given !== undefined)
      throw wrongKey(
        'SpecificCharacterSet',
        `a value is not in ${given.name}; leave it out, and it becomes ${UTF_8_TERM}`,
      );
    item.set(TAG.SpecificCharacterSet, specificCharacterSet([UTF_8_TERM]));
    return encode(CharacterSet.UTF_8);
  }
}

/** Undefined: the keys do not say any. */
function characterSetOf(item: ChangedItem): CharacterSet | undefined {
  const action = item.get(TAG.SpecificCharacterSet)?.action;
  if (action?.kind !== 'set' || !('values' in action.value)) return undefined;
  const terms = action.value.values.filter((value) => typeof value === 'string');
  if (terms.every((term) => term === '')) return undefined;
  const set = CharacterSet.of(terms.join('\\'), () => undefined);
  if (set === undefined) throw wrongKey('SpecificCharacterSet', 'not one that is known');
  return set;
}

function specificCharacterSet(terms: readonly string[]): ChangedAttribute {
  const name = { tag: TAG.SpecificCharacterSet };
  const value = { vr: VR.CS, values: [...terms] };
  return { name, place: { operation: 0, path: formatName(name) }, action: { kind: 'set', value } };
}

/** In ascending order of tags. */
function content(item: ChangedItem, written: Written, set: CharacterSet): Buffer[] {
  return [...item.values()]
    .sort((one, other) => one.name.tag - other.name.tag)
    .map((attribute) => element(attribute, written, set));
}

function element({ name, place, action }: ChangedAttribute, written: Written, set: CharacterSet): Buffer {
  const { encoding, manyItems, problem } = written;
  const { tag, creator } = name;
  if (creator !== undefined) throw wrongKey(place, 'private attributes are not asked for');
  if (action.kind === 'remove') return Buffer.alloc(0);
  if (action.kind === 'items') {
    const items = [...action.items.values()];
    if (items.length > 1 && !manyItems) throw wrongKey(place, 'the sequence of a query has one item');
    return encodeSequence(
      tag,
      items.map((each) => encodeItem(content(each, written, set))),
      encoding,
      false,
    );
  }
  if (action.kind === 'kept')
    throw wrongKey(place, 'a query has no base object, so that there is nothing to keep');
  const { value } = action;
  const vr = vrOf(tag, value.vr);
  if (vr === undefined)
    throw wrongKey(place, 'PS3.6 does not know it, so say its VR: { "vr": "LO", "Value": ["…"] }');
  if ('bytes' in value) return encodeElement(tag, vr, value.bytes, encoding);
  return encodeElement(tag, vr, valueBytes(tag, vr, value.values, set, place, problem), encoding);
}

function valueBytes(
  tag: number,
  vr: Vr,
  given: Parameters<typeof separated>[1],
  set: CharacterSet,
  place: Place,
  problem: typeof keyProblem | undefined,
): Buffer {
  try {
    const all = separated(vr, given);
    const some = all.filter((value) => value !== null && value !== '');
    // In the values of an object a place may be empty.
    const values = problem === undefined && some.length > 0 ? all : some;
    const bytes = encodeValues(tag, vr, values, set, problem);
    if (bytes !== undefined) return bytes;
  } catch (error) {
    if (error instanceof ValueError) throw wrongKey(place, `${vr.name} ${error.message}`);
    throw error;
  }
  throw new NotInCharacterSet();
}

/** Choices that PS3.6 leaves are made as most objects have them. */
function vrOf(tag: number, given: Vr | undefined): Vr | undefined {
  const known = lookUp(tag)?.vr ?? given;
  if (known === AMBIGUOUS_VR.xs || known === AMBIGUOUS_VR.lt) return VR.US;
  return known === AMBIGUOUS_VR.ox ? VR.OW : known;
}

function wrongKey(place: Place | string | undefined, reason: string): DicomError {
  const path =
    typeof place === 'string' ? place : (place?.path ?? '').replace(/^\./, '').slice(0, LONGEST_PLACE);
  return new DicomError('query-invalid', path === '' ? reason : `${path}: ${reason}`);
}

const LONGEST_PLACE = 200;
