import { DICOM_IMAGE } from '../../../src/settings';
import { nodeErrors, NodeFailed } from '../../runtime/node-errors';

/** Why there is no picture. Each has words in the catalogue, and a code. */
export type ImageFailure =
  | 'settingsInvalid'
  | 'notUnderstood'
  | 'noObject'
  | 'objectGone'
  | 'notTheObject'
  | 'notChanged'
  | 'notRead'
  | 'noPicture'
  | 'tooMuchWork'
  | 'busy'
  | 'stopped';

export class ImageFailed extends NodeFailed<ImageFailure> {}

export const IMAGE_ERRORS = nodeErrors<ImageFailure>(DICOM_IMAGE.type);
