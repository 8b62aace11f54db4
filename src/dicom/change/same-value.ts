import { type DataSet, type Element, unpaddedEnd, type Value, valuesOf } from '../data-set';
import { isPrivate, isPrivateCreator, lookUp, tagOf } from '../standard';
import type { FoundAttribute, FoundItem } from './change-finder';
import { nameKey } from './change-path';
import type { Action, ChangedItem, Literal, Scalar } from './change-tree';
import { separated } from './encode-value';

/** Is what is there what shall be there? Then it stays as it is written, whatever its writer made of it. */
export function isSame(found: FoundAttribute, { encoding }: FoundItem, action: Action): boolean {
  const [element] = found.now?.elements ?? [];
  if (found.now === undefined || element === undefined || found.earlier.length > 0) return false;
  return isSameElement(found.now, element, action, encoding.explicit);
}

function isSameElement(dataSet: DataSet, element: Element, action: Action, hasVr: boolean): boolean {
  switch (action.kind) {
    case 'remove':
    case 'kept':
      return false;
    case 'set':
      return (
        (!hasVr || isSameVr(element, action.value)) &&
        ('bytes' in action.value
          ? isSameBytes(element, action.value.bytes)
          : isSameText(dataSet, element, action.value))
      );
    case 'items':
      return (
        action.fresh &&
        (element.items !== undefined || element.length === 0) &&
        itemsOf(element).length === action.items.size &&
        itemsOf(element).every((item, index) => isSameItem(item, action.items.get(index), hasVr))
      );
  }
}

const itemsOf = ({ items = [] }: Element): readonly DataSet[] => items;

/** The dictionary's is right, whatever was sent. */
function isSameVr({ tag, vr }: Element, literal: Literal): boolean {
  return literal.vr === undefined || literal.vr === vr || literal.vr === lookUp(tag)?.vr;
}

function isSameBytes({ bytes, start, length }: Element, wanted: Buffer): boolean {
  if (bytes === undefined) return false;
  const isPadded = length === wanted.length + 1 && length % 2 === 0 && bytes[start + length - 1] === 0;
  return (
    (length === wanted.length || isPadded) &&
    bytes.compare(wanted, 0, wanted.length, start, start + wanted.length) === 0
  );
}

function isSameText(
  dataSet: DataSet,
  element: Element,
  { vr, values }: { vr: Literal['vr']; values: readonly Scalar[] },
): boolean {
  if (element.bytes === undefined || element.items !== undefined) return false;
  const wanted = withoutBlanks(separated(lookUp(element.tag)?.vr ?? vr ?? element.vr, values));
  const there = valuesOf(dataSet, element.tag).map(scalarOf);
  // What is read as bytes has no values to be compared.
  const isRead =
    there.length > 0 || unpaddedEnd(element.bytes, element.start, end(element)) === element.start;
  // Zeros of either sign are the same: JSON has one only.
  return isRead && there.length === wanted.length && there.every((value, index) => value === wanted[index]);
}

const end = ({ start, length }: Element): number => start + length;

/** As values are read: one that is empty is none, and among others null. */
function withoutBlanks(values: readonly Scalar[]): Scalar[] {
  const blanked = values.map((value) => (value === '' ? null : value));
  return blanked.length === 1 && blanked[0] === null ? [] : blanked;
}

function scalarOf(value: Value): Scalar {
  if (value === null || typeof value !== 'object') return value;
  const groups = [value.Alphabetic ?? '', value.Ideographic ?? '', value.Phonetic ?? ''];
  while (groups.at(-1) === '') groups.pop();
  return groups.join('=');
}

/** The same attributes with the same values; creators of private ones need not be told. */
function isSameItem(item: DataSet, wanted: ChangedItem | undefined, hasVr: boolean): boolean {
  if (wanted === undefined) return false;
  let matched = 0;
  for (const element of item.elements) {
    const { tag } = element;
    const creator = isPrivate(tag) ? item.privateCreator(tag) : undefined;
    const byCreator =
      creator === undefined
        ? undefined
        : wanted.get(nameKey({ tag: tagOf(tag >>> 16, tag & 0xff), creator }));
    // A creator may have the attribute in another block, too, which is named by its tag then.
    const attribute = wanted.get(tag) ?? byCreator;
    if (attribute === undefined && isPrivateCreator(tag)) continue;
    if (attribute === undefined || !isSameElement(item, element, attribute.action, hasVr)) return false;
    matched += 1;
  }
  return matched === wanted.size;
}
