import { STUDY_ERRORS, type StudyFailure } from '../../../nodes/dicom-study/runtime/study-error';
import { type DicomStudyProblem } from '../../../src/settings';
import { type TypeWords, withCodes } from './type-words';

export const words: TypeWords = {
  problems: {
    required: true,
    notANumber: true,
    outOfRange: true,
    variableNotReplaced: true,
    notAChoice: true,
    notAGroup: true,
    notExpected: true,
    noTrigger: true,
    unknownVersion: true,
  } satisfies Record<DicomStudyProblem['code'], true>,
  errors: withCodes<StudyFailure>(
    {
      settingsInvalid: true,
      noObject: true,
      bufferOnly: true,
      objectGone: true,
      notRead: true,
      notChanged: true,
      changesTooLarge: true,
      notStored: true,
      badControl: true,
      notOpen: true,
      objectsLost: true,
      stopped: true,
    },
    STUDY_ERRORS.codeOf,
  ),
  status: ['idle', 'open', 'heldUp', 'next', 'unacknowledged', 'settings', 'broken'],
  keys: ['open.fire', 'open.again', 'open.forget', 'open.heldUp', 'open.heldUpBy', 'forgotten'],
};
