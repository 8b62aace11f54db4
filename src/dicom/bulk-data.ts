import type { DataSet, Element } from './data-set';
import { base64 } from './values';
import { Kind, type Vr } from './vr';

/** What stands for a value that is not in the message. */
export interface BulkData {
  vr: string;
  /** Where the object is kept. */
  BulkDataURI?: string;
  /** Where in it the value begins; not for a deflated object, whose bytes are elsewhere. */
  Offset?: number;
  /** Bytes of the value; of an encapsulated one, of all its items. */
  Length: number;
  /** Fragments of an encapsulated value, without the offset table. */
  Fragments?: number;
}

export interface InlineBinary {
  vr: string;
  InlineBinary?: string;
}

/** Where bulk data can be found. */
export interface BulkDataPlace {
  readonly uri: string | undefined;
  /** Are offsets of the data set offsets in what the URI names? */
  readonly seekable: boolean;
}

/** A value that is not inlined: pixel data, and whatever is larger than the limits. */
export function bulkData(dataSet: DataSet, element: Element, vr: Vr, place: BulkDataPlace): BulkData {
  if (vr.kind !== Kind.Bytes) {
    dataSet.warn('text-not-inlined', element.tag, 'a value is too long to be inlined; it is bulk data');
  }
  const { uri, seekable } = place;
  const bulk: BulkData =
    uri === undefined
      ? { vr: vr.name, Length: element.length }
      : seekable
        ? { vr: vr.name, BulkDataURI: uri, Offset: element.offset, Length: element.length }
        : { vr: vr.name, BulkDataURI: uri, Length: element.length };
  if (element.fragments !== undefined) bulk.Fragments = element.fragments;
  return bulk;
}

/** A value of bytes: inlined, empty, or bulk data. */
export function binary(
  dataSet: DataSet,
  element: Element,
  vr: Vr,
  place: BulkDataPlace,
): BulkData | InlineBinary {
  if (element.length === 0) return { vr: vr.name };
  if (element.bytes === undefined) return bulkData(dataSet, element, vr, place);
  return { vr: vr.name, InlineBinary: base64(element, vr, element.bytes) };
}
