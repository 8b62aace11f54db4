import { textsInBeginning } from '../dicom';

/** Who an object is about, as far as its first bytes say. */
export interface Patient {
  patientID?: string;
  patientName?: string;
}

/** Where the patient is looked for. Nearly all data sets have it in far fewer. */
export const PATIENT_BYTES = 65_536;

/** @param beginning of the data set */
export function patientIn(beginning: Buffer, transferSyntaxUID: string): Patient {
  const bytes = beginning.subarray(0, PATIENT_BYTES);
  const { PatientID, PatientName } = textsInBeginning(bytes, transferSyntaxUID, ['PatientID', 'PatientName']);
  return {
    ...(PatientID !== undefined && { patientID: PatientID }),
    ...(PatientName !== undefined && { patientName: PatientName }),
  };
}
