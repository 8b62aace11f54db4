import { RESPONSE_ERRORS, type Failure } from '../../../nodes/dicom-response/runtime/answer-failed';
import { type DicomResponseProblem } from '../../../src/settings';
import { type TypeWords, withCodes } from './type-words';

export const words: TypeWords = {
  problems: {
    variableNotReplaced: true,
    notAChoice: true,
    notAStatus: true,
    required: true,
    commentTooLong: true,
    unknownVersion: true,
  } satisfies Record<DicomResponseProblem['code'], true>,
  errors: withCodes<Failure>(
    {
      noId: true,
      badStatus: true,
      timedOut: true,
      unknownVersion: true,
      unknown: true,
      alreadyAnswered: true,
      tooLate: true,
      notAwaited: true,
      wrongShape: true,
      wrongMatch: true,
      wrongStatus: true,
      tooMany: true,
    },
    RESPONSE_ERRORS.codeOf,
  ),
  status: ['newerVersion'],
};
