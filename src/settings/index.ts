export { ANY } from './checks/ae-titles';
export { CHARACTER_SETS } from './checks/character-sets';
export { isEnvironmentReference } from './checks/environment';
export { parseStatus } from './checks/statuses';
export { splitList } from './checks/values';
export { define, type NodeSettings } from './define';
export {
  checkSecret,
  DEIDENTIFY_CREDENTIALS,
  DICOM_DEIDENTIFY,
  type DicomDeidentifyProblem,
  type DicomDeidentifySettings,
  type PseudonymSource,
  pseudonymSource,
} from './dicom-deidentify';
export { DICOM_EDIT, type DicomEditField, type DicomEditProblem, type DicomEditSettings } from './dicom-edit';
export { DICOM, type DicomField, type DicomProblem, type DicomSettings } from './dicom';
export {
  DICOM_IMAGE,
  type DicomImageField,
  type DicomImageProblem,
  type DicomImageSettings,
  frameOf,
} from './dicom-image';
export {
  acceptsAnyone,
  DICOM_IN,
  type DicomInField,
  type DicomInProblem,
  type DicomInSettings,
  outputsOf,
  PORT_WITHOUT_PRIVILEGE,
} from './dicom-in';
export {
  DICOM_OUT,
  type DicomOutField,
  type DicomOutProblem,
  type DicomOutSettings,
  GIVE_UP_MINUTES,
} from './dicom-out';
export {
  checkUserName,
  DICOM_PEER,
  type DicomPeerField,
  type DicomPeerProblem,
  type DicomPeerSettings,
  PEER_CREDENTIALS,
} from './dicom-peer';
export {
  DICOM_QUERY,
  type DicomQueryField,
  type DicomQueryProblem,
  type DicomQuerySettings,
} from './dicom-query';
export {
  DICOM_QUEUE,
  type DicomQueueProblem,
  type DicomQueueSettings,
  QUEUE_CREDENTIALS,
} from './dicom-queue';
export { DICOM_RESPONSE, type DicomResponseProblem } from './dicom-response';
export {
  DICOM_RETRIEVE,
  type DicomRetrieveField,
  type DicomRetrieveProblem,
  type DicomRetrieveSettings,
} from './dicom-retrieve';
export {
  checkRules,
  daysOf,
  type EditRule,
  LONGEST_PATTERN,
  MOST_DAYS,
  MOST_RULES,
  OPS_WITH_VALUE,
  readRule,
  readRules,
  RULE_OPS,
  RULE_TESTS,
  type RuleCode,
  type RuleOp,
  VALUE_TYPES,
} from './edit-rules';
export {
  DICOM_STUDY,
  type DicomStudyField,
  type DicomStudyProblem,
  type DicomStudySettings,
  isKeyword,
  notAGroup,
} from './dicom-study';
export {
  DICOM_WATCH,
  type DicomWatchField,
  type DicomWatchProblem,
  type DicomWatchSettings,
} from './dicom-watch';
export { choice, configNode, type Field, flag, integer, list, startingAs, text } from './fields';
export { type Finding, finding, type Problem } from './finding';
export { pick } from './pick';
export { checkKeys, daysRange, type QueryKey, readKeys } from './query-keys';
export { RECEIVED_OBJECT_FIELDS } from './received-object-fields';
export {
  isWholeMessage,
  readSampleTemplate,
  SAMPLE_FILE_LIMIT,
  SAMPLE_MESSAGE_LIMIT,
  type SampleTemplate,
} from './sample-template';
export { checkVersion, type Config, migrate } from './versions';
export { PAYLOAD_FIELDS } from './payload-fields';
