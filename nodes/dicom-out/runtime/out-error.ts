import { DICOM_OUT } from '../../../src/settings';
import type { Text } from '../../runtime/node-texts';

/** Why an object is not sent. Each has words in the catalogue, and a code. */
export type OutFailure =
  | 'settingsInvalid'
  | 'noPeer'
  | 'peerMissing'
  | 'peerNotAllowed'
  | 'wrongPeer'
  | 'peersBusy'
  | 'noObject'
  | 'listInvalid'
  | 'instancesFailed'
  | 'listStopped'
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

/** Those that share the code of another one. */
const SAME_CODE: Readonly<Partial<Record<OutFailure, OutFailure>>> = {
  peersBusy: 'busy',
  listStopped: 'stopped',
};

/** For Catch nodes: `notRead` → `DICOM_OUT_NOT_READ`. */
export function failureCode(failure: OutFailure): string {
  const name = SAME_CODE[failure] ?? failure;
  return `${DICOM_OUT.type}_${name.replace(/[A-Z]/g, '_$&')}`.replaceAll('-', '_').toUpperCase();
}

/** The failure in Node-RED's language, with its code. */
export function outError(text: Text, { failure, values }: OutFailed): Error & { code: string } {
  const code = failureCode(failure);
  // Where the last value of a text is missing, the blank before it is left.
  return Object.assign(new Error(text(`error.${failure}`, values).trimEnd()), { code });
}

/** What a message of the second output has of an error: as a Catch node gets it. */
export function errorFacts(text: Text, failed: OutFailed): { message: string; code: string } {
  const { message, code } = outError(text, failed);
  return { message, code };
}
