export { COMMON_FIELDS, type CommonFields, SERIES_FIELDS, STUDY_FIELDS } from './common-fields';
export { messageText, type SectionOptions } from './message-text';
export type { DicomJson, DicomJsonAttribute } from './tags-dicom-json';
export type { KeywordTags, KeywordValue } from './tags-keyword';
