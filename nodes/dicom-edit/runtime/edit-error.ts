import { DICOM_EDIT } from '../../../src/settings';
import { nodeErrors, NodeFailed } from '../../runtime/node-errors';

/** Why an object is not changed. Each has words in the catalogue, and a code. */
export type EditFailure =
  | 'settingsInvalid'
  | 'noObject'
  | 'objectGone'
  | 'notTheObject'
  | 'notRead'
  | 'noValue'
  | 'notChanged'
  | 'notStored'
  | 'tooLarge'
  | 'busy'
  | 'stopped';

export class EditFailed extends NodeFailed<EditFailure> {}

export const EDIT_ERRORS = nodeErrors<EditFailure>(DICOM_EDIT.type);
