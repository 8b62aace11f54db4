import { checkAeTitle } from './checks/ae-titles';
import { define, type NameOf, type SettingsOf } from './define';
import { DICOM_IN_FIELDS } from './dicom-in';
import { choice, configNode, flag, integer, text } from './fields';
import { finding, type Problem } from './finding';
import { pick } from './pick';
import { RECEIVED_OBJECT_FIELDS } from './received-object-fields';

const MAX_SECONDS = 86_400;

/** Every property of a `dicom-retrieve` node in the flow JSON. */
const FIELDS = {
  name: text(''),
  peer: configNode('dicom-peer'),
  method: choice('move', 'get'),

  // C-MOVE
  /** Empty: the title of the only dicom-in. */
  moveDestination: text('', checkOptionalTitle),
  waitForObjects: flag(false),
  /** For objects that are still on their way at the end of the C-MOVE. */
  waitSeconds: integer(60, 1, MAX_SECONDS),

  /** A message for each time that the peer says how far it is. */
  progress: flag(false),

  // What a C-GET brings waits in a queue and comes out as with dicom-in.
  ...pick(DICOM_IN_FIELDS, [...RECEIVED_OBJECT_FIELDS, 'queueDirectory']),
  // There are no old flows: these are as in a dicom-in from the palette.
  onlyThisMachine: flag(false),
  collision: choice('skip-identical', 'keep-both', 'overwrite'),
  keepDeliveredSeconds: integer(60, 0, MAX_SECONDS),
};

export type DicomRetrieveField = NameOf<typeof FIELDS>;
/** The settings of a `dicom-retrieve` node, typed and checked. */
export type DicomRetrieveSettings = SettingsOf<typeof FIELDS>;
type TogetherProblem = Problem<DicomRetrieveField, 'required' | 'directoryNeeded' | 'nothingIncluded'>;

export const DICOM_RETRIEVE = define('dicom-retrieve', FIELDS, { together: checkTogether, migrations: [] });
/** What can be wrong with the settings of a `dicom-retrieve` node. */
export type DicomRetrieveProblem = ReturnType<typeof DICOM_RETRIEVE.parse>['problems'][number];

function checkTogether(settings: DicomRetrieveSettings): TogetherProblem[] {
  const problems: TogetherProblem[] = [];
  if (settings.peer === '') problems.push({ field: 'peer', ...finding('required') });
  if (settings.method !== 'get') return problems;
  if (settings.output === 'file' && settings.directory === '')
    problems.push({ field: 'directory', ...finding('directoryNeeded') });
  const { includeCommonFieldsNode, includeReportNode, includeTagsNode } = settings;
  if (!includeCommonFieldsNode && !includeReportNode && !includeTagsNode)
    problems.push({ field: 'includeTagsNode', ...finding('nothingIncluded', {}, 'warning') });
  return problems;
}

function checkOptionalTitle(value: string): ReturnType<typeof checkAeTitle> {
  return value.trim() === '' ? [] : checkAeTitle(value);
}
