import type { LetterFacts } from '../admin-api';
import { NotSyncable, type DiskWarning } from '../basics';

/**
 * Faults that an operator should hear of. The words are in the node's locales under `error.<kind>`; Catch nodes see the
 * code that `faultCode` makes of the kind.
 */
export type FaultKind =
  | 'portInUse'
  | 'needsPrivilege'
  | 'addressNotAvailable'
  | 'listenFailed'
  | 'queueUnusable'
  | 'queueInUse'
  | 'queueShared'
  | 'queueNoLock'
  | 'queueNotSyncable'
  | 'queueNewer'
  | 'queueLeftover'
  | 'sharedQueueMissing'
  | 'databaseClientMissing'
  | 'databaseUnsafe'
  | 'databasePooled'
  | 'databaseNewer'
  | 'databaseAway'
  | 'sharedDirectoryMissing'
  | 'sharedDirectoryReadOnly'
  | 'sharedDirectoryOther'
  | 'sharedDirectoryNotNamed'
  | 'notConverted'
  | 'notAcknowledged'
  | 'crashed'
  | 'notPlaced'
  | 'notRead'
  | 'objectNewer'
  | 'notPlacedInTime'
  | 'notSent'
  | 'outputNotSyncable'
  | 'responseTimedOut'
  | 'findTimedOut'
  | 'mppsTimedOut'
  | 'mppsNotKept'
  | 'mppsNotShared'
  | 'workerCrashed'
  | 'workerStuck'
  | 'workerOutdated'
  | 'diskSilent'
  | 'settingsInvalid'
  | 'tlsMissing'
  | 'unexpected'
  | WarningKind;

/** What a file system cannot do, or does not, and the node goes on without: people are told, and nothing is wrong with a message. */
type WarningKind = DiskWarning['kind'] | 'journalNotWritten';

const WARNINGS: Readonly<Record<WarningKind, true>> = {
  lockOnlyHere: true,
  lockOutside: true,
  directoryNotSynced: true,
  modeNotSet: true,
  journalNotWritten: true,
};

export function isWarning(kind: FaultKind): kind is WarningKind {
  return kind in WARNINGS;
}

export interface ReceiverFault {
  kind: FaultKind;
  /** Facts for the text. */
  values: Record<string, string | number>;
  /** The object that it is about: for Catch nodes, never for a text that may get into a log. */
  object?: LetterFacts;
  /** True while the receiver does not listen because of it (it goes on trying by itself). */
  down: boolean;
}

/** Whose code is that of another: flows that know it need not know why. */
const SAME_CODE: Partial<Record<FaultKind, FaultKind>> = {
  queueInUse: 'queueUnusable',
  queueShared: 'queueUnusable',
  queueNoLock: 'queueUnusable',
  queueNotSyncable: 'queueUnusable',
  queueNewer: 'queueUnusable',
  sharedQueueMissing: 'queueUnusable',
  databaseClientMissing: 'queueUnusable',
  databaseUnsafe: 'queueUnusable',
  databasePooled: 'queueUnusable',
  databaseNewer: 'queueUnusable',
  sharedDirectoryMissing: 'queueUnusable',
  sharedDirectoryReadOnly: 'queueUnusable',
  sharedDirectoryOther: 'queueUnusable',
  sharedDirectoryNotNamed: 'queueUnusable',
  objectNewer: 'notRead',
  mppsNotShared: 'mppsNotKept',
};

/** `portInUse` → `DICOM_PORT_IN_USE`. */
export function faultCode(kind: FaultKind): string {
  return `DICOM_${(SAME_CODE[kind] ?? kind).replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

const LISTEN_FAULTS: Readonly<Record<string, FaultKind>> = {
  EADDRINUSE: 'portInUse',
  EACCES: 'needsPrivilege',
  EADDRNOTAVAIL: 'addressNotAvailable',
};

/** What a failed attempt to listen means. */
export function listenFault(error: unknown, port: number, address: string): ReceiverFault {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const values = { port, address, reason: message };
  return { kind: LISTEN_FAULTS[code] ?? 'listenFailed', values, down: true };
}

const QUEUE_FAULTS: Readonly<Record<string, FaultKind>> = {
  QUEUE_LOCKED: 'queueInUse',
  QUEUE_SHARED: 'queueShared',
  QUEUE_NO_LOCK: 'queueNoLock',
  NOT_SYNCABLE: 'queueNotSyncable',
  QUEUE_VERSION: 'queueNewer',
  QUEUE_NO_CLIENT: 'databaseClientMissing',
  QUEUE_UNSAFE: 'databaseUnsafe',
  QUEUE_POOLED: 'databasePooled',
  QUEUE_NEWER: 'databaseNewer',
  QUEUE_AWAY: 'databaseAway',
  QUEUE_DIRECTORY_MISSING: 'sharedDirectoryMissing',
  QUEUE_DIRECTORY_READ_ONLY: 'sharedDirectoryReadOnly',
  QUEUE_DIRECTORY_OTHER: 'sharedDirectoryOther',
  QUEUE_DIRECTORY_NOT_NAMED: 'sharedDirectoryNotNamed',
};

/** What it means that a queue cannot be opened. */
export function queueFault(error: unknown, queueDirectory: string): ReceiverFault {
  const {
    code = '',
    message,
    reason,
    directory = queueDirectory,
  } = error as NodeJS.ErrnoException & { reason?: string; directory?: string };
  const kind = QUEUE_FAULTS[code] ?? 'queueUnusable';
  // Our own codes need words, those of the system are words of their own.
  const text = code === '' || code.startsWith('QUEUE_') ? message : code;
  return { kind, values: { directory, reason: reason ?? text }, down: true };
}

/** Files cannot be put in place as safely as they are to be. */
export function outputFault(error: unknown, directory: string): ReceiverFault {
  const reason = error instanceof NotSyncable ? error.reason : (error as Error).message;
  return { kind: 'outputNotSyncable', values: { directory, reason }, down: true };
}
