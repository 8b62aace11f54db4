export { COMMON_FIELDS, type CommonFields } from './common-fields';
export { messageText, type SectionOptions } from './message-text';
export type { DicomJson, DicomJsonAttribute } from './tags-dicom-json';
export type { KeywordTags, KeywordValue } from './tags-keyword';
