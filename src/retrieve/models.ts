import type { RetrieveTarget } from './retrieve-request';

/** Information models of query/retrieve, the one that is preferred first (PS3.4 C.6). */
export interface RetrieveModel {
  moveSopClass: string;
  getSopClass: string;
  /** The patient has to be named, too. */
  needsPatient: boolean;
}

export const MODELS: readonly RetrieveModel[] = [
  {
    moveSopClass: '1.2.840.10008.5.1.4.1.2.2.2',
    getSopClass: '1.2.840.10008.5.1.4.1.2.2.3',
    needsPatient: false,
  },
  {
    moveSopClass: '1.2.840.10008.5.1.4.1.2.1.2',
    getSopClass: '1.2.840.10008.5.1.4.1.2.1.3',
    needsPatient: true,
  },
];

/** A list of UIDs in explicit VR has 65 534 bytes at most; more objects are several requests. */
const MOST_UIDS = 500;

/** The identifiers of the requests for this, as keywords (PS3.4 C.4.2.2.1, C.4.3.2.1). */
export function identifiersOf(target: RetrieveTarget, { needsPatient }: RetrieveModel): object[] {
  const { studyInstanceUID: StudyInstanceUID, patientID, seriesInstanceUIDs, sopInstanceUIDs } = target;
  const above = { ...(needsPatient && { PatientID: patientID ?? '' }), StudyInstanceUID };
  if (sopInstanceUIDs.length > 0) {
    const [SeriesInstanceUID = ''] = seriesInstanceUIDs;
    return chunks(sopInstanceUIDs).map((SOPInstanceUID) => ({
      QueryRetrieveLevel: 'IMAGE',
      ...above,
      SeriesInstanceUID,
      SOPInstanceUID,
    }));
  }
  if (seriesInstanceUIDs.length > 0)
    return chunks(seriesInstanceUIDs).map((SeriesInstanceUID) => ({
      QueryRetrieveLevel: 'SERIES',
      ...above,
      SeriesInstanceUID,
    }));
  return [{ QueryRetrieveLevel: 'STUDY', ...above }];
}

function chunks(uids: readonly string[]): string[][] {
  const count = Math.ceil(uids.length / MOST_UIDS);
  return Array.from({ length: count }, (_, at) => uids.slice(at * MOST_UIDS, (at + 1) * MOST_UIDS));
}
