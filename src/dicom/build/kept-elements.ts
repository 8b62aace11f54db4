import { type AttributeName, type ChangedAttribute, type ChangedItem, parseValue } from '../change';
import { type DataSet, type Element, resolveVr } from '../data-set';
import type { DicomJson } from '../json';
import type { ByteSource } from '../read';
import { Kind, tagHex, type Vr } from '../standard';
import { cannotBuild } from './build-errors';
import { DELIMITER, headerOf } from './written-element';

/** The object to which references in a message refer: little endian, not deflated. */
export interface BaseObject {
  /** In which the offsets of `root` count. */
  readonly source: ByteSource;
  readonly root: DataSet;
  readonly transferSyntaxUID: string;
  /** All values of it that a message can hold, in the layout of PS3.18 Annex F. */
  readonly values: () => DicomJson;
}

/** An element of the new object whose value stays where it is. */
export interface KeptElement {
  readonly tag: number;
  readonly header: Buffer;
  readonly offset: number;
  readonly length: number;
  readonly trailer: Buffer;
  readonly isCompressed: boolean;
}

/** Of values within sequences together, which are copied. */
const MOST_COPIED = 67_108_864;

/**
 * Finds what references in a message refer to. Those of the data set itself are returned, and taken out of the tree; those in
 * items are copied into it.
 * @throws DicomError `cannot-build` where there is no such value
 */
export function keptElements(root: ChangedItem, base: BaseObject | undefined): KeptElement[] {
  return new Keeper(base).keep(root);
}

/** Those of an item or a data set, where there are any. */
type Values = () => DicomJson | undefined;

class Keeper {
  #copied = 0;

  constructor(private readonly base: BaseObject | undefined) {}

  keep(root: ChangedItem): KeptElement[] {
    const kept: KeptElement[] = [];
    for (const [key, attribute] of root) {
      const found = this.#attribute(attribute, this.base?.root, () => this.base?.values());
      if (found === undefined) continue;
      if ('action' in found) {
        root.set(key, found);
      } else {
        root.delete(key);
        kept.push(found);
      }
    }
    return kept;
  }

  #item(item: ChangedItem, dataSet: DataSet | undefined, values: Values): void {
    for (const [key, attribute] of item) {
      const found = this.#attribute(attribute, dataSet, values);
      if (found !== undefined) item.set(key, 'action' in found ? found : this.#copy(attribute, found));
    }
  }

  /** Undefined: it stays as it is. */
  #attribute(
    { action, name, place }: ChangedAttribute,
    dataSet: DataSet | undefined,
    values: Values,
  ): ChangedAttribute | KeptElement | undefined {
    if (action.kind === 'items') {
      const sequence = dataSet && elementOf(dataSet, name);
      for (const [index, item] of action.items)
        this.#item(item, sequence?.items?.[index], () => itemsIn(values(), sequence)?.[index]);
      return undefined;
    }
    if (action.kind !== 'kept' || action.bytes !== undefined) return undefined;
    if (dataSet === undefined && this.base === undefined)
      throw cannotBuild(
        `${place.path}: the message has a reference instead of its value; give the object that has it, or leave it out`,
      );
    const element = dataSet && elementOf(dataSet, name);
    if (dataSet === undefined || element === undefined || isOther(element, action.length))
      throw cannotBuild(`${place.path}: the base object has no such value; it is another object`);
    const vr = action.vr ?? resolveVr(dataSet, element);
    if (isCopied(vr)) return keptElement(element, vr, this.base);
    const { action: read } = parseValue(name, values()?.[tagHex(element.tag)], place, 1);
    return { name, place, action: read };
  }

  #copy(attribute: ChangedAttribute, { header, offset, length, trailer }: KeptElement): ChangedAttribute {
    this.#copied += length;
    if (this.#copied > MOST_COPIED)
      throw cannotBuild(`values within sequences have more than ${MOST_COPIED} bytes`);
    const value = this.base?.source.read(offset, length) ?? Buffer.alloc(0);
    const bytes = Buffer.concat([header, value, trailer]);
    return { ...attribute, action: { kind: 'kept', vr: undefined, length, bytes } };
  }
}

/** @param length undefined: the message does not say it */
function isOther(element: Element, length: number | undefined): boolean {
  return length !== undefined && element.length !== length;
}

/** A private attribute may be named by its creator. */
function elementOf(dataSet: DataSet, { tag, creator }: AttributeName): Element | undefined {
  if (creator === undefined) return dataSet.find(tag);
  return dataSet.elements.find(
    (each) =>
      each.tag >>> 16 === tag >>> 16 &&
      (each.tag & 0xff) === (tag & 0xff) &&
      dataSet.privateCreator(each.tag) === creator,
  );
}

function itemsIn(values: DicomJson | undefined, sequence: Element | undefined): DicomJson[] | undefined {
  const attribute = sequence && values?.[tagHex(sequence.tag)];
  return attribute !== undefined && 'Value' in attribute ? (attribute.Value as DicomJson[]) : undefined;
}

/** Bytes and numbers are the same in any transfer syntax that is little endian; text depends on the character set. */
function isCopied({ kind }: Vr): boolean {
  return kind === Kind.Bytes || kind === Kind.Binary || kind === Kind.Tag;
}

function keptElement(
  { tag, offset, length, fragments }: Element,
  vr: Vr,
  base: BaseObject | undefined,
): KeptElement {
  const isCompressed = fragments !== undefined;
  if (isCompressed) {
    // Whatever length its delimiter tells, which nobody believes.
    const isDelimited = base?.source
      .read(offset + length - DELIMITER.length, DELIMITER_TAG.length)
      .equals(DELIMITER_TAG);
    const before = isDelimited === true ? length - DELIMITER.length : length;
    const header = headerOf(tag, vr, undefined);
    return { tag, header, offset, length: before, trailer: DELIMITER, isCompressed };
  }
  const trailer = Buffer.alloc(length % 2);
  return { tag, header: headerOf(tag, vr, length + trailer.length), offset, length, trailer, isCompressed };
}

const DELIMITER_TAG = DELIMITER.subarray(0, 4);
