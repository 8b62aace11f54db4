/** bytes ↔ DicomMessage: pure functions, without I/O beyond the source they are given. */
export {
  bufferSource,
  type ByteSource,
  type ByteWindow,
  Cursor,
  changedFileMeta,
  encodeFileMeta,
  type FileMeta,
  fileSource,
  readFileMeta,
} from './read';
export {
  COMMON_FIELDS,
  type CommonFields,
  type DicomJson,
  type DicomJsonAttribute,
  type KeywordTags,
  type KeywordValue,
} from './json';
export {
  convert,
  convertParsed,
  encapsulatedDocument,
  encapsulatesDocument,
  expectCharacterSet,
  parseDataSet,
  textsInBeginning,
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
export { type EncapsulatedDocument, LARGEST_DOCUMENT, type Value } from './data-set';
export { DicomError, type DicomErrorCode } from './errors';
export { BINARY_INLINE_LIMIT, MAX_DEPTH, MAX_ELEMENTS } from './limits';
export type { Report } from './report';
export { MAX_WARNINGS, type ConversionWarning, type WarningCode } from './warnings';
export {
  type Compression,
  compressionOf,
  IMPLEMENTATION_CLASS_UID,
  IMPLEMENTATION_VERSION_NAME,
  isPlainUid,
  isStorageSopClass,
  knownClass,
  MAX_UID_LENGTH,
  TAG,
  uidName,
  type Vr,
  VR,
} from './standard';
export {
  cannotRecode,
  type GivenValues,
  type GivenValue,
  isNative,
  pieces,
  recode,
  type RecodeOptions,
  type Recoding,
} from './write';
export {
  type AppliedChanges,
  applyChanges,
  type ChangedUid,
  type ChangeOperation,
  type ChangeValue,
  type DicomChanges,
  isUnchangeable,
  MAX_CHANGES_BYTES,
  MAX_OPERATIONS,
  notTheObject,
  parseChanges,
  type ParsedChanges,
  patchedSource,
  plainChanges,
  type Splice,
} from './change';
export {
  attributesOfRecipe,
  type BaseObject,
  buildObject,
  type BuildOptions,
  type BuiltObject,
  givenAttributes,
  isIngredient,
  type Recipe,
  withHeader,
} from './build';
