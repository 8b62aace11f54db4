import { DICOM_OUT } from '../../../src/settings';
import { nodeErrors, NodeFailed } from '../../runtime/node-errors';
import type { Text } from '../../runtime/node-texts';

/** Why an object is not sent. Each has words in the catalogue, and a code. */
export type OutFailure =
  | 'settingsInvalid'
  | 'noPeer'
  | 'peerMissing'
  | 'peerNotAllowed'
  | 'wrongPeer'
  | 'peersBusy'
  | 'peerRejects'
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
  | 'busyBytes'
  | 'stopped'
  | 'acknowledgeFailed';

export class OutFailed extends NodeFailed<OutFailure> {}

export const OUT_ERRORS = nodeErrors<OutFailure>(DICOM_OUT.type, {
  peersBusy: 'busy',
  busyBytes: 'busy',
  listStopped: 'stopped',
});

/** The failure in Node-RED's language, with its code. */
export const outError = OUT_ERRORS.errorOf;

/** What a message of the second output has of an error: as a Catch node gets it. */
export function errorFacts(text: Text, failed: OutFailed): { message: string; code: string } {
  const { message, code } = outError(text, failed);
  return { message, code };
}
