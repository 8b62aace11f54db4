import { checkCharacterSet } from './checks/character-sets';
import { checkDirectory } from './checks/directory';
import { checkFilenameTemplate } from './checks/filename-template';
import { checkProperty } from './checks/property';
import { define, type NameOf, type SettingsOf } from './define';
import { DICOM_IN } from './dicom-in';
import { choice, flag, integer, text } from './fields';
import { finding, type Problem } from './finding';

/** Every property of a `dicom` node in the flow JSON. */
const FIELDS = {
  name: text(''),
  /** Of the message: what is converted, and where the result goes. */
  property: text('payload', checkProperty),
  action: choice('auto', 'parse', 'build'),
  /** What becomes of a message that has neither an object nor what one is built of. */
  onInvalid: choice('fail', 'pass'),

  // An object → a message: as in dicom-in
  includeCommonFieldsNode: flag(true),
  includeReportNode: flag(true),
  includeTagsNode: flag(true),
  tagsFormat: choice('keyword', 'dicom-json'),
  leaveOutEmpty: flag(false),
  defaultCharacterSet: text('ISO_IR 100', checkCharacterSet),
  maxMessageMB: integer(2, 1, 1_000),
  maxMessageElements: integer(25_000, 100, 10_000_000),
  document: flag(true),
  /** Data sets without the header of a Part 10 file are taken. */
  acceptHeadless: flag(false),

  // A message → an object
  outputAs: choice('buffer', 'base64', 'file'),
  directory: text('', checkDirectory),
  filenameTemplate: text(DICOM_IN.defaults.filenameTemplate, checkFilenameTemplate),
  collision: choice('skip-identical', 'keep-both', 'overwrite'),
  /** Which UIDs a new object gets. */
  newUids: choice('missing', 'always', 'never'),
  /** Property of the message with the object to which references refer; empty: the object of the message. */
  baseFrom: text('', checkProperty),
  /** What an object is made of, where `property` has a Buffer that is none. */
  recipe: choice('none', 'encapsulated-pdf', 'secondary-capture'),
  /** Property of the message with the patient and the study for a recipe. */
  valuesFrom: text('values', checkProperty),
};

export type DicomField = NameOf<typeof FIELDS>;
/** The settings of a `dicom` node, typed and checked. */
export type DicomSettings = SettingsOf<typeof FIELDS>;
type TogetherProblem = Problem<DicomField, 'directoryNeeded' | 'nothingIncluded' | 'required'>;

export const DICOM = define('dicom', FIELDS, { together: checkTogether, migrations: [] });
/** What can be wrong with the settings of a `dicom` node. */
export type DicomProblem = ReturnType<typeof DICOM.parse>['problems'][number];

function checkTogether(settings: DicomSettings): TogetherProblem[] {
  const problems: TogetherProblem[] = [];
  const { property, action, outputAs, directory } = settings;
  if (property === '') problems.push({ field: 'property', ...finding('required') });
  if (action !== 'parse' && outputAs === 'file' && directory === '')
    problems.push({ field: 'directory', ...finding('directoryNeeded') });
  const { includeCommonFieldsNode, includeReportNode, includeTagsNode } = settings;
  if (action !== 'build' && !includeCommonFieldsNode && !includeReportNode && !includeTagsNode)
    problems.push({ field: 'includeTagsNode', ...finding('nothingIncluded', {}, 'warning') });
  return problems;
}
