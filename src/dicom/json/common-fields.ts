import {
  type DataSet,
  dictionaryVr,
  type Element,
  isNumberForText,
  nameText,
  readByDictionary,
  type Value,
} from '../data-set';
import { lookUp, tagOfKeyword, type Vr, VR } from '../standard';
import { asciiBytes, type JsonText } from '../text';
import { writePlainValues } from './plain-values';

/** A field of CommonFields: keyword → one scalar. */
export type CommonFields = Record<string, string | number | null>;

/** Of the patient and of the study. */
export const STUDY_FIELDS = [
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
] as const;

/** Of the series. */
export const SERIES_FIELDS = [
  'SeriesInstanceUID',
  'SeriesNumber',
  'SeriesDate',
  'SeriesTime',
  'SeriesDescription',
  'Modality',
  'BodyPartExamined',
  'Laterality',
] as const;

/** The fixed list, in the order of the message: patient, study, series, instance, image, equipment, report. */
export const COMMON_FIELDS = [
  ...STUDY_FIELDS,
  ...SERIES_FIELDS,
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

const FIELDS = COMMON_FIELDS.map((keyword) => {
  const tag = tagOfKeyword(keyword);
  const vr = tag === undefined ? undefined : lookUp(tag)?.vr;
  if (tag === undefined || vr === undefined) throw new Error(`PS3.6 has no keyword ${keyword}`);
  return { key: asciiBytes(`"${keyword}":`), tag, vr };
});

/** Far above what any of them may have by the Standard; a longer one does not belong in a short list. */
const LONGEST_FIELD = 2048;
const NULL = asciiBytes('null');

/** Absent in the object: absent here. Present but empty: null. Several values: one string, separated by backslashes. */
export function writeCommonFields(out: JsonText, dataSet: DataSet, leaveOutEmpty: boolean): void {
  const present: { key: Uint8Array; vr: Vr; element: Element }[] = [];
  for (const { key, tag, vr } of FIELDS) {
    const element = dataSet.find(tag);
    if (element !== undefined) present.push({ key, vr, element });
  }
  out.object(present, ({ key, vr, element }) => {
    out.copy(key);
    if (element.length <= LONGEST_FIELD) {
      writeScalar(out, dataSet, element, vr);
    } else {
      dataSet.warn('text-not-inlined', element.tag, 'a value is too long for CommonFields');
      out.copy(NULL);
    }
    return !leaveOutEmpty || !out.endsWith(NULL);
  });
}

function writeScalar(out: JsonText, dataSet: DataSet, element: Element, known: Vr): void {
  const before = out.length;
  const vr = element.vr === known ? known : dictionaryVr(dataSet, element, known);
  // A name is an object in Tags, and a string here.
  const isPlain = vr !== VR.PN && !isNumberForText(vr, known);
  if (isPlain && writePlainValues(out, dataSet, element, vr) === 1) return;
  out.cut(before);
  out.value(scalar(readByDictionary(dataSet, element, vr, known)));
}

function scalar(values: Value[]): string | number | null {
  if (values.length > 1) return values.map((value) => simple(value) ?? '').join('\\');
  return simple(values[0] ?? null);
}

function simple(value: Value): string | number | null {
  return typeof value === 'object' ? nameText(value) : value;
}
