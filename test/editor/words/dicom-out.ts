import { OUT_ERRORS, type OutFailure } from '../../../nodes/dicom-out/runtime/out-error';
import { type DicomOutProblem } from '../../../src/settings';
import { IMPORT_KEYS } from './import-words';
import { type TypeWords, withCodes } from './type-words';

export const words: TypeWords = {
  problems: {
    required: true,
    notANumber: true,
    outOfRange: true,
    notAChoice: true,
    notAHostRange: true,
    variableNotReplaced: true,
    notAbsolute: true,
    lastBeforeFirst: true,
    unknownVersion: true,
    notKeptJson: true,
  } satisfies Record<DicomOutProblem['code'], true>,
  errors: withCodes<OutFailure>(
    {
      settingsInvalid: true,
      noPeer: true,
      peerMissing: true,
      peerNotAllowed: true,
      wrongPeer: true,
      peersBusy: true,
      peerRejects: true,
      noObject: true,
      listInvalid: true,
      instancesFailed: true,
      listStopped: true,
      objectGone: true,
      notTheObject: true,
      notChanged: true,
      notRead: true,
      refused: true,
      notAccepted: true,
      notCommitted: true,
      unreachable: true,
      busy: true,
      busyBytes: true,
      stopped: true,
      acknowledgeFailed: true,
      noRoom: true,
      outboxUnavailable: true,
    },
    OUT_ERRORS.codeOf,
  ),
  status: ['idle', 'sending', 'down', 'downIdle', 'waiting', 'dead', 'peer', 'settings'],
  // Only receivers have callers.
  keys: IMPORT_KEYS.filter((key) => !key.endsWith('.unreadableCallers')),
};
