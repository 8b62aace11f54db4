import { DICOM_QUERY } from '../../../src/settings';
import { nodeErrors, NodeFailed } from '../../runtime/node-errors';

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

export class QueryFailed extends NodeFailed<QueryFailure> {}

export const QUERY_ERRORS = nodeErrors<QueryFailure>(DICOM_QUERY.type);
