import { DICOM_QUERY } from '../../../src/settings';
import type { Text } from '../../runtime/node-texts';

/** Why a query has no result. Each has words in the catalogue, and a code. */
export type QueryFailure =
  | 'settingsInvalid'
  | 'noValue'
  | 'keysInvalid'
  | 'peerMissing'
  | 'unreachable'
  | 'notAccepted'
  | 'refused'
  | 'broken'
  | 'busy'
  | 'stopped';

export class QueryFailed extends Error {
  constructor(
    readonly failure: QueryFailure,
    readonly values: Record<string, string | number> = {},
  ) {
    super(failure);
  }
}

/** For Catch nodes: `notAccepted` → `DICOM_QUERY_NOT_ACCEPTED`. */
export function failureCode(failure: QueryFailure): string {
  return `${DICOM_QUERY.type}_${failure.replace(/[A-Z]/g, '_$&')}`.replaceAll('-', '_').toUpperCase();
}

/** The failure in Node-RED's language, with its code. */
export function queryError(text: Text, { failure, values }: QueryFailed): Error & { code: string } {
  return Object.assign(new Error(text(`error.${failure}`, values).trimEnd()), { code: failureCode(failure) });
}
