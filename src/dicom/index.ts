/** bytes ↔ DicomMessage: pure functions, without I/O beyond the source they are given. */
export { bufferSource, fileSource, type ByteSource, type ByteWindow } from './byte-source';
export { COMMON_FIELDS, type CommonFields } from './common-fields';
export {
  convert,
  convertParsed,
  encapsulatedDocument,
  encapsulatesDocument,
  expectCharacterSet,
  parseDataSet,
  valuesOfKeyword,
  type Conversion,
  type ConvertOptions,
  type DataSetOptions,
  type DicomMessage,
  type MessageConversion,
  type MessageOptions,
  type ObjectIdentity,
  type ParsedDataSet,
} from './convert';
export { LARGEST_DOCUMENT, type EncapsulatedDocument } from './document';
export { DicomError, type DicomErrorCode } from './errors';
export { encodeFileMeta, readFileMeta, type FileMeta } from './file-meta';
export { BINARY_INLINE_LIMIT, MAX_DEPTH, MAX_ELEMENTS } from './limits';
export type { Report } from './report-model';
export type { DicomJson, DicomJsonAttribute } from './tags-dicom-json';
export type { KeywordTags, KeywordValue } from './tags-keyword';
export type { Value } from './value';
export { isStorageSopClass, uidName } from './uids';
export { MAX_WARNINGS, type ConversionWarning, type WarningCode } from './warnings';
