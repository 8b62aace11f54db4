import { type DicomQueueProblem, QUEUE_CREDENTIALS } from '../../../src/settings';
import { type TypeWords, credentialKeys } from './type-words';

export const words: TypeWords = {
  problems: {
    required: true,
    notANumber: true,
    outOfRange: true,
    notAHost: true,
    notAPlainName: true,
    variableNotReplaced: true,
    notAbsolute: true,
    unknownVersion: true,
  } satisfies Record<DicomQueueProblem['code'], true>,
  keys: [...credentialKeys(QUEUE_CREDENTIALS)],
};
