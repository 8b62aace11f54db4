import { faultCode, type FaultKind } from '../../../src/receiver';
import type { RetrieveFailure as WorkerFailure } from '../../../src/retrieve';
import { DICOM_RETRIEVE } from '../../../src/settings';
import type { Text } from '../../runtime/node-texts';

/** Why a retrieval has no result. Each has words in the catalogue, and a code. */
export type RetrieveFailure = WorkerFailure | 'settingsInvalid' | 'noDestination' | 'busy';

export class RetrieveFailed extends Error {
  constructor(
    readonly failure: RetrieveFailure,
    readonly values: Record<string, string | number> = {},
  ) {
    super(failure);
  }
}

/** For Catch nodes: `notAccepted` → `DICOM_RETRIEVE_NOT_ACCEPTED`. */
export function failureCode(failure: RetrieveFailure): string {
  return `${DICOM_RETRIEVE.type}_${failure.replace(/[A-Z]/g, '_$&')}`.replaceAll('-', '_').toUpperCase();
}

/** The same of what goes wrong with the queue. */
export function queueFaultCode(kind: FaultKind): string {
  return faultCode(kind).replace(/^DICOM_/, 'DICOM_RETRIEVE_');
}

/** The failure in Node-RED's language, with its code. */
export function retrieveError(text: Text, { failure, values }: RetrieveFailed): Error & { code: string } {
  return Object.assign(new Error(text(`error.${failure}`, values).trimEnd()), { code: failureCode(failure) });
}
