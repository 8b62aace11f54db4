import { isDeepStrictEqual } from 'node:util';
import type { DataSet } from '../data-set';
import type { Encoding } from '../read';
import { AMBIGUOUS_VR, isPrivate, isPrivateCreator, lookUp, TAG, type Vr, VR } from '../standard';
import { CharacterSet } from '../text';
import { cannotChange, type Place } from './change-errors';
import type { FoundAttribute, FoundItem } from './change-finder';
import {
  type Action,
  adds,
  addsTo,
  type ChangedAttribute,
  type ChangedItem,
  later,
  type Literal,
} from './change-tree';
import { encodeElement, encodeItem, encodeSequence, encodeUtf8Term, UTF_8_TERM } from './encode-element';
import { encodeValues, separated, ValueError } from './encode-value';
import { PrivateBlocks } from './private-blocks';
import { isSame } from './same-value';

/** An element that is written where there is none. */
export interface Insertion {
  readonly tag: number;
  readonly bytes: Buffer;
}

/** What is to be written into an object, by where it is. Elements are those that are there, by their headers. */
export interface Edits {
  /** Undefined: the element is left out. */
  readonly elements: Map<number, Buffer | undefined>;
  /** By where the content of the item or data set begins; in ascending order of tags. */
  readonly insertions: Map<number, Insertion[]>;
  /** Items at the end of a sequence. */
  readonly items: Map<number, Buffer>;
  /** All text becomes UTF-8. */
  readonly toUtf8: boolean;
}

/** A text is not in the character set of its object. */
class NotInCharacterSet extends Error {}

/**
 * What changes come to in the object in which they were found. A value that is there already is no edit.
 * @throws DicomError `cannot-change`
 */
export function resolveEdits(root: FoundItem): Edits {
  try {
    return new Resolver(false).resolve(root);
  } catch (error) {
    if (!(error instanceof NotInCharacterSet)) throw error;
    return new Resolver(true).resolve(root);
  }
}

/** Where an attribute is written. */
interface Surroundings {
  readonly encoding: Encoding;
  /** Of its item, or of what is around that where it is new. */
  readonly context: DataSet;
}

class Resolver {
  readonly #edits: Edits;

  constructor(toUtf8: boolean) {
    this.#edits = { elements: new Map(), insertions: new Map(), items: new Map(), toUtf8 };
  }

  resolve(root: FoundItem): Edits {
    this.#item(root);
    if (this.#edits.toUtf8 && root.context.find(TAG.SpecificCharacterSet) === undefined)
      this.#insert(root, TAG.SpecificCharacterSet, encodeUtf8Term(root.encoding));
    for (const insertions of this.#edits.insertions.values()) insertions.sort((a, b) => a.tag - b.tag);
    return this.#edits;
  }

  #insert({ start }: FoundItem, tag: number, bytes: Buffer): void {
    const { insertions } = this.#edits;
    const others = insertions.get(start);
    if (others === undefined) insertions.set(start, [{ tag, bytes }]);
    else others.push({ tag, bytes });
  }

  #item(item: FoundItem): void {
    for (const { tag, attribute, creator } of arranged(item.changes, item.blocks.copy(), item.found)) {
      if (attribute === undefined) this.#insert(item, tag, encodeCreator(tag, creator, item.encoding));
      else this.#attribute(item, tag, attribute);
    }
  }

