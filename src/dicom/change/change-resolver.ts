import { isDeepStrictEqual } from 'node:util';
import { TAG } from '../standard';
import { cannotChange } from './change-errors';
import type { FoundAttribute, FoundItem } from './change-finder';
import { type Action, adds, addsTo, type ChangedAttribute, type ChangedItem } from './change-tree';
import { encodeUtf8Term, UTF_8_TERM } from './encode-element';
import { arranged, encodeCreator, ItemEncoder, NotInCharacterSet } from './item-encoder';
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

class Resolver {
  readonly #edits: Edits;
  readonly #encoder: ItemEncoder;

  constructor(toUtf8: boolean) {
    this.#edits = { elements: new Map(), insertions: new Map(), items: new Map(), toUtf8 };
    this.#encoder = new ItemEncoder(toUtf8);
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
      if (adds(action)) this.#insert(item, tag, this.#encoder.encoded(tag, attribute, item, undefined));
    } else if (found.isEncapsulated) {
      throw cannotChange(place, 'compressed pixel data cannot be replaced');
    } else if (action.kind === 'items' && !action.fresh && found.length > 0) {
      this.#itemsOf(item, found, attribute, action.items);
    } else if (adds(action)) {
      this.#replace(found, this.#encoder.encoded(tag, attribute, item, found));
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
    this.#edits.items.set(
      header,
      Buffer.concat(this.#encoder.newItems(added, sequence.count, place, within)),
    );
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
