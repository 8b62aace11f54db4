import { isPrivateCreator, Kind, lookUp, TAG } from '../standard';
import { type AttributeName, formatName, nameKey } from './change-path';
import type { Scalar } from './change-tree';
import type { ChangeValue } from './changes';
import type { Content, EditedItem } from './edited-item';

/**
 * What an attribute has, as an operation would set it.
 * @returns undefined where some of it is too long to be looked at
 */
export function valueOfContent(name: AttributeName, content: Content): ChangeValue | undefined {
  const known = name.creator === undefined ? lookUp(name.tag)?.vr : undefined;
  switch (content.kind) {
    case 'items': {
      const items = content.items.map(valueOfItem);
      const all = items.filter((item) => item !== undefined);
      if (all.length < items.length) return undefined;
      return known === undefined ? { vr: 'SQ', Value: all } : all;
    }
    case 'bytes': {
      const { base64, vr } = content;
      if (base64 === undefined || known !== undefined) return base64;
      return { vr: vr?.name ?? 'UN', InlineBinary: base64 };
    }
    case 'values': {
      const { values, vr } = content;
      if (known === undefined) return { vr: vr?.name ?? 'UN', Value: [...values] };
      const [first = null, ...more] = values;
      return more.length > 0 ? [...values] : first;
    }
  }
}

/** Text of an item is encoded as that of the object; lengths follow, and creators where all attributes are named by them. */
function valueOfItem(item: EditedItem): ChangeValue | undefined {
  const value: Record<string, ChangeValue> = {};
  const names = item.names();
  const needsCreators = names.some(
    ({ tag, creator }) => creator === undefined && item.creatorOf(tag) !== undefined,
  );
  for (const name of names) {
    const { tag, creator } = name;
    const isCreator = isPrivateCreator(tag) && !needsCreators;
    const follows = tag === TAG.SpecificCharacterSet || (tag & 0xffff) === 0 || isCreator;
    const content = follows && creator === undefined ? undefined : item.get(name);
    if (content === undefined) continue;
    const each = valueOfContent(name, content);
    if (each === undefined) return undefined;
    value[formatName(name)] = each;
  }
  return value;
}

/** Would nothing become different if one were put in the place of the other? */
export function isSameContent(one: Content | undefined, other: Content | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  if (one.kind === 'items') return other.kind === 'items' && haveSameItems(one.items, other.items);
  if (one.kind === 'bytes')
    return other.kind === 'bytes' && one.base64 !== undefined && one.base64 === other.base64;
  if (other.kind !== 'values' || one.values.length !== other.values.length) return false;
  const isNumber = [one.vr, other.vr].some((vr) => vr?.kind === Kind.Decimal || vr?.kind === Kind.Integer);
  return one.values.every((value, index) => isSameScalar(value, other.values[index] ?? null, isNumber));
}

function isSameScalar(one: Scalar, other: Scalar, isNumber: boolean): boolean {
  if (one === other) return true;
  if (!isNumber || one === null || other === null) return false;
  const number = Number(one);
  return !Number.isNaN(number) && number === Number(other);
}

function haveSameItems(some: readonly EditedItem[], others: readonly EditedItem[]): boolean {
  return (
    some.length === others.length &&
    some.every((item, index) => {
      const other = others[index];
      return other !== undefined && haveSameAttributes(item, other);
    })
  );
}

function haveSameAttributes(one: EditedItem, other: EditedItem): boolean {
  const [names, others] = [one, other].map((item) =>
    item.names().filter(({ tag, creator }) => creator !== undefined || !isPrivateCreator(tag)),
  );
  const keys = new Set(others?.map(nameKey));
  return (
    names !== undefined &&
    names.length === keys.size &&
    names.every((name) => keys.has(nameKey(name)) && isSameContent(one.get(name), other.get(name)))
  );
}
