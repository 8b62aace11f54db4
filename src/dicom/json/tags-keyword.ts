import { remembered } from '../../basics';
import {
  type DataSet,
  dictionaryVr,
  type Element,
  isNumberForText,
  readByDictionary,
  resolveVr,
  unpaddedEnd,
  type Value,
} from '../data-set';
import { Kind, lookUp, tagHex, type Vr } from '../standard';
import { asciiBytes, CODE, type JsonText } from '../text';
import { writeAttribute } from './attribute-text';
import type { BulkData, TagsOptions, InlineBinary } from './bulk-data';
import { GIVEN_UP, writePlainValues } from './plain-values';

const { OPEN_BRACKET, CLOSE_BRACKET } = CODE;

/** A private attribute, or one that the dictionary does not know: it says of itself what it is. */
export type UnknownAttribute = (BulkData | InlineBinary | { vr: string; Value?: (Value | KeywordTags)[] }) & {
  PrivateCreator?: string;
};

export type KeywordValue = Value | Value[] | KeywordTags[] | BulkData | InlineBinary | UnknownAttribute;

/** A data set keyed by the keywords of PS3.6, "GGGGEEEE" for what has none. */
export interface KeywordTags {
  [keyword: string]: KeywordValue;
}

/** How an attribute is written: its key, and whether the dictionary knows it, and as one value. */
interface Layout {
  readonly key: Uint8Array;
  /** What the dictionary has; undefined: it does not know the attribute. */
  readonly known: Vr | undefined;
  readonly single: boolean;
}

const NULL = asciiBytes('null');

const layoutOf = remembered((tag: number): Layout => {
  const { keyword, vr, single = false } = lookUp(tag) ?? {};
  const key = asciiBytes(`"${keyword ?? tagHex(tag)}":`);
  return { key, known: keyword === undefined ? undefined : vr, single };
});

/** The key of an attribute with its colon. */
export const keyOfKeyword = (tag: number): Uint8Array => layoutOf(tag).key;

/** Tags in layout `keyword`. What JSON type an attribute has, the dictionary decides. */
export function writeKeywordTags(out: JsonText, dataSet: DataSet, options: TagsOptions): void {
  out.object(dataSet.elements, (element) => {
    const { key, known, single } = layoutOf(element.tag);
    const { leaveOutEmpty } = options;
    if (leaveOutEmpty && isEmpty(element)) return false;
    out.copy(key);
    if (known !== undefined) {
      writeKnown(out, dataSet, element, known, single, options);
      return !leaveOutEmpty || !out.endsWith(NULL);
    }
    const vr = resolveVr(dataSet, element);
    const creator = dataSet.privateCreator(element.tag);
    writeAttribute(out, dataSet, element, vr, options, writeKeywordTags, creator);
    return true;
  });
}

/** No items, and no value but padding. */
function isEmpty({ items, bytes, start, length, vr }: Element): boolean {
  if (items !== undefined) return items.length === 0;
  if (bytes === undefined || vr.kind === Kind.Bytes || vr.width > 1) return length === 0;
  return unpaddedEnd(bytes, start, start + length) === start;
}

function writeKnown(
  out: JsonText,
  dataSet: DataSet,
  element: Element,
  known: Vr,
  single: boolean,
  options: TagsOptions,
): void {
  const vr = dictionaryVr(dataSet, element, known);
  if (vr.kind === Kind.Sequence)
    out.array(element.items ?? [], (item) => writeKeywordTags(out, item, options));
  else if (element.length === 0) out.copy(NULL);
  else if (vr.kind === Kind.Bytes || element.bytes === undefined)
    writeAttribute(out, dataSet, element, vr, options, writeKeywordTags);
  else if (isNumberForText(vr, known) || !writePlain(out, dataSet, element, vr, single)) {
    out.value(valueOrValues(dataSet, element, readByDictionary(dataSet, element, vr, known), single));
  }
}

/** False, with nothing written: it takes more to read the values, or they are not what the dictionary says. */
function writePlain(out: JsonText, dataSet: DataSet, element: Element, vr: Vr, single: boolean): boolean {
  const before = out.length;
  if (!single) out.byte(OPEN_BRACKET);
  const count = writePlainValues(out, dataSet, element, vr);
  if (count === 0) {
    out.cut(before);
    out.copy(NULL);
  } else if (count === GIVEN_UP || (single && count > 1)) {
    out.cut(before);
    return false;
  } else if (!single) {
    out.byte(CLOSE_BRACKET);
  }
  return true;
}

function valueOrValues(
  dataSet: DataSet,
  element: Element,
  values: Value[],
  single: boolean,
): Value | Value[] {
  if (values.length === 0) return null;
  if (!single) return values;
  if (values.length === 1) return values[0] ?? null;
  dataSet.warn(
    'too-many-values',
    element.tag,
    'several values where the dictionary has one; they are an array',
  );
  return values;
}