  #attribute(item: FoundItem, tag: number, attribute: ChangedAttribute): void {
    const { place, action } = attribute;
    const found = item.found.get(attribute);
    if (item.context.parent === undefined) expectIdentity(tag, attribute);
    if (found?.now !== undefined && isSame(found, item, action)) return;
    if (tag === TAG.SpecificCharacterSet) {
      this.#characterSet(item, attribute);
    } else if (action.kind === 'remove') {
      if (found !== undefined) this.#replace(found, undefined);
    } else if (found === undefined) {
      if (adds(action)) this.#insert(item, tag, this.#encoded(tag, attribute, item, undefined));
    } else if (found.isEncapsulated) {
      throw cannotChange(place, 'compressed pixel data cannot be replaced');
    } else if (action.kind === 'items' && !action.fresh && found.length > 0) {
      this.#itemsOf(item, found, attribute, action.items);
    } else if (adds(action)) {
      this.#replace(found, this.#encoded(tag, attribute, item, found));
    }
  }

  #replace({ header, earlier }: FoundAttribute, bytes: Buffer | undefined): void {
    for (const each of earlier) this.#edits.elements.set(each, undefined);
    this.#edits.elements.set(header, bytes);
  }

  /** The items of a sequence that is there. */
  #itemsOf(
    around: FoundItem,
    { sequence, header }: FoundAttribute,
    { place }: ChangedAttribute,
    items: Map<number, ChangedItem>,
  ): void {
    if (sequence === undefined) throw cannotChange(place, 'in the object it is no sequence');
    for (const item of sequence.items.values()) this.#item(item);
    const added = [...items].filter(([index, item]) => index >= sequence.count && addsTo(item));
    if (added.length === 0) return;
    const within = { encoding: sequence.within, context: around.context };
    this.#edits.items.set(header, Buffer.concat(this.#newItems(added, sequence.count, place, within)));
  }

  /** Whoever sets it says that all text is to be UTF-8. */
  #characterSet({ context }: FoundItem, { place, action }: ChangedAttribute): void {
    const isUtf8 =
      action.kind === 'set' &&
      'values' in action.value &&
      isDeepStrictEqual(action.value.values, [UTF_8_TERM]);
    if (context.parent !== undefined || !isUtf8)
      throw cannotChange(
        place,
        `text stays in its character set, or all of the object becomes '${UTF_8_TERM}'; leave others out`,
      );
    if (!this.#edits.toUtf8) throw new NotInCharacterSet();
  }

  #encoded(
    tag: number,
    { place, action }: ChangedAttribute,
    around: Surroundings,
    found: FoundAttribute | undefined,
  ): Buffer {
    const { encoding } = around;
    if (action.kind === 'set') {
      const vr = vrOf(tag, action.value, around, found?.vr, place);
      return encodeElement(tag, vr, this.#value(tag, vr, action.value, around, place), encoding);
    }
    if (action.kind === 'remove') return NOTHING;
    const items = [...action.items].filter(([, item]) => action.fresh || addsTo(item));
    const isKnown = lookUp(tag)?.vr === VR.SQ;
    return encodeSequence(
      tag,
      this.#newItems(items, 0, place, around),
      encoding,
      !encoding.explicit && !isKnown,
    );
  }

  /** @param first the index of the first that is new: none may be missing between them */
  #newItems(
    items: readonly (readonly [index: number, item: ChangedItem])[],
    first: number,
    place: Place,
    around: Surroundings,
  ): Buffer[] {
    return [...items]
      .sort(([one], [other]) => one - other)
      .map(([index, item], position) => {
        if (index !== first + position)
          throw cannotChange(place, `there is no item ${first + position}; the next one is that`);
        return encodeItem(this.#content(item, around));
      });
  }

  /** Of a new item. */
  #content(changes: ChangedItem, around: Surroundings): Buffer[] {
    return arranged(changes, new PrivateBlocks(), new Map()).map(({ tag, attribute, creator }) => {
      if (attribute === undefined) return encodeCreator(tag, creator, around.encoding);
      if (tag === TAG.SpecificCharacterSet)
        throw cannotChange(attribute.place, 'text of an item is encoded as that of the object; leave it out');
      return adds(attribute.action) ? this.#encoded(tag, attribute, around, undefined) : NOTHING;
    });
  }

  #value(tag: number, vr: Vr, literal: Literal, { context }: Surroundings, place: Place): Buffer {
    if ('bytes' in literal) {
      if (literal.bytes.length % vr.width === 0) return literal.bytes;
      throw cannotChange(place, `${vr.name} is of ${vr.width} bytes each`);
    }
    try {
      const values = separated(vr, literal.values);
      if (values.length > 1 && lookUp(tag)?.single === true)
        throw new ValueError('has one value here (in text, a backslash separates values)');
      const set = this.#edits.toUtf8 ? CharacterSet.UTF_8 : context.characterSet;
      const bytes = encodeValues(tag, vr, values, set);
      if (bytes === undefined) throw new NotInCharacterSet();
      return bytes;
    } catch (error) {
      if (error instanceof ValueError) throw cannotChange(place, `${vr.name} ${error.message}`);
      throw error;
    }
  }
}

const NOTHING = Buffer.alloc(0);

function encodeCreator(block: number, creator: string, encoding: Encoding): Buffer {
  return encodeElement(block, VR.LO, Buffer.from(creator, 'latin1'), encoding);
}

