import { DataSet, DataSetBuilder, Element } from '../data-set';
import type { Cursor, Encoding, StructureVisitor } from '../read';
import { isPrivate, isPrivateCreator, TAG, tagOf, type Vr, VR } from '../standard';
import { trimmed } from '../text';
import { NoWarnings } from '../warnings';
import { cannotChange } from './change-errors';
import { nameKey } from './change-path';
import { type ChangedAttribute, type ChangedItem, later } from './change-tree';
import { PrivateBlocks } from './private-blocks';

/** An attribute that is to be changed, where it was found. */
export interface FoundAttribute {
  tag: number;
  vr: Vr;
  /** Where its element begins. Of several the last one counts. */
  header: number;
  /** Elements of the same tag before it. */
  earlier: number[];
  length: number;
  /** What it is now, to be compared: the only element of it; undefined: it is too long to be the same. */
  now: DataSet | undefined;
  isEncapsulated: boolean;
  sequence: FoundSequence | undefined;
}

export interface FoundSequence {
  /** How its items are encoded. */
  readonly within: Encoding;
  /** Those that are to be changed. */
  readonly items: Map<number, FoundItem>;
  count: number;
}

/** The data set or an item that is to be changed. */
export interface FoundItem {
  readonly changes: ChangedItem;
  /** Where its content begins. */
  readonly start: number;
  readonly encoding: Encoding;
  /** What decides how others are read: character set and Pixel Representation; of the data set, its UIDs. */
  readonly context: DataSet;
  readonly found: Map<ChangedAttribute, FoundAttribute>;
  readonly blocks: PrivateBlocks;
}

const CONTEXT: ReadonlySet<number> = new Set([
  TAG.SpecificCharacterSet,
  TAG.PixelRepresentation,
  TAG.SOPClassUID,
  TAG.SOPInstanceUID,
]);
const LONGEST_CONTEXT = 65_536;
/** No value of changes is longer, and what is longer is another one. */
const LONGEST_COMPARED = 1_048_576;
/** Of all together; what comes then is replaced without looking. */
const MOST_COMPARED = 8_388_608;

/** An item, or a sequence that is open in it. */
interface Level {
  readonly item: FoundItem;
  readonly sequence: { found: FoundSequence; tag: number; items: Map<number, ChangedItem> } | undefined;
}

/**
 * Finds in a walk what is to be changed, and what decides how that is done. Keeps nothing else of the object.
 * Private attributes are found by creators that stand before them, which is where they stand.
 */
export class ChangeFinder implements StructureVisitor {
  readonly root: FoundItem;
  readonly #cursor: Cursor;
  readonly #warnings = new NoWarnings();
  /** What is open and to be changed, the data set first. */
  readonly #open: Level[] = [];
  /** How many sequences and items are open that are of no interest. */
  #skipped = 0;
  #capture: { builder: DataSetBuilder; depth: number } | undefined;
  #compared = 0;

