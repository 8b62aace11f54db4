import {
  base64,
  type DataSet,
  type Element,
  readStrings,
  typedValues,
  typedVr,
  type Value,
} from '../data-set';
import { isPrivate, isPrivateCreator, Kind, lookUp, tagOf, type Vr } from '../standard';
import { type AttributeName, isCreator, nameKey } from './change-path';
import type { Action, ChangedItem, Scalar } from './change-tree';
import { separated } from './encode-value';

/** What an attribute has. Text is as it was sent, without padding: also that of numbers, and names with `=` between groups. */
export type Content =
  | { readonly kind: 'values'; readonly vr: Vr | undefined; readonly values: readonly Scalar[] }
  /** `base64` is undefined where the value is too long to be looked at: pixel data, long texts. */
  | { readonly kind: 'bytes'; readonly vr: Vr | undefined; readonly base64: string | undefined }
  | { readonly kind: 'items'; readonly items: EditedItem[] };

/** A data set or an item, with what has been done to it. Values are read when they are asked for. */
export class EditedItem {
  /** By `nameKey`. Undefined: there is none any more. */
  readonly #known = new Map<string | number, { name: AttributeName; content: Content | undefined }>();

  /** By group and creator. */
  #blocks: Map<string, readonly number[]> | undefined;

  /** @param dataSet undefined: an item that is new */
  constructor(private readonly dataSet: DataSet | undefined) {}

  /** As changes have it. */
  static of(changes: ChangedItem): EditedItem {
    const item = new EditedItem(undefined);
    for (const { name, action } of changes.values()) item.put(name, contentOfAction(name, action));
    return item;
  }

  /**
   * The one name of an attribute: private ones have their creators, where there are any that a path can have, and the creator has
   * not the same in several blocks.
   */
  canonical(name: AttributeName): AttributeName {
    const { tag } = name;
    const creator = name.creator ?? this.creatorOf(tag);
    if (creator === undefined || !isCreator(creator)) return name;
    const byCreator = { tag: tagOf(tag >>> 16, tag & 0xff), creator };
    const [first, ...others] = this.placesOf(byCreator);
    if (name.creator !== undefined)
      return first === undefined || others.length === 0 ? byCreator : { tag: first };
    const place = first ?? this.blocksOf(byCreator)[0] ?? tag;
    return others.length === 0 && (first === tag || inSameBlock(place, tag)) ? byCreator : name;
  }

  /** Who has reserved the block of a private attribute in the object that came. */
  creatorOf(tag: number): string | undefined {
    return isPrivate(tag) && !isPrivateCreator(tag) ? this.dataSet?.privateCreator(tag) : undefined;
  }

  /** All that a name stands for, each by the name that it alone has: a creator may have an attribute in several blocks. */
  namesFor(name: AttributeName): AttributeName[] {
    const places = name.creator === undefined ? [] : this.placesOf(name);
    return places.length > 1 ? places.map((tag) => ({ tag })) : [this.canonical(name)];
  }

  /** @param name canonical, as all names below */
  get(name: AttributeName): Content | undefined {
    const key = nameKey(name);
    const known = this.#known.get(key);
    if (known !== undefined) return known.content;
    const element = this.elementOf(name);
    const content =
      element === undefined || this.dataSet === undefined ? undefined : contentOf(this.dataSet, element);
    this.#known.set(key, { name, content });
    return content;
  }

  put(name: AttributeName, content: Content | undefined): void {
    this.#known.set(nameKey(name), { name, content });
  }

  /** Of a sequence. Nothing else is read for that. */
  items(name: AttributeName): readonly EditedItem[] {
    const isSequence = this.#known.has(nameKey(name)) || this.elementOf(name)?.items !== undefined;
    const content = isSequence ? this.get(name) : undefined;
    return content?.kind === 'items' ? content.items : [];
  }

