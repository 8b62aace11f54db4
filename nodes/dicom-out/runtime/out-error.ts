import { DICOM_OUT } from '../../../src/settings';
import type { Text } from '../../runtime/node-texts';

/** Why an object is not sent. Each has words in the catalogue, and a code: `notRead` → `DICOM_OUT_NOT_READ`. */
export type OutFailure =
  | 'settingsInvalid'
  | 'noPeer'
  | 'peerMissing'
  | 'noObject'
  | 'objectGone'
  | 'notTheObject'
  | 'notChanged'
  | 'notRead'
  | 'noRoom'
  | 'refused'
  | 'notAccepted'
  | 'notCommitted'
  | 'unreachable'
  | 'outboxUnavailable'
  | 'busy'
  | 'stopped'
  | 'acknowledgeFailed';

export class OutFailed extends Error {
  constructor(
    readonly failure: OutFailure,
    readonly values: Record<string, string | number> = {},
  ) {
    super(failure);
  }
}

/** The failure in Node-RED's language, with its code for Catch nodes. */
export function outError(text: Text, { failure, values }: OutFailed): Error {
  const code = `${DICOM_OUT.type}_${failure.replace(/[A-Z]/g, '_$&')}`.replaceAll('-', '_').toUpperCase();
  // Where the last value of a text is missing, the blank before it is left.
  return Object.assign(new Error(text(`error.${failure}`, values).trimEnd()), { code });
}
