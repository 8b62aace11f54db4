import { binary, bulkData, type BulkData, type BulkDataPlace, type InlineBinary } from './bulk-data';
import type { DataSet, Element } from './data-set';
import { tagHex } from './tags';
import { readValues, resolveVr, type Value } from './values';
import { Kind } from './vr';

/** An attribute of the DICOM JSON Model (PS3.18 F.2.2). */
export type DicomJsonAttribute = BulkData | InlineBinary | { vr: string; Value?: (Value | DicomJson)[] };

/** A data set in the DICOM JSON Model, keyed "GGGGEEEE". */
export interface DicomJson {
  [tag: string]: DicomJsonAttribute;
}

/** Tags in layout `dicom-json`: PS3.18 Annex F. */
export function dicomJson(dataSet: DataSet, place: BulkDataPlace): DicomJson {
  const json: DicomJson = {};
  for (const element of dataSet.elements) json[tagHex(element.tag)] = attribute(dataSet, element, place);
  return json;
}

function attribute(dataSet: DataSet, element: Element, place: BulkDataPlace): DicomJsonAttribute {
  const vr = resolveVr(dataSet, element);
  if (vr.kind === Kind.Sequence) {
    const items = (element.items ?? []).map((item) => dicomJson(item, place));
    return items.length === 0 ? { vr: vr.name } : { vr: vr.name, Value: items };
  }
  if (vr.kind === Kind.Bytes) return binary(dataSet, element, vr, place);
  if (element.bytes === undefined) return bulkData(dataSet, element, vr, place);
  const values = readValues(dataSet, element, vr);
  return values.length === 0 ? { vr: vr.name } : { vr: vr.name, Value: values };
}
