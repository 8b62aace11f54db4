import { checkDirectory } from './checks/directory';
import { define, type NameOf, type SettingsOf } from './define';
import { checkRules, readRules, type EditRule, type RuleCode } from './edit-rules';
import { choice, rows, text } from './fields';

/** Every property of a `dicom-edit` node in the flow JSON. */
const FIELDS = {
  name: text(''),
  /** In the order in which they are applied. */
  rules: rows<EditRule, RuleCode>(readRules, checkRules),
  /** When the changes are applied to an object in a queue or a file, and into what. */
  apply: choice('pending', 'buffer', 'file'),
  /** Of `file`. Empty: `<userDir>/dicom/<node id>`. */
  directory: text('', checkDirectory),
  /** Reason for the Attribute Modification (0400,0565) of the item that is added to Original Attributes Sequence. */
  coercionRecord: choice('none', 'COERCE', 'CORRECT'),
};

export type DicomEditField = NameOf<typeof FIELDS>;
/** The settings of a `dicom-edit` node, typed and checked. */
export type DicomEditSettings = SettingsOf<typeof FIELDS>;

export const DICOM_EDIT = define('dicom-edit', FIELDS, { migrations: [] });
/** What can be wrong with the settings of a `dicom-edit` node. */
export type DicomEditProblem = ReturnType<typeof DICOM_EDIT.parse>['problems'][number];
