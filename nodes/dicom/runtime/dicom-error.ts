import { DICOM } from '../../../src/settings';
import { nodeErrors, NodeFailed } from '../../runtime/node-errors';

/** Why a message is not converted. Each has words in the catalogue, and a code. */
export type DicomFailure =
  | 'settingsInvalid'
  | 'invalid'
  | 'notRead'
  | 'notBuilt'
  | 'notChanged'
  | 'notTheObject'
  | 'objectGone'
  | 'notStored'
  | 'tooLarge'
  | 'busy'
  | 'stopped';

export class DicomFailed extends NodeFailed<DicomFailure> {}

export const DICOM_ERRORS = nodeErrors<DicomFailure>(DICOM.type);
