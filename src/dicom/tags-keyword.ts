import { binary, bulkData, type BulkData, type BulkDataPlace, type InlineBinary } from './bulk-data';
import type { DataSet, Element } from './data-set';
import { lookUp } from './dictionary';
import { tagHex } from './tags';
import { readValues, resolveVr, type Value } from './values';
import { Kind, type Vr } from './vr';

/** A private attribute, or one that the dictionary does not know: it says of itself what it is. */
export type UnknownAttribute = (BulkData | InlineBinary | { vr: string; Value?: (Value | KeywordTags)[] }) & {
  PrivateCreator?: string;
};

export type KeywordValue = Value | Value[] | KeywordTags[] | BulkData | InlineBinary | UnknownAttribute;

/** A data set keyed by the keywords of PS3.6, "GGGGEEEE" for what has none. */
export interface KeywordTags {
  [keyword: string]: KeywordValue;
}

/** Tags in layout `keyword`. What JSON type an attribute has, the dictionary decides. */
export function keywordTags(dataSet: DataSet, place: BulkDataPlace): KeywordTags {
  const tags: KeywordTags = {};
  for (const element of dataSet.elements) {
    const entry = lookUp(element.tag);
    const vr = resolveVr(dataSet, element);
    if (entry?.keyword === undefined) {
      tags[tagHex(element.tag)] = unknown(dataSet, element, vr, place);
    } else {
      tags[entry.keyword] = known(dataSet, element, vr, entry.single, place);
    }
  }
  return tags;
}

function known(
  dataSet: DataSet,
  element: Element,
  vr: Vr,
  single: boolean,
  place: BulkDataPlace,
): KeywordValue {
  if (vr.kind === Kind.Sequence) return (element.items ?? []).map((item) => keywordTags(item, place));
  if (vr.kind === Kind.Bytes) return element.length === 0 ? null : binary(dataSet, element, vr, place);
  if (element.bytes === undefined) return bulkData(dataSet, element, vr, place);
  const values = readValues(dataSet, element, vr);
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

/** Object literals with all their members cost a third of those that get one more later. */
function unknown(dataSet: DataSet, element: Element, vr: Vr, place: BulkDataPlace): UnknownAttribute {
  const PrivateCreator = dataSet.privateCreator(element.tag);
  if (vr.kind === Kind.Bytes || (element.bytes === undefined && vr.kind !== Kind.Sequence)) {
    const bytes = vr.kind === Kind.Bytes ? binary : bulkData;
    const unknown: UnknownAttribute = bytes(dataSet, element, vr, place);
    if (PrivateCreator !== undefined) unknown.PrivateCreator = PrivateCreator;
    return unknown;
  }
  const Value =
    vr.kind === Kind.Sequence
      ? (element.items ?? []).map((item) => keywordTags(item, place))
      : readValues(dataSet, element, vr);
  if (Value.length === 0)
    return PrivateCreator === undefined ? { vr: vr.name } : { vr: vr.name, PrivateCreator };
  return PrivateCreator === undefined ? { vr: vr.name, Value } : { vr: vr.name, Value, PrivateCreator };
}