  constructor(cursor: Cursor, changes: ChangedItem, start: number, encoding: Encoding) {
    this.#cursor = cursor;
    this.root = newItem(changes, start, encoding, new DataSet(this.#warnings));
    this.#open.push({ item: this.root, sequence: undefined });
  }

  get #item(): FoundItem {
    return this.#open.at(-1)?.item ?? this.root;
  }

  element(tag: number, vr: Vr, offset: number, length: number, encoding: Encoding, header: number): void {
    if (this.#capture !== undefined) {
      this.#capture.builder.element(tag, vr, offset, length, encoding);
      return;
    }
    if (this.#skipped > 0) return;
    const item = this.#item;
    if (CONTEXT.has(tag) && length <= LONGEST_CONTEXT)
      replaceIn(item.context, this.#elementAt(tag, vr, offset, length));
    const attribute = this.#attributeOf(tag, offset, length);
    if (attribute === undefined) return;
    const found = this.#note(attribute, tag, vr, header, length);
    const mayBeSame = attribute.action.kind === 'set' || length === 0;
    if (!mayBeSame || !this.#isCompared(length)) return;
    found.now = new DataSet(this.#warnings, item.context);
    found.now.elements.push(this.#elementAt(tag, vr, offset, length));
  }

  #isCompared(length: number): boolean {
    this.#compared += length;
    return length <= LONGEST_COMPARED && this.#compared <= MOST_COMPARED;
  }

  /** With bytes of its own: a window would be kept with it. */
  #elementAt(tag: number, vr: Vr, offset: number, length: number): Element {
    const at = this.#cursor.ensure(offset, length);
    const bytes = Buffer.from(this.#cursor.bytes.subarray(at, at + length));
    return new Element(tag, vr, offset, length, false, bytes, 0, undefined, undefined);
  }

  #attributeOf(tag: number, offset: number, length: number): ChangedAttribute | undefined {
    const { changes, blocks, found } = this.#item;
    const byTag = changes.get(tag);
    if (!isPrivate(tag)) return byTag;
    blocks.use(tag);
    if (isPrivateCreator(tag)) {
      const { bytes = Buffer.alloc(0) } = this.#elementAt(
        tag,
        VR.LO,
        offset,
        Math.min(length, LONGEST_CREATOR),
      );
      blocks.reserve(tag, trimmed(bytes.toString('latin1')));
      return byTag;
    }
    const creator = blocks.creator(PrivateBlocks.of(tag));
    if (creator === undefined) return byTag;
    const byCreator = changes.get(nameKey({ tag: withoutBlock(tag), creator }));
    if (byCreator === undefined) return byTag;
    // The first one that a creator has is meant, where it has several blocks; who removes it wants none of them.
    const before = found.get(byCreator);
    const isOther = before !== undefined && before.tag !== tag && byCreator.action.kind !== 'remove';
    return isOther ? byTag : later(byTag, byCreator);
  }

  #note(attribute: ChangedAttribute, tag: number, vr: Vr, header: number, length: number): FoundAttribute {
    const { found } = this.#item;
    const before = found.get(attribute);
    const note: FoundAttribute = {
      tag,
      vr,
      header,
      earlier: before === undefined ? [] : before.earlier,
      length,
      now: undefined,
      isEncapsulated: false,
      sequence: undefined,
    };
    if (before !== undefined) {
      if (attribute.action.kind === 'items')
        throw cannotChange(attribute.place, 'the object has this sequence twice');
      note.earlier.push(before.header);
    }
    found.set(attribute, note);
    return note;
  }

  fragments(tag: number, vr: Vr, offset: number, length: number, _count: number, header: number): void {
    if (this.#capture !== undefined || this.#skipped > 0) return;
    const attribute = this.#attributeOf(tag, offset, 0);
    if (attribute !== undefined) this.#note(attribute, tag, vr, header, length).isEncapsulated = true;
  }

  beginSequence(
    tag: number,
    vr: Vr,
    offset: number,
    length: number,
    _delimited: boolean,
    header: number,
    within: Encoding,
  ): void {
    if (this.#capture !== undefined) {
      this.#capture.depth += 1;
      this.#capture.builder.beginSequence(tag, vr, offset, length);
      return;
    }
    const attribute = this.#skipped > 0 ? undefined : this.#attributeOf(tag, offset, 0);
    if (attribute === undefined) {
      this.#skipped += 1;
      return;
    }
    const { action } = attribute;
    const found = this.#note(attribute, tag, vr, header, length);
    const sequence: FoundSequence = { within, items: new Map(), count: 0 };
    found.sequence = sequence;
    if (action.kind === 'items' && !action.fresh) {
      this.#open.push({ item: this.#item, sequence: { found: sequence, tag, items: action.items } });
    } else if (action.kind === 'items' && this.#isCompared(length)) {
      found.now = new DataSet(this.#warnings, this.#item.context);
      const builder = new DataSetBuilder(this.#cursor, this.#warnings, found.now);
      builder.beginSequence(tag, vr, offset, length);
      this.#capture = { builder, depth: 1 };
    } else {
      this.#skipped += 1;
    }
  }

  beginItem(_delimited: boolean, offset: number): void {
    if (this.#capture !== undefined) {
      this.#capture.depth += 1;
      this.#capture.builder.beginItem();
      return;
    }
    const { item, sequence } = this.#open.at(-1) ?? {};
    if (this.#skipped > 0 || sequence === undefined || item === undefined) {
      this.#skipped += 1;
      return;
    }
    const { found, tag, items } = sequence;
    const index = found.count;
    found.count += 1;
    const changes = items.get(index);
    if (changes === undefined) {
      this.#skipped += 1;
      return;
    }
    const context = new DataSet(this.#warnings, item.context, tag, index);
    const within = newItem(changes, offset, found.within, context);
    found.items.set(index, within);
    this.#open.push({ item: within, sequence: undefined });
  }

  endItem(disordered: boolean): void {
    if (this.#capture !== undefined) {
      this.#capture.depth -= 1;
      this.#capture.builder.endItem(disordered);
    } else if (this.#skipped > 0) {
      this.#skipped -= 1;
    } else {
      if (disordered) expectNoCreators(this.#item.changes);
      // Otherwise it is the data set itself, whose tags are in disorder.
      if (this.#open.length > 1) this.#open.pop();
    }
  }

  endSequence(end: number): void {
    if (this.#capture !== undefined) {
      this.#capture.depth -= 1;
      this.#capture.builder.endSequence(end);
      if (this.#capture.depth === 0) this.#capture = undefined;
    } else if (this.#skipped > 0) {
      this.#skipped -= 1;
    } else {
      this.#open.pop();
    }
  }
}

function newItem(changes: ChangedItem, start: number, encoding: Encoding, context: DataSet): FoundItem {
  return { changes, start, encoding, context, found: new Map(), blocks: new PrivateBlocks() };
}

/** Which block is whose cannot be told where creators stand behind it. */
function expectNoCreators(changes: ChangedItem): void {
  for (const { name, place } of changes.values())
    if (name.creator !== undefined) throw cannotChange(place, 'the tags of the object are in disorder here');
}

const LONGEST_CREATOR = 128;

const withoutBlock = (tag: number): number => tagOf(tag >>> 16, tag & 0xff);

function replaceIn(context: DataSet, element: Element): void {
  context.elements = [...context.elements.filter(({ tag }) => tag !== element.tag), element].sort(
    (a, b) => a.tag - b.tag,
  );
}
