import type { DicomInField } from './dicom-in';

/** The settings that a payload is made with: nodes that make messages of objects have them all, by the same names. */
export const PAYLOAD_FIELDS = [
  'includeCommonFieldsNode',
  'includeReportNode',
  'includeTagsNode',
  'tagsFormat',
  'leaveOutEmpty',
  'defaultCharacterSet',
  'maxMessageMB',
  'maxMessageElements',
] as const satisfies readonly DicomInField[];
