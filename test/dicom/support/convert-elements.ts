import { bufferSource, convert, type MessageConversion } from '../../../src/dicom';
import type { DicomJson } from '../../../src/dicom';
import type { KeywordTags } from '../../../src/dicom';

export const IMPLICIT = '1.2.840.10008.1.2';
export const EXPLICIT = '1.2.840.10008.1.2.1';
export const BIG_ENDIAN = '1.2.840.10008.1.2.2';
export const DEFLATED = '1.2.840.10008.1.2.1.99';

function conversion(
  elements: Buffer[],
  transferSyntaxUID: string,
  tagsFormat: 'keyword' | 'dicom-json',
): MessageConversion {
  return convert(bufferSource(Buffer.concat(elements)), {
    transferSyntaxUID,
    includeCommonFieldsNode: true,
    includeReportNode: true,
    includeTagsNode: true,
    tagsFormat,
  });
}

/** Tags of a data set made of these elements, explicit VR little endian unless told. */
export function keyword(elements: Buffer[], transferSyntaxUID = EXPLICIT): KeywordTags {
  return conversion(elements, transferSyntaxUID, 'keyword').message.Tags as KeywordTags;
}

export function model(elements: Buffer[], transferSyntaxUID = EXPLICIT): DicomJson {
  return conversion(elements, transferSyntaxUID, 'dicom-json').message.Tags as DicomJson;
}

/** "code path" of every warning. */
export function warnings(elements: Buffer[], transferSyntaxUID = EXPLICIT): string[] {
  return conversion(elements, transferSyntaxUID, 'keyword').warnings.map(({ code, path }) =>
    `${code} ${path}`.trim(),
  );
}
