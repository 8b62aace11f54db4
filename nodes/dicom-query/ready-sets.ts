import type { QueryKey } from '../../src/settings';

interface ReadySet {
  model: string;
  level: string;
  keys: readonly QueryKey[];
}

/** What is asked most, by the names of their texts. */
export const READY_SETS: Readonly<Record<string, ReadySet>> = {
  patient: {
    model: 'study',
    level: 'study',
    keys: [{ path: 'PatientID', value: 'payload', valueType: 'msg' }],
  },
  accession: {
    model: 'study',
    level: 'study',
    keys: [{ path: 'AccessionNumber', value: 'payload', valueType: 'msg' }],
  },
  worklist: {
    model: 'worklist',
    level: 'study',
    keys: [
      {
        path: 'ScheduledProcedureStepSequence[0].ScheduledStationAETitle',
        value: 'payload',
        valueType: 'msg',
      },
      {
        path: 'ScheduledProcedureStepSequence[0].ScheduledProcedureStepStartDate',
        value: 'today',
        valueType: 'days',
      },
    ],
  },
};
