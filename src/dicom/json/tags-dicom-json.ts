import { remembered } from '../../basics';
import { type DataSet, resolveVr, type Value, warnOfOtherVr } from '../data-set';
import { lookUp, tagHex } from '../standard';
import { asciiBytes, type JsonText } from '../text';
import { writeAttribute } from './attribute-text';
import type { BulkData, TagsOptions, InlineBinary } from './bulk-data';

/** An attribute of the DICOM JSON Model (PS3.18 F.2.2). */
export type DicomJsonAttribute = BulkData | InlineBinary | { vr: string; Value?: (Value | DicomJson)[] };

/** A data set in the DICOM JSON Model, keyed "GGGGEEEE". */
export interface DicomJson {
  [tag: string]: DicomJsonAttribute;
}

/** The key of an attribute with its colon. */
export const keyOfTag = remembered((tag: number) => asciiBytes(`"${tagHex(tag)}":`));

const knownVr = remembered((tag: number) => lookUp(tag)?.vr);

/** Tags in layout `dicom-json`: PS3.18 Annex F. */
export function writeDicomJson(out: JsonText, dataSet: DataSet, options: TagsOptions): void {
  out.object(dataSet.elements, (element) => {
    out.copy(keyOfTag(element.tag));
    warnOfOtherVr(dataSet, element, knownVr(element.tag));
    writeAttribute(out, dataSet, element, resolveVr(dataSet, element), options, writeDicomJson);
  });
}
