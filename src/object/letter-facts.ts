import type { LetterFacts } from '../admin-api';
import { uidName, valuesOfKeyword, type ParsedDataSet, type Value } from '../dicom';

/** Far longer than what the Standard allows for these values. */
const MAX_TEXT = 256;

/** A SOP class, with its name. */
export function classFacts(sopClassUID: string): LetterFacts {
  return { sopClassUID, sopClassName: uidName(sopClassUID) ?? sopClassUID };
}

/** What people see of an object. What it is, is what its data set says, whatever the command said. */
export function dataSetFacts(dataSet: ParsedDataSet): LetterFacts {
  const { sopClassUID, sopInstanceUID, studyInstanceUID } = dataSet.identity;
  const patientID = firstText(valuesOfKeyword(dataSet, 'PatientID'));
  const modality = firstText(valuesOfKeyword(dataSet, 'Modality'));
  return {
    ...(patientID !== undefined && { patientID }),
    ...(studyInstanceUID !== undefined && { studyInstanceUID }),
    ...(modality !== undefined && { modality }),
    ...(sopClassUID !== undefined && classFacts(sopClassUID)),
    ...(sopInstanceUID !== undefined && { sopInstanceUID }),
  };
}

function firstText([value]: Value[]): string | undefined {
  return value === undefined || value === null || typeof value === 'object'
    ? undefined
    : String(value).slice(0, MAX_TEXT);
}
