import { READY_SETS } from '../../../nodes/dicom-query/ready-sets';
import { QUERY_ERRORS, type QueryFailure } from '../../../nodes/dicom-query/runtime/query-error';
import { type DicomQueryProblem } from '../../../src/settings';
import { type TypeWords, withCodes } from './type-words';

export const words: TypeWords = {
  problems: {
    required: true,
    variableNotReplaced: true,
    notAChoice: true,
    notANumber: true,
    outOfRange: true,
    unknownVersion: true,
    levelNotInModel: true,
    keysNotAList: true,
    tooManyKeys: true,
    notAKey: true,
    keyWithoutPath: true,
    keyWithoutValue: true,
    keyNotDays: true,
  } satisfies Record<DicomQueryProblem['code'], true>,
  errors: withCodes<QueryFailure>(
    {
      settingsInvalid: true,
      noValue: true,
      keysInvalid: true,
      peerMissing: true,
      unreachable: true,
      notAccepted: true,
      refused: true,
      broken: true,
      busy: true,
      stopped: true,
    },
    QUERY_ERRORS.codeOf,
  ),
  status: ['idle', 'asking', 'down', 'settings'],
  keys: ['none', ...Object.keys(READY_SETS)].map((name) => `rule.set.${name}`),
};
