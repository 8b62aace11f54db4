import { RETRIEVE_ERRORS, type RetrieveFailure } from '../../../nodes/dicom-retrieve/runtime/retrieve-error';
import type { FaultKind } from '../../../src/receiver';
import { type DicomRetrieveProblem } from '../../../src/settings';
import { type TypeWords, withCodes } from './type-words';

/** What can go wrong with the queue of a node that retrieves, or with an object in it: for the codes, the help leads to dicom-in's. */
const QUEUE_FAULTS: readonly FaultKind[] = [
  'queueUnusable',
  'queueInUse',
  'queueShared',
  'queueNoLock',
  'queueNotSyncable',
  'queueNewer',
  'queueLeftover',
  'outputNotSyncable',
  'lockOnlyHere',
  'lockOutside',
  'directoryNotSynced',
  'modeNotSet',
  'notConverted',
  'notAcknowledged',
  'crashed',
  'notPlaced',
  'notRead',
  'objectNewer',
  'notPlacedInTime',
  'notSent',
  'unexpected',
];

export const words: TypeWords = {
  problems: {
    required: true,
    notAChoice: true,
    notANumber: true,
    outOfRange: true,
    unknownVersion: true,
    directoryNeeded: true,
    nothingIncluded: true,
    notAUid: true,
    variableNotReplaced: true,
    notAbsolute: true,
    templateKeyword: true,
    templateTraversal: true,
    aeTitleTooLong: true,
    aeTitleCharacter: true,
    notACharacterSet: true,
  } satisfies Record<DicomRetrieveProblem['code'], true>,
  errors: {
    ...withCodes<RetrieveFailure>(
      {
        settingsInvalid: true,
        uidsInvalid: true,
        noDestination: true,
        peerMissing: true,
        unreachable: true,
        notAccepted: true,
        queueUnusable: true,
        refused: true,
        broken: true,
        busy: true,
        stopped: true,
      },
      RETRIEVE_ERRORS.codeOf,
    ),
    ...Object.fromEntries(QUEUE_FAULTS.map((kind) => [kind, undefined])),
  },
  status: ['idle', 'asking', 'retrieving', 'down', 'settings', 'queue', 'dead'],
};
