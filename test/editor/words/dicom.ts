import { DICOM_ERRORS, type DicomFailure } from '../../../nodes/dicom/runtime/dicom-error';
import { type DicomProblem } from '../../../src/settings';
import { SAMPLE_KEYS } from './sample-problems';
import { type TypeWords, withCodes } from './type-words';

export const words: TypeWords = {
  problems: {
    required: true,
    notANumber: true,
    outOfRange: true,
    notAChoice: true,
    variableNotReplaced: true,
    notAbsolute: true,
    notAProperty: true,
    beginsWithMsg: true,
    notACharacterSet: true,
    templateKeyword: true,
    templateTraversal: true,
    directoryNeeded: true,
    nothingIncluded: true,
    unknownVersion: true,
  } satisfies Record<DicomProblem['code'], true>,
  errors: withCodes<DicomFailure>(
    {
      settingsInvalid: true,
      invalid: true,
      notRead: true,
      notBuilt: true,
      notChanged: true,
      notTheObject: true,
      objectGone: true,
      notStored: true,
      tooLarge: true,
      busy: true,
      stopped: true,
    },
    DICOM_ERRORS.codeOf,
  ),
  status: ['settings'],
  keys: ['reason.noObject', 'reason.noBase', ...SAMPLE_KEYS],
};
