import type { QueryLevel, QueryModel, QueryRequest } from './query-request';

/** Keys of a query by keyword; sequences are arrays with one object. */
export interface Keys {
  [keyword: string]: unknown;
}

const PATIENT = ['PatientName', 'PatientID', 'PatientBirthDate', 'PatientSex'];

/** What is asked for at each level beside what the query names (PS3.4 C.6.1.1, C.6.2.1). */
const RETURNED: Readonly<Record<QueryLevel, readonly string[]>> = {
  patient: PATIENT,
  study: [
    'StudyDate',
    'StudyTime',
    'AccessionNumber',
    'ModalitiesInStudy',
    'ReferringPhysicianName',
    'StudyDescription',
    'StudyInstanceUID',
    'StudyID',
    'NumberOfStudyRelatedSeries',
    'NumberOfStudyRelatedInstances',
  ],
  series: [
    'Modality',
    'SeriesDescription',
    'SeriesInstanceUID',
    'SeriesNumber',
    'NumberOfSeriesRelatedInstances',
  ],
  image: ['SOPClassUID', 'SOPInstanceUID', 'InstanceNumber'],
};

/** PS3.4 K.6.1.2.2 */
const WORKLIST: Keys = {
  ...empty([
    ...PATIENT,
    'AccessionNumber',
    'ReferringPhysicianName',
    'StudyInstanceUID',
    'RequestedProcedureDescription',
    'RequestedProcedureID',
  ]),
  ScheduledProcedureStepSequence: [
    empty([
      'Modality',
      'ScheduledStationAETitle',
      'ScheduledProcedureStepStartDate',
      'ScheduledProcedureStepStartTime',
      'ScheduledPerformingPhysicianName',
      'ScheduledProcedureStepDescription',
      'ScheduledStationName',
      'ScheduledProcedureStepLocation',
      'ScheduledProcedureStepID',
    ]),
  ],
};

const UNIQUE: Readonly<Record<QueryLevel, string>> = {
  patient: 'PatientID',
  study: 'StudyInstanceUID',
  series: 'SeriesInstanceUID',
  image: 'SOPInstanceUID',
};
const LEVELS: readonly QueryLevel[] = ['patient', 'study', 'series', 'image'];

/** Query/Retrieve Level, the unique keys of the levels above, and what is to be returned, with the keys of the query. */
export function withReturnKeys({ model, level }: Pick<QueryRequest, 'model' | 'level'>, keys: Keys): Keys {
  if (model === 'worklist') return mergeKeys(WORKLIST, keys);
  const above = levelsAbove(model, level).map((each) => UNIQUE[each]);
  // Study Root has what is known of the patient at the level of the study.
  const ofPatient = model === 'study' && level === 'study' ? PATIENT : [];
  const returned = empty([...above, ...ofPatient, ...RETURNED[level]]);
  return { ...mergeKeys(returned, keys), QueryRetrieveLevel: level.toUpperCase() };
}

/** The unique key of a level above that has no value; undefined: all have one (PS3.4 C.4.1.2.1). */
export function missingUniqueKey(model: QueryModel, level: QueryLevel, keys: Keys): string | undefined {
  if (model === 'worklist') return undefined;
  return levelsAbove(model, level)
    .map((each) => UNIQUE[each])
    .find((keyword) => isEmpty(keys[keyword]));
}

function levelsAbove(model: QueryModel, level: QueryLevel): QueryLevel[] {
  const levels = LEVELS.slice(model === 'patient' ? 0 : 1);
  return levels.slice(0, Math.max(0, levels.indexOf(level)));
}

/** The second go over the first; the items of a sequence that both have become one. */
export function mergeKeys(some: Keys, others: Keys): Keys {
  const merged = new Map(Object.entries(some));
  for (const [keyword, value] of Object.entries(others)) {
    const [one, other] = [itemOf(merged.get(keyword)), itemOf(value)];
    merged.set(keyword, one !== undefined && other !== undefined ? [mergeKeys(one, other)] : value);
  }
  return Object.fromEntries(merged);
}

/** The one item of a sequence; undefined: it is none. */
function itemOf(value: unknown): Keys | undefined {
  const [item, ...more] = Array.isArray(value) ? (value as unknown[]) : [];
  return isObject(item) && more.length === 0 ? item : undefined;
}

function isObject(value: unknown): value is Keys {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);

function empty(keywords: readonly string[]): Keys {
  return Object.fromEntries(keywords.map((keyword) => [keyword, null]));
}
