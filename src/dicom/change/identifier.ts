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
  const encoding = encodingOf(transferSyntax(transferSyntaxUID));
  try {
    const item = parseItem(keys, { operation: 0, path: '' }, 0);
    return encoded(item, encoding, characterSetOf(item));
  } catch (error) {
    if (error instanceof ChangeError) throw wrongKey(error.place, error.reason);
    throw error;
  }
}

function encoded(item: ChangedItem, encoding: Encoding, given: CharacterSet | undefined): Buffer {
  const encode = (set: CharacterSet): Buffer => Buffer.concat(content(item, encoding, set));
  try {
    return encode(given ?? CharacterSet.DEFAULT);
  } catch (error) {
    if (!(error instanceof NotInCharacterSet)) throw error;
    if (given !== undefined)
      throw wrongKey(
        'SpecificCharacterSet',
        `a value is not in ${given.name}; leave it out, and it becomes ${UTF_8_TERM}`,
      );
    item.set(TAG.SpecificCharacterSet, utf8());
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

function utf8(): ChangedAttribute {
  const name = { tag: TAG.SpecificCharacterSet };
  const value = { vr: VR.CS, values: [UTF_8_TERM] };
  return { name, place: { operation: 0, path: formatName(name) }, action: { kind: 'set', value } };
}

/** In ascending order of tags. */
function content(item: ChangedItem, encoding: Encoding, set: CharacterSet): Buffer[] {
  return [...item.values()]
    .sort((one, other) => one.name.tag - other.name.tag)
    .map((attribute) => element(attribute, encoding, set));
}

function element({ name, place, action }: ChangedAttribute, encoding: Encoding, set: CharacterSet): Buffer {
  const { tag, creator } = name;
  if (creator !== undefined) throw wrongKey(place, 'private attributes are not asked for');
  if (action.kind === 'remove') return Buffer.alloc(0);
  if (action.kind === 'items') {
    const items = [...action.items.values()];
    if (items.length > 1) throw wrongKey(place, 'the sequence of a query has one item');
    return encodeSequence(
      tag,
      items.map((each) => encodeItem(content(each, encoding, set))),
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
  return encodeElement(tag, vr, valueBytes(tag, vr, value.values, set, place), encoding);
}

function valueBytes(
  tag: number,
  vr: Vr,
  given: Parameters<typeof separated>[1],
  set: CharacterSet,
  place: Place,
): Buffer {
  try {
    const values = separated(vr, given).filter((value) => value !== null && value !== '');
    const bytes = encodeValues(tag, vr, values, set, keyProblem);
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
