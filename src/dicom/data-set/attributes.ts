import type { DataSet } from './data-set';
import { typedValues, typedVr } from './dictionary-type';
import { nameText, type Value } from './value';
import { plainString } from './values';

const NO_ITEMS: DataSet[] = [];

/** Single attributes of a data set, for those who pick some by tag. Absent and empty are the same to them. */

export function valuesOf(dataSet: DataSet, tag: number): Value[] {
  const element = dataSet.find(tag);
  return element === undefined ? [] : typedValues(dataSet, element, typedVr(dataSet, element));
}

/** The first value. Of several, which is said. */
export function valueOf(dataSet: DataSet, tag: number): string | number | undefined {
  const element = dataSet.find(tag);
  if (element === undefined) return undefined;
  const vr = typedVr(dataSet, element);
  const plain = plainString(dataSet, element, vr);
  if (plain !== undefined) return plain;
  const [value, ...more] = typedValues(dataSet, element, vr);
  if (more.length > 0) warnOfMore(dataSet, tag);
  return (typeof value === 'object' ? nameText(value) : value) ?? undefined;
}

/** Values or items beyond the one that counts. */
function warnOfMore(dataSet: DataSet, tag: number): void {
  dataSet.warn('too-many-values', tag, 'several values where one is expected; the first counts');
}

/** The first item of a sequence. Of several, which is said. */
export function itemOf(dataSet: DataSet, tag: number): DataSet | undefined {
  const [item, ...more] = itemsOf(dataSet, tag);
  if (more.length > 0) warnOfMore(dataSet, tag);
  return item;
}

export function numberOf(dataSet: DataSet, tag: number): number | undefined {
  const [number] = numbersOf(dataSet, tag) ?? [];
  return number;
}

export function textOf(dataSet: DataSet, tag: number): string | undefined {
  const value = valueOf(dataSet, tag);
  return value === undefined ? undefined : String(value);
}

/** The numbers of an attribute; anything that is not a number is left out. */
export function numbersOf(dataSet: DataSet, tag: number): number[] | undefined {
  const values = valuesOf(dataSet, tag);
  if (values.length === 0) return undefined;
  const numbers = values.filter((value) => typeof value === 'number');
  return numbers.length === 0 ? undefined : numbers;
}

export function itemsOf(dataSet: DataSet, tag: number): DataSet[] {
  return dataSet.find(tag)?.items ?? NO_ITEMS;
}