  /** Of all attributes that are there. */
  names(): AttributeName[] {
    const names = new Map<string | number, AttributeName>();
    for (const { tag } of this.dataSet?.elements ?? []) {
      const name = this.canonical({ tag });
      names.set(nameKey(name), name);
    }
    for (const [key, { name, content }] of this.#known)
      if (content === undefined) names.delete(key);
      else names.set(key, name);
    return [...names.values()];
  }

  /** The tag of the Private Creator of an attribute that the object came with, where that has been removed. */
  removedCreator(name: AttributeName): number | undefined {
    const element = name.creator === undefined ? undefined : this.elementOf(name);
    if (element === undefined) return undefined;
    const block = tagOf(element.tag >>> 16, (element.tag & 0xff00) >>> 8);
    const known = this.#known.get(block);
    return known !== undefined && known.content === undefined ? block : undefined;
  }

  private elementOf(name: AttributeName): Element | undefined {
    if (name.creator === undefined) return this.dataSet?.find(name.tag);
    const [place] = this.placesOf(name);
    return place === undefined ? undefined : this.dataSet?.find(place);
  }

  /** Tags that an attribute of a creator has in the object that came. */
  private placesOf(name: AttributeName): number[] {
    return this.blocksOf(name)
      .map((block) => tagOf(block >>> 16, ((block & 0xff) << 8) | (name.tag & 0xff)))
      .filter((place) => this.dataSet?.find(place) !== undefined);
  }

  /** The blocks that a creator has reserved, as the tags of the reservations, in ascending order. */
  private blocksOf({ tag, creator }: AttributeName): readonly number[] {
    if (this.#blocks === undefined) {
      this.#blocks = new Map();
      for (const { tag: block } of this.dataSet?.elements ?? []) {
        if (!isPrivateCreator(block)) continue;
        const owner = this.dataSet?.privateCreator(tagOf(block >>> 16, (block & 0xff) << 8));
        const key = `${block >>> 16} ${owner ?? ''}`;
        this.#blocks.set(key, [...(this.#blocks.get(key) ?? []), block]);
      }
    }
    return this.#blocks.get(`${tag >>> 16} ${creator ?? ''}`) ?? NO_BLOCKS;
  }
}

const NO_BLOCKS: readonly number[] = [];

/** @param place an attribute, or the reservation of its block */
function inSameBlock(place: number, tag: number): boolean {
  return isPrivateCreator(place) && place === tagOf(tag >>> 16, (tag & 0xff00) >>> 8);
}

function contentOf(dataSet: DataSet, element: Element): Content {
  const { items, bytes, length } = element;
  const vr = typedVr(dataSet, element);
  if (items !== undefined) return { kind: 'items', items: items.map((item) => new EditedItem(item)) };
  if (vr.kind === Kind.Sequence) return { kind: 'items', items: [] };
  if (length === 0) return vr.kind === Kind.Bytes ? { kind: 'bytes', vr, base64: '' } : values(vr, []);
  if (bytes === undefined) return { kind: 'bytes', vr, base64: undefined };
  switch (vr.kind) {
    case Kind.Bytes:
      return { kind: 'bytes', vr, base64: base64(element, vr, bytes) };
    case Kind.Binary:
    case Kind.Tag:
      return values(vr, typedValues(dataSet, element, vr).map(scalarOf));
    default:
      return values(vr, readStrings(dataSet, element, vr, bytes));
  }
}

/** What an operation puts there; undefined: it removes it. */
export function contentOfAction({ tag, creator }: AttributeName, action: Action): Content | undefined {
  switch (action.kind) {
    case 'remove':
      return undefined;
    case 'kept':
      return { kind: 'bytes', vr: action.vr, base64: action.bytes?.toString('base64') };
    case 'items': {
      const items = [...action.items].sort(([one], [other]) => one - other);
      return { kind: 'items', items: items.map(([, item]) => EditedItem.of(item)) };
    }
    case 'set': {
      const { value } = action;
      const vr = (creator === undefined ? lookUp(tag)?.vr : undefined) ?? value.vr;
      if ('bytes' in value) return { kind: 'bytes', vr, base64: value.bytes.toString('base64') };
      return values(vr, vr === undefined ? value.values : separated(vr, value.values));
    }
  }
}

/** One that is empty is none, and among others null. */
function values(vr: Vr | undefined, given: readonly Scalar[]): Content {
  const blanked = given.map((value) => (value === '' ? null : value));
  return { kind: 'values', vr, values: blanked.length === 1 && blanked[0] === null ? [] : blanked };
}

function scalarOf(value: Value): Scalar {
  return value !== null && typeof value === 'object' ? (value.Alphabetic ?? null) : value;
}
