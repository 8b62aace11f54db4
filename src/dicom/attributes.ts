import { nameText } from './common-fields';
import type { DataSet } from './data-set';
import { plainString, readValues, resolveVr, type Value } from './values';

/** Single attributes of a data set, for those who pick some by tag. Absent and empty are the same to them. */

export function valuesOf(dataSet: DataSet, tag: number): Value[] {
  const element = dataSet.find(tag);
  return element === undefined ? [] : readValues(dataSet, element, resolveVr(dataSet, element));
}

export function valueOf(dataSet: DataSet, tag: number): string | number | undefined {
  const element = dataSet.find(tag);
  if (element === undefined) return undefined;
  const vr = resolveVr(dataSet, element);
  const plain = plainString(dataSet, element, vr);
  if (plain !== undefined) return plain;
  const [value] = readValues(dataSet, element, vr);
  return (typeof value === 'object' ? nameText(value) : value) ?? undefined;
}

export function textOf(dataSet: DataSet, tag: number): string | undefined {
  const value = valueOf(dataSet, tag);
  return value === undefined ? undefined : String(value);
}

/** The numbers of an attribute; what is no number is left out. */
export function numbersOf(dataSet: DataSet, tag: number): number[] | undefined {
  const values = valuesOf(dataSet, tag);
  if (values.length === 0) return undefined;
  const numbers = values.filter((value) => typeof value === 'number');
  return numbers.length === 0 ? undefined : numbers;
}

export function itemsOf(dataSet: DataSet, tag: number): DataSet[] {
  return dataSet.find(tag)?.items ?? [];
}
