import type { LetterFacts } from '../admin-api';
import type { DiskWarning } from '../basics';

/**
 * Faults that an operator should hear of. The words are in the node's locales under `error.<kind>`; Catch nodes see the code
 * that `watchFaultCode` makes of the kind.
 */
export type WatchFaultKind =
  | 'settingsInvalid'
  | 'folderGone'
  | 'folderShared'
  | 'folderUnusable'
  | 'subfolderUnusable'
  | 'queueInUse'
  | 'queueUnusable'
  | 'diskLow'
  | 'tooManyFiles'
  | 'notTaken'
  | 'notPutAway'
  | 'leftover'
  | 'notConverted'
  | 'notAcknowledged'
  | 'crashed'
  | 'notSent'
  | 'notRead'
  | 'workerCrashed'
  | 'workerStuck'
  | 'workerOutdated'
  | 'diskSilent'
  | 'unexpected'
  | WatchWarningKind;

/** What the node goes on without: people are told. */
type WatchWarningKind = DiskWarning['kind'] | 'foreign' | 'incomplete';

const WARNINGS: Readonly<Record<WatchWarningKind, true>> = {
  lockOnlyHere: true,
  lockOutside: true,
  directoryNotSynced: true,
  modeNotSet: true,
  foreign: true,
  incomplete: true,
};

export function isWatchWarning(kind: WatchFaultKind): kind is WatchWarningKind {
  return kind in WARNINGS;
}

export interface WatchFault {
  kind: WatchFaultKind;
  /** Facts for the text. */
  values: Record<string, string | number>;
  /** The object that it is about: for Catch nodes, never for a text that may get into a log. */
  object?: LetterFacts;
  /** True while nothing is taken because of it. */
  down: boolean;
}

/** `folderGone` → `DICOM_WATCH_FOLDER_GONE`. */
export function watchFaultCode(kind: WatchFaultKind): string {
  return `DICOM_WATCH_${kind.replace(/[A-Z]/g, '_$&').toUpperCase()}`;
}

const FOLDER_FAULTS: Readonly<Record<string, WatchFaultKind>> = {
  FOLDER_SHARED: 'folderShared',
  FOLDER_INSIDE: 'settingsInvalid',
  QUEUE_LOCKED: 'queueInUse',
  QUEUE_VERSION: 'queueUnusable',
  NOT_SYNCABLE: 'queueUnusable',
  ENOENT: 'folderGone',
  ENOTDIR: 'folderGone',
  ESTALE: 'folderGone',
  ENODEV: 'folderGone',
  ENOTCONN: 'folderGone',
  EHOSTDOWN: 'folderGone',
  EIO: 'folderGone',
};

/** What it means that a folder cannot be watched. */
export function folderFault(error: unknown, directory: string): WatchFault {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const values = { directory, reason: message, problems: message, setting: '' };
  return { kind: FOLDER_FAULTS[code] ?? 'folderUnusable', values, down: true };
}
