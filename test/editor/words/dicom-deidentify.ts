import {
  DEIDENTIFY_ERRORS,
  type DeidentifyFailure,
} from '../../../nodes/dicom-deidentify/runtime/deidentify-error';
import { type DicomDeidentifyProblem, type checkSecret, DEIDENTIFY_CREDENTIALS } from '../../../src/settings';
import { type TypeWords, withCodes, credentialKeys } from './type-words';

export const words: TypeWords = {
  problems: {
    required: true,
    notAChoice: true,
    notAUid: true,
    notAPseudonym: true,
    notKept: true,
    twoKindsOfDates: true,
    variableNotReplaced: true,
    notAbsolute: true,
    templateKeyword: true,
    templateTraversal: true,
    unknownVersion: true,
    secretMissing: true,
    secretTooShort: true,
  } satisfies Record<DicomDeidentifyProblem['code'] | ReturnType<typeof checkSecret>[number]['code'], true>,
  errors: withCodes<DeidentifyFailure>(
    {
      settingsInvalid: true,
      noObject: true,
      listInvalid: true,
      instancesFailed: true,
      objectGone: true,
      notTheObject: true,
      notChanged: true,
      notRead: true,
      busy: true,
      stopped: true,
    },
    DEIDENTIFY_ERRORS.codeOf,
  ),
  status: ['idle', 'working', 'toRetry', 'keptBack', 'settings'],
  keys: [...credentialKeys(DEIDENTIFY_CREDENTIALS)],
};
