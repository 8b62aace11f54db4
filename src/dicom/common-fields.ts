import type { DataSet } from './data-set';
import { tagOfKeyword } from './dictionary';
import { type PersonName, readValues, resolveVr, type Value } from './values';

/** A field of CommonFields: keyword → one scalar. */
export type CommonFields = Record<string, string | number | null>;

/** The fixed list, in the order of the message: patient, study, series, instance, image, equipment, report. */
export const COMMON_FIELDS = [
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
  'SeriesInstanceUID',
  'SeriesNumber',
  'SeriesDate',
  'SeriesTime',
  'SeriesDescription',
  'Modality',
  'BodyPartExamined',
  'Laterality',
  'PatientPosition',
  'ProtocolName',
  'PerformingPhysicianName',
  'OperatorsName',
  'PerformedProcedureStepID',
  'PerformedProcedureStepDescription',
  'SOPClassUID',
  'SOPInstanceUID',
  'InstanceNumber',
  'InstanceCreationDate',
  'InstanceCreationTime',
  'ContentDate',
  'ContentTime',
  'AcquisitionDate',
  'AcquisitionTime',
  'AcquisitionNumber',
  'ImageType',
  'NumberOfFrames',
  'Rows',
  'Columns',
  'BitsAllocated',
  'SamplesPerPixel',
  'PhotometricInterpretation',
  'PixelSpacing',
  'SliceThickness',
  'BurnedInAnnotation',
  'Manufacturer',
  'ManufacturerModelName',
  'InstitutionName',
  'InstitutionalDepartmentName',
  'StationName',
  'DeviceSerialNumber',
  'SoftwareVersions',
  'DocumentTitle',
  'CompletionFlag',
  'VerificationFlag',
] as const;

const TAGS: readonly (readonly [string, number])[] = COMMON_FIELDS.map((keyword) => [
  keyword,
  tagOfKeyword(keyword),
]);

/** Absent in the object: absent here. Present but empty: null. Several values: one string, separated by backslashes. */
export function commonFields(dataSet: DataSet): CommonFields {
  const fields: CommonFields = {};
  for (const [keyword, tag] of TAGS) {
    const element = dataSet.find(tag);
    if (element !== undefined)
      fields[keyword] = scalar(readValues(dataSet, element, resolveVr(dataSet, element)));
  }
  return fields;
}

function scalar(values: Value[]): string | number | null {
  if (values.length > 1) return values.map((value) => simple(value) ?? '').join('\\');
  return simple(values[0] ?? null);
}

function simple(value: Value): string | number | null {
  return typeof value === 'object' ? nameText(value) : value;
}

/** The first component group that a name has: "Doe^Jane". All of them are in Tags. */
export function nameText(name: PersonName | null): string | null {
  return name?.Alphabetic ?? name?.Ideographic ?? name?.Phonetic ?? null;
}
