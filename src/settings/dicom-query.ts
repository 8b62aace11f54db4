import { define, type NameOf, type SettingsOf } from './define';
import { choice, configNode, flag, integer, rows, text } from './fields';
import { finding, type Problem } from './finding';
import { checkKeys, readKeys, type KeyCode, type QueryKey } from './query-keys';

/** Every property of a `dicom-query` node in the flow JSON. */
const FIELDS = {
  name: text(''),
  peer: configNode('dicom-peer'),
  model: choice('study', 'patient', 'worklist'),
  /** Of a worklist there is one only. */
  level: choice('study', 'patient', 'series', 'image'),
  /** `msg.query` goes over them. */
  keys: rows<QueryKey, KeyCode>(readKeys, checkKeys),
  output: choice('array', 'stream'),
  /** Matches after which the peer is told to stop. */
  limit: integer(1_000, 1, 100_000),

  // Asked for in the negotiation, and done without where the peer does not offer it
  fuzzy: flag(false),
  relational: flag(false),
  combinedDateTime: flag(false),
};

export type DicomQueryField = NameOf<typeof FIELDS>;
/** The settings of a `dicom-query` node, typed and checked. */
export type DicomQuerySettings = SettingsOf<typeof FIELDS>;
type TogetherProblem = Problem<DicomQueryField, 'required' | 'levelNotInModel'>;

export const DICOM_QUERY = define('dicom-query', FIELDS, { together: checkTogether, migrations: [] });
/** What can be wrong with the settings of a `dicom-query` node. */
export type DicomQueryProblem = ReturnType<typeof DICOM_QUERY.parse>['problems'][number];

function checkTogether({ peer, model, level }: DicomQuerySettings): TogetherProblem[] {
  const problems: TogetherProblem[] = [];
  if (peer === '') problems.push({ field: 'peer', ...finding('required') });
  if (model === 'study' && level === 'patient')
    problems.push({ field: 'level', ...finding('levelNotInModel') });
  return problems;
}
