import type { Fields } from './records';

/** Of the study, and of the series, in CommonFields. */
const STUDY_FIELDS = [
  'PatientID',
  'IssuerOfPatientID',
  'PatientName',
  'PatientBirthDate',
  'PatientSex',
  'PatientAge',
  'PatientSize',
  'PatientWeight',
  'AccessionNumber',
  'StudyInstanceUID',
  'StudyID',
  'StudyDate',
  'StudyTime',
  'StudyDescription',
  'ReferringPhysicianName',
  'RequestingPhysician',
  'RequestedProcedureDescription',
  'AdmissionID',
  'InstitutionName',
] as const;
const SERIES_FIELDS = [
  'SeriesInstanceUID',
  'SeriesNumber',
  'SeriesDate',
  'SeriesTime',
  'SeriesDescription',
  'Modality',
  'BodyPartExamined',
  'Laterality',
  'ProtocolName',
] as const;

/** What `CommonFields` say of the study. */
export function studyFields(common: Readonly<Record<string, unknown>>): Fields {
  return fieldsOf(common, STUDY_FIELDS);
}

/** What they say of the series. */
export function seriesFields(common: Readonly<Record<string, unknown>>): Fields {
  return fieldsOf(common, SERIES_FIELDS);
}

function fieldsOf(common: Readonly<Record<string, unknown>>, keywords: readonly string[]): Fields {
  const entries = keywords.flatMap((keyword): [string, string | number | null][] => {
    const value = common[keyword];
    const isField = typeof value === 'string' || typeof value === 'number' || value === null;
    return isField ? [[keyword, value]] : [];
  });
  return Object.fromEntries(entries);
}
