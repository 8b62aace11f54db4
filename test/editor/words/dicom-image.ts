import { IMAGE_ERRORS, type ImageFailure } from '../../../nodes/dicom-image/runtime/image-error';
import { type DicomImageProblem } from '../../../src/settings';
import { type TypeWords, withCodes } from './type-words';

export const words: TypeWords = {
  problems: {
    required: true,
    notANumber: true,
    outOfRange: true,
    notAChoice: true,
    variableNotReplaced: true,
    notAProperty: true,
    beginsWithMsg: true,
    notAFrame: true,
    notAWidth: true,
    unknownVersion: true,
  } satisfies Record<DicomImageProblem['code'], true>,
  errors: withCodes<ImageFailure>(
    {
      settingsInvalid: true,
      notUnderstood: true,
      noObject: true,
      objectGone: true,
      notTheObject: true,
      notChanged: true,
      notRead: true,
      noPicture: true,
      tooMuchWork: true,
      busy: true,
      stopped: true,
    },
    IMAGE_ERRORS.codeOf,
  ),
  status: ['settings'],
  keys: ['reason.noSuchInstance', 'reason.tooManyBytes'],
};
