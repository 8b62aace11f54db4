export {
  type FoundSetting,
  type ImportedSettings,
  type ImportProblem,
  type ImportProblemCode,
  MAX_IMPORT_LENGTH,
  MAX_IMPORT_SIZE,
  MAX_SETTING_LENGTH,
  MAX_SETTINGS,
  type NotImported,
  type ReadImport,
  readIntegrationSoup,
  readIntegrationSoupFile,
} from './find-settings';
export { type JsonErrorCode, MAX_JSON_DEPTH, parseJson, positionOf } from './json-parser';
export { printJson } from './json-printer';
export { type JsonNode, type JsonObject, memberOf } from './json-tree';
export { exportSetting, keep, kept, updateKept } from './kept-setting';
export { RECEIVER_MEMBERS, RECEIVER_SETTING, type ReceiverField } from './receiver-setting';
export { SENDER_PEER_MEMBERS, SENDER_SETTING, type SenderField } from './sender-setting';
export { type NotUnderstood, readSetting, writeSetting } from './setting-json';
export type { SettingValue, SettingValues, SettingKind } from './setting-kind';
