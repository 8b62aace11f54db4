import { SERIES_FIELDS, STUDY_FIELDS } from '../dicom';
import type { Fields } from './records';

/** What is the same in all objects of the study, or of the series, though it is told among other things. */
const OF_STUDY = [...STUDY_FIELDS, 'InstitutionName'];
const OF_SERIES = [...SERIES_FIELDS, 'ProtocolName'];

/** What `CommonFields` say of the study. */
export function studyFields(common: Readonly<Record<string, unknown>>): Fields {
  return fieldsOf(common, OF_STUDY);
}

/** What they say of the series. */
export function seriesFields(common: Readonly<Record<string, unknown>>): Fields {
  return fieldsOf(common, OF_SERIES);
}

function fieldsOf(common: Readonly<Record<string, unknown>>, keywords: readonly string[]): Fields {
  const entries = keywords.flatMap((keyword): [string, string | number | null][] => {
    const value = common[keyword];
    const isField = typeof value === 'string' || typeof value === 'number' || value === null;
    return isField ? [[keyword, value]] : [];
  });
  return Object.fromEntries(entries);
}
