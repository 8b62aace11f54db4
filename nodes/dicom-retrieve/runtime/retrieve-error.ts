import { faultCode, type FaultKind } from '../../../src/receiver';
import type { RetrieveFailure as WorkerFailure } from '../../../src/retrieve';
import { DICOM_RETRIEVE } from '../../../src/settings';
import { nodeErrors, NodeFailed } from '../../runtime/node-errors';

/** Why a retrieval has no result. Each has words in the catalogue, and a code. */
export type RetrieveFailure = WorkerFailure | 'settingsInvalid' | 'noDestination' | 'busy';

export class RetrieveFailed extends NodeFailed<RetrieveFailure> {}

export const RETRIEVE_ERRORS = nodeErrors<RetrieveFailure>(DICOM_RETRIEVE.type);

/** The same of what goes wrong with the queue. */
export function queueFaultCode(kind: FaultKind): string {
  return faultCode(kind).replace(/^DICOM_/, 'DICOM_RETRIEVE_');
}
