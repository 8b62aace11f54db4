import { type DicomPeerProblem, PEER_CREDENTIALS } from '../../../src/settings';
import { type TypeWords, credentialKeys } from './type-words';

export const words: TypeWords = {
  problems: {
    required: true,
    notANumber: true,
    outOfRange: true,
    notAChoice: true,
    notAHost: true,
    aeTitleTooLong: true,
    aeTitleCharacter: true,
    variableNotReplaced: true,
    notYet: true,
    noUserName: true,
    unknownVersion: true,
  } satisfies Record<DicomPeerProblem['code'], true>,
  keys: [...credentialKeys(PEER_CREDENTIALS)],
};
