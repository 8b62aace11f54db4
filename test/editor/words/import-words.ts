import type { ImportProblemCode, NotImported, NotUnderstood } from '../../../src/integration-soup';

/** Why an import finds nothing. */
const IMPORT_PROBLEMS: Record<ImportProblemCode, true> = {
  empty: true,
  unexpected: true,
  unexpectedEnd: true,
  trailingComma: true,
  comment: true,
  unquotedKey: true,
  lineBreakInString: true,
  badEscape: true,
  badNumber: true,
  duplicateKey: true,
  tooDeep: true,
  afterEnd: true,
  tooLarge: true,
  notText: true,
  notFound: true,
};
/** Why a part of an import has no place in the node. */
const IMPORT_REASONS: Record<NotImported['reason'] | NotUnderstood['reason'], true> = {
  unknownMember: true,
  wrongType: true,
  wrongElement: true,
  unreadableCallers: true,
  workflow: true,
  receiver: true,
  sender: true,
  otherReceiver: true,
  filter: true,
  transformer: true,
  activity: true,
  settingTooLarge: true,
  tooManySettings: true,
  notASetting: true,
};

/** What a dialog with an import says of it. */
export const IMPORT_KEYS = [
  ...Object.keys(IMPORT_PROBLEMS).map((code) => `importExport.problem.${code}`),
  ...Object.keys(IMPORT_REASONS).map((reason) => `importExport.reason.${reason}`),
];