/** An object has a class and an instance UID. */
function expectIdentity(tag: number, { place, action }: ChangedAttribute): void {
  if (tag !== TAG.SOPClassUID && tag !== TAG.SOPInstanceUID) return;
  if (newUid(action) === undefined) throw cannotChange(place, 'an object must have it: set a UID');
}

/** The UID to which an attribute is set; undefined: it is not one. */
export function newUid(action: Action): string | undefined {
  if (action.kind !== 'set' || !('values' in action.value)) return undefined;
  const [value, ...more] = action.value.values;
  return typeof value === 'string' && value !== '' && more.length === 0 ? value : undefined;
}

/** Choices that PS3.6 leaves are the object's; what PS3.6 does not know is as it was, if nothing else is said. */
function vrOf(
  tag: number,
  literal: Literal,
  { context, encoding }: Surroundings,
  found: Vr | undefined,
  place: Place,
): Vr {
  const sent = encoding.explicit && found !== VR.UN ? found : undefined;
  const vr = lookUp(tag)?.vr ?? literal.vr ?? sent;
  switch (vr) {
    case undefined:
      throw cannotChange(place, 'PS3.6 does not know it, so say its VR: { "vr": "LO", "Value": ["…"] }');
    case VR.SQ:
      throw cannotChange(place, 'in the object it is a sequence: give { "vr": "SQ", "Value": [{…}] }');
    case AMBIGUOUS_VR.xs:
      return (
        chosen(literal.vr) ?? chosen(sent) ?? (isSigned(literal) || context.pixelsSigned ? VR.SS : VR.US)
      );
    case AMBIGUOUS_VR.ox:
      return chosen(literal.vr) ?? chosen(sent) ?? VR.OW;
    case AMBIGUOUS_VR.lt:
      return chosen(literal.vr) ?? ('bytes' in literal ? VR.OW : VR.US);
    default:
      return vr;
  }
}

/** None of the VRs that are none. */
function chosen(vr: Vr | undefined): Vr | undefined {
  return vr !== undefined && Object.values<Vr>(VR).includes(vr) ? vr : undefined;
}

function isSigned(literal: Literal): boolean {
  return 'values' in literal && literal.values.some((value) => typeof value === 'number' && value < 0);
}

interface Arranged {
  readonly tag: number;
  /** Undefined: it is the creator of a new block. */
  readonly attribute: ChangedAttribute | undefined;
  readonly creator: string;
}

/**
 * What is changed in an item, in ascending order of tags. Private attributes get their blocks.
 * @param blocks of what is there; those that are new are added to it
 */
function arranged(
  changes: ChangedItem,
  blocks: PrivateBlocks,
  found: ReadonlyMap<ChangedAttribute, FoundAttribute>,
): Arranged[] {
  const all = new Map<number, Arranged>();
  const put = (tag: number, attribute: ChangedAttribute): void => {
    all.set(tag, { tag, attribute: later(all.get(tag)?.attribute, attribute), creator: '' });
  };
  for (const attribute of changes.values()) {
    const { tag, creator } = attribute.name;
    if (creator === undefined && isPrivateCreator(tag)) changeCreator(blocks, tag, attribute.action);
  }
  for (const attribute of changes.values()) {
    const { name, action, place } = attribute;
    const { tag, creator } = name;
    const there = found.get(attribute)?.tag;
    if (creator === undefined) {
      if (there === undefined && adds(action)) expectBlock(blocks, tag, place);
      put(tag, attribute);
    } else {
      const known = there ?? blocks.tagOf({ tag, creator });
      if (known !== undefined) put(known, attribute);
      else if (adds(action)) {
        const block = blocks.reserveFree({ tag, creator });
        all.set(block, { tag: block, attribute: undefined, creator });
        put(blocks.tagOf({ tag, creator }) ?? block, attribute);
      }
    }
  }
  return [...all.values()].sort((one, other) => one.tag - other.tag);
}

function changeCreator(blocks: PrivateBlocks, block: number, action: Action): void {
  if (action.kind === 'set' && 'values' in action.value && typeof action.value.values[0] === 'string')
    blocks.reserve(block, action.value.values[0].trim());
  else blocks.release(block);
}

function expectBlock(blocks: PrivateBlocks, tag: number, place: Place): void {
  if (!isPrivate(tag) || isPrivateCreator(tag) || blocks.creator(PrivateBlocks.of(tag)) !== undefined) return;
  throw cannotChange(place, 'nobody has reserved its block: name it by its creator, as 0019"CREATOR"0C');
}
