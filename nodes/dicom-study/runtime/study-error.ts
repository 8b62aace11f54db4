import { DICOM_STUDY } from '../../../src/settings';
import { nodeErrors, NodeFailed } from '../../runtime/node-errors';

/** Why an object is not collected, or a study cannot be told of. Each has words in the catalogue, and a code. */
export type StudyFailure =
  | 'settingsInvalid'
  | 'noObject'
  | 'bufferOnly'
  | 'objectGone'
  | 'notRead'
  | 'notChanged'
  | 'changesTooLarge'
  | 'notStored'
  | 'badControl'
  | 'notOpen'
  | 'objectsLost'
  | 'stopped';

export class StudyFailed extends NodeFailed<StudyFailure> {}

export const STUDY_ERRORS = nodeErrors<StudyFailure>(DICOM_STUDY.type);
