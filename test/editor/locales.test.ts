import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { EDIT_ERRORS, type EditFailure } from '../../nodes/dicom-edit/runtime/edit-error';
import {
  DEIDENTIFY_ERRORS,
  type DeidentifyFailure,
} from '../../nodes/dicom-deidentify/runtime/deidentify-error';
import { DICOM_ERRORS, type DicomFailure } from '../../nodes/dicom/runtime/dicom-error';
import { OUT_ERRORS, type OutFailure } from '../../nodes/dicom-out/runtime/out-error';
import { READY_SETS } from '../../nodes/dicom-query/ready-sets';
import { QUERY_ERRORS, type QueryFailure } from '../../nodes/dicom-query/runtime/query-error';
import { IMAGE_ERRORS, type ImageFailure } from '../../nodes/dicom-image/runtime/image-error';
import { STUDY_ERRORS, type StudyFailure } from '../../nodes/dicom-study/runtime/study-error';
import { RESPONSE_ERRORS, type Failure } from '../../nodes/dicom-response/runtime/answer-failed';
import { RETRIEVE_ERRORS, type RetrieveFailure } from '../../nodes/dicom-retrieve/runtime/retrieve-error';
import type { ImportProblemCode, NotImported, NotUnderstood } from '../../src/integration-soup';
import type { WatchFaultKind } from '../../src/watch';
import { faultCode, isWarning, type FaultKind } from '../../src/receiver';
import type { SampleProblem } from '../../src/sample';
import {
  type checkSecret,
  PEER_CREDENTIALS,
  QUEUE_CREDENTIALS,
  RULE_OPS,
  RULE_TESTS,
  type DicomEditProblem,
  type DicomQueryProblem,
  type DicomRetrieveProblem,
  DEIDENTIFY_CREDENTIALS,
  type DicomDeidentifyProblem,
  type DicomImageProblem,
  type DicomInProblem,
  type DicomOutProblem,
  type DicomPeerProblem,
  type DicomQueueProblem,
  type DicomProblem,
  type DicomResponseProblem,
  type DicomStudyProblem,
  type DicomWatchProblem,
  type Field,
} from '../../src/settings';
import { PACKAGE_DIR } from '../support/node-red';
import { NODE_TYPES, readBuilt, readNode, settingsOf } from '../support/node-types';

const nodes = join(PACKAGE_DIR, 'nodes');

/** What can be wrong with a setting of dicom-in. The compiler keeps this list complete, and the next. */
const DICOM_IN_PROBLEMS: Record<DicomInProblem['code'], true> = {
  required: true,
  notANumber: true,
  outOfRange: true,
  notAChoice: true,
  aeTitleTooLong: true,
  aeTitleCharacter: true,
  aeTitleWildcard: true,
  variableNotReplaced: true,
  emptyAllowList: true,
  notAnAddress: true,
  notAHostRange: true,
  coversEverything: true,
  notACharacterSet: true,
  notAUid: true,
  templateKeyword: true,
  templateTraversal: true,
  directoryNeeded: true,
  tlsNeeded: true,
  nothingIncluded: true,
  callersNeeded: true,
  notKeptJson: true,
  unknownVersion: true,
  sharedQueueNeeded: true,
};
const DICOM_RESPONSE_PROBLEMS: Record<DicomResponseProblem['code'], true> = {
  notAChoice: true,
  notAStatus: true,
  required: true,
  commentTooLong: true,
  unknownVersion: true,
};

const DICOM_PEER_PROBLEMS: Record<DicomPeerProblem['code'], true> = {
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
};
const DICOM_QUEUE_PROBLEMS: Record<DicomQueueProblem['code'], true> = {
  required: true,
  notANumber: true,
  outOfRange: true,
  notAHost: true,
  notAPlainName: true,
  variableNotReplaced: true,
  unknownVersion: true,
};
const DICOM_DEIDENTIFY_PROBLEMS: Record<
  DicomDeidentifyProblem['code'] | ReturnType<typeof checkSecret>[number]['code'],
  true
> = {
  required: true,
  notAChoice: true,
  notAUid: true,
  notAPseudonym: true,
  notKept: true,
  twoKindsOfDates: true,
  variableNotReplaced: true,
  templateKeyword: true,
  templateTraversal: true,
  unknownVersion: true,
  secretMissing: true,
  secretTooShort: true,
};
const DICOM_OUT_PROBLEMS: Record<DicomOutProblem['code'], true> = {
  required: true,
  notANumber: true,
  outOfRange: true,
  notAChoice: true,
  notAHostRange: true,
  variableNotReplaced: true,
  lastBeforeFirst: true,
  unknownVersion: true,
  notKeptJson: true,
};

const DICOM_EDIT_PROBLEMS: Record<DicomEditProblem['code'], true> = {
  notAChoice: true,
  variableNotReplaced: true,
  unknownVersion: true,
  rulesNotAList: true,
  tooManyRules: true,
  notARule: true,
  ruleWithoutPath: true,
  ruleWithoutValue: true,
  ruleNotANumber: true,
  ruleNotJson: true,
  ruleNotDays: true,
  rulePatternTooLong: true,
  ruleTextTooLong: true,
};

/** Why an object is not changed. */
const DICOM_QUERY_PROBLEMS: Record<DicomQueryProblem['code'], true> = {
  required: true,
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
};

const QUERY_FAILURES: Record<QueryFailure, true> = {
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
};

const DICOM_RETRIEVE_PROBLEMS: Record<DicomRetrieveProblem['code'], true> = {
  required: true,
  notAChoice: true,
  notANumber: true,
  outOfRange: true,
  unknownVersion: true,
  directoryNeeded: true,
  nothingIncluded: true,
  notAUid: true,
  variableNotReplaced: true,
  templateKeyword: true,
  templateTraversal: true,
  aeTitleTooLong: true,
  aeTitleCharacter: true,
  notACharacterSet: true,
};

const RETRIEVE_FAILURES: Record<RetrieveFailure, true> = {
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
};

/** What can go wrong with the queue of a node that retrieves, or with an object in it. */
const RETRIEVED_FAULTS: readonly FaultKind[] = [
  'queueUnusable',
  'queueInUse',
  'queueShared',
  'queueNoLock',
  'queueNotSyncable',
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
  'notPlacedInTime',
  'notSent',
  'unexpected',
];

const EDIT_FAILURES: Record<EditFailure, true> = {
  settingsInvalid: true,
  noObject: true,
  objectGone: true,
  notTheObject: true,
  notRead: true,
  noValue: true,
  notChanged: true,
  notStored: true,
  tooLarge: true,
  busy: true,
  stopped: true,
};

const DICOM_PROBLEMS: Record<DicomProblem['code'], true> = {
  required: true,
  notANumber: true,
  outOfRange: true,
  notAChoice: true,
  variableNotReplaced: true,
  notACharacterSet: true,
  templateKeyword: true,
  templateTraversal: true,
  directoryNeeded: true,
  nothingIncluded: true,
  unknownVersion: true,
};

/** Why a message is not converted. */
const DICOM_FAILURES: Record<DicomFailure, true> = {
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
};

const DICOM_IMAGE_PROBLEMS: Record<DicomImageProblem['code'], true> = {
  required: true,
  notANumber: true,
  outOfRange: true,
  notAChoice: true,
  variableNotReplaced: true,
  notAFrame: true,
  notAWidth: true,
  unknownVersion: true,
};
/** Why there is no picture. */
const IMAGE_FAILURES: Record<ImageFailure, true> = {
  settingsInvalid: true,
  notUnderstood: true,
  noObject: true,
  objectGone: true,
  notTheObject: true,
  notChanged: true,
  notRead: true,
  noPicture: true,
  tooMuchWork: true,
  busy: true,
  stopped: true,
};

const DICOM_WATCH_PROBLEMS: Record<DicomWatchProblem['code'], true> = {
  required: true,
  notANumber: true,
  outOfRange: true,
  notAChoice: true,
  variableNotReplaced: true,
  patternTooLong: true,
  patternHasFolder: true,
  insideWatched: true,
  deletedUnsafe: true,
  unknownVersion: true,
};
const DICOM_STUDY_PROBLEMS: Record<DicomStudyProblem['code'], true> = {
  required: true,
  notANumber: true,
  outOfRange: true,
  notAChoice: true,
  notAGroup: true,
  notExpected: true,
  noTrigger: true,
  unknownVersion: true,
};
const WATCH_FAULTS: Record<WatchFaultKind, true> = {
  settingsInvalid: true,
  folderGone: true,
  folderShared: true,
  folderUnusable: true,
  queueInUse: true,
  queueUnusable: true,
  diskLow: true,
  tooManyFiles: true,
  notTaken: true,
  notPutAway: true,
  leftover: true,
  foreign: true,
  incomplete: true,
  notConverted: true,
  notAcknowledged: true,
  crashed: true,
  notSent: true,
  notRead: true,
  workerCrashed: true,
  workerStuck: true,
  workerOutdated: true,
  diskSilent: true,
  unexpected: true,
  lockOnlyHere: true,
  lockOutside: true,
  directoryNotSynced: true,
  modeNotSet: true,
};

/** Why an object is not sent. */
const OUT_FAILURES: Record<OutFailure, true> = {
  settingsInvalid: true,
  noPeer: true,
  peerMissing: true,
  peerNotAllowed: true,
  wrongPeer: true,
  peersBusy: true,
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
  stopped: true,
  acknowledgeFailed: true,
  noRoom: true,
  outboxUnavailable: true,
};

/** Why an object is not de-identified. */
const DEIDENTIFY_FAILURES: Record<DeidentifyFailure, true> = {
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
};
const STUDY_FAILURES: Record<StudyFailure, true> = {
  settingsInvalid: true,
  noObject: true,
  bufferOnly: true,
  objectGone: true,
  notRead: true,
  notChanged: true,
  changesTooLarge: true,
  notStored: true,
  badControl: true,
  notOpen: true,
  objectsLost: true,
  stopped: true,
};

/** Why an import finds nothing. */
const IMPORT_PROBLEMS: Record<ImportProblemCode, true> = {
  empty: true,
  unexpected: true,
  unexpectedEnd: true,
  trailingComma: true,
  comment: true,
  unquotedKey: true,
  lineBreakInString: true,
  badEscape: true,
  badNumber: true,
  duplicateKey: true,
  tooDeep: true,
  afterEnd: true,
  tooLarge: true,
  notText: true,
  notFound: true,
};
/** Why a part of an import has no place in the node. */
const IMPORT_REASONS: Record<NotImported['reason'] | NotUnderstood['reason'], true> = {
  unknownMember: true,
  wrongType: true,
  wrongElement: true,
  unreadableCallers: true,
  workflow: true,
  receiver: true,
  sender: true,
  otherReceiver: true,
  filter: true,
  transformer: true,
  activity: true,
  settingTooLarge: true,
  tooManySettings: true,
  notASetting: true,
};

/** Why there is no sample of a file. */
const SAMPLE_PROBLEMS: Record<SampleProblem | 'fileTooLarge' | 'tooSlow' | 'busy' | 'unreadable', true> = {
  notDicom: true,
  damaged: true,
  notAnObject: true,
  messageTooLarge: true,
  tooMuchWork: true,
  outdated: true,
  fileTooLarge: true,
  tooSlow: true,
  busy: true,
  unreadable: true,
};

const FAULTS: Record<FaultKind, true> = {
  portInUse: true,
  needsPrivilege: true,
  addressNotAvailable: true,
  listenFailed: true,
  queueUnusable: true,
  queueInUse: true,
  queueShared: true,
  queueNoLock: true,
  queueNotSyncable: true,
  outputNotSyncable: true,
  lockOnlyHere: true,
  lockOutside: true,
  directoryNotSynced: true,
  modeNotSet: true,
  journalNotWritten: true,
  queueLeftover: true,
  sharedQueueMissing: true,
  databaseClientMissing: true,
  databaseUnsafe: true,
  databasePooled: true,
  databaseNewer: true,
  databaseAway: true,
  sharedDirectoryMissing: true,
  sharedDirectoryReadOnly: true,
  sharedDirectoryOther: true,
  notConverted: true,
  notAcknowledged: true,
  crashed: true,
  notRead: true,
  notPlaced: true,
  notPlacedInTime: true,
  notSent: true,
  responseTimedOut: true,
  findTimedOut: true,
  mppsTimedOut: true,
  mppsNotKept: true,
  mppsNotShared: true,
  workerCrashed: true,
  workerStuck: true,
  workerOutdated: true,
  diskSilent: true,
  settingsInvalid: true,
  tlsMissing: true,
  unexpected: true,
};

/** Because of which a receiver does not listen. */
const DOWN: readonly FaultKind[] = [
  'portInUse',
  'needsPrivilege',
  'addressNotAvailable',
  'listenFailed',
  'queueUnusable',
  'queueInUse',
  'queueShared',
  'queueNoLock',
  'queueNotSyncable',
  'outputNotSyncable',
  'workerCrashed',
  'workerStuck',
  'workerOutdated',
  'diskSilent',
  'settingsInvalid',
  'tlsMissing',
  'sharedQueueMissing',
  'databaseClientMissing',
  'databaseUnsafe',
  'databasePooled',
  'databaseNewer',
  'databaseAway',
  'sharedDirectoryMissing',
  'sharedDirectoryReadOnly',
  'sharedDirectoryOther',
];

/** Statuses with a shorter form, which is shown where they do not fit (receiver-status.test.ts). */
const SHORTENED = ['countsOpen', 'countsRefused', 'backlogAndDeadLetters', 'draining'];

/** Statuses that say so much that they are longer: who reads them looks for when it goes on. */
const LONG = ['down'];

/** Short texts that the runtime can show. */
const STATUS: Record<string, readonly string[]> = {
  'dicom-in': [
    'starting',
    'listening',
    'counts',
    'countsOpen',
    'countsRefused',
    'refused',
    'backlog',
    'deadLetters',
    'backlogAndDeadLetters',
    'setting',
    'portInUse',
    'needsPrivilege',
    'addressNotAvailable',
    'listenFailed',
    'queueUnusable',
    'database',
    'databaseAway',
    'delivering',
    'settings',
    'tls',
    'restarting',
    'restartNodeRed',
    'diskSilent',
    'draining',
    'drainingMany',
    'drained',
    'queueFull',
    'diskLow',
    'error',
  ],
  'dicom-response': ['newerVersion'],
  'dicom-deidentify': ['idle', 'working', 'toRetry', 'keptBack', 'settings'],
  'dicom-out': ['idle', 'sending', 'down', 'waiting', 'dead', 'settings'],
  'dicom-edit': ['settings'],
  'dicom-query': ['idle', 'asking', 'down', 'settings'],
  'dicom-study': ['idle', 'open', 'next', 'unacknowledged', 'settings', 'broken'],
  'dicom-retrieve': ['idle', 'asking', 'retrieving', 'down', 'settings', 'queue', 'dead'],
  'dicom-watch': [
    'starting',
    'watching',
    'counts',
    'backlog',
    'dead',
    'settings',
    'folderGone',
    'folderShared',
    'folderUnusable',
    'restarting',
    'restartNodeRed',
    'diskSilent',
    'error',
  ],
  dicom: ['settings'],
  'dicom-image': ['settings'],
};

/** What can go wrong with an answer. */
const ANSWER_FAILURES: Record<Failure, true> = {
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
};

/** Keys written out in the html, in the editor's code and in the runtime's, of a type or of what all share. */
function writtenKeys(folder: string): Set<string> {
  const used = new Set<string>();
  const add = (code: string, pattern: RegExp): void => {
    for (const [, key] of code.matchAll(pattern)) if (key !== undefined) used.add(key);
  };
  if (NODE_TYPES.includes(folder)) {
    const i18n = new RegExp(`data-i18n="(?:\\[[\\w-]+\\])?${folder}\\.([\\w.-]+)"`, 'g');
    const html = readBuilt(folder, `${folder}.html`);
    add(html, i18n);
    for (const [, name] of html.matchAll(new RegExp(`id="${folder}-list-(\\w+)"`, 'g')))
      used.add(`placeholder.${name}`);
  }
  add(
    codeIn(folder),
    /'((?:form|list|tree|rule|secret|pseudonym|placeholder|hint|warning|output|option|section|deadLetters|journal|importExport|sample|request|commitment|feedback|echo|button|outbox|open)\.[A-Za-z]+(?:\.[A-Za-z]+)*)'/g,
  );
  return used;
}

/** Of a folder of nodes: editor and runtime. */
function codeIn(folder: string): string {
  return readdirSync(join(nodes, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readNode(folder, file))
    .join('\n');
}

/** Keys that are made of the name of a problem, tab, fault or failure of the type. */
const MADE_KEYS: Record<string, (used: Set<string>) => void> = {
  'dicom-in': (used) => {
    addTabs('dicom-in', used);
    for (const code of Object.keys(DICOM_IN_PROBLEMS)) used.add(`problem.${code}`);
    for (const code of Object.keys(IMPORT_PROBLEMS)) used.add(`importExport.problem.${code}`);
    for (const reason of Object.keys(IMPORT_REASONS)) used.add(`importExport.reason.${reason}`);
    for (const code of Object.keys(SAMPLE_PROBLEMS)) used.add(`sample.problem.${code}`);
    for (const kind of Object.keys(FAULTS)) used.add(`error.${kind}`);
    for (const kind of DOWN) used.add(`feedback.fault.${kind}`);
  },
  'dicom-response': (used) => {
    for (const code of Object.keys(DICOM_RESPONSE_PROBLEMS)) used.add(`problem.${code}`);
    for (const failure of Object.keys(ANSWER_FAILURES)) used.add(`error.${failure}`);
  },
  'dicom-peer': (used) => {
    for (const code of Object.keys(DICOM_PEER_PROBLEMS)) used.add(`problem.${code}`);
    for (const name of Object.keys(PEER_CREDENTIALS)) used.add(`label.${name}`).add(`hint.${name}`);
  },
  'dicom-queue': (used) => {
    for (const code of Object.keys(DICOM_QUEUE_PROBLEMS)) used.add(`problem.${code}`);
    for (const name of Object.keys(QUEUE_CREDENTIALS)) used.add(`label.${name}`).add(`hint.${name}`);
  },
  'dicom-deidentify': (used) => {
    for (const code of Object.keys(DICOM_DEIDENTIFY_PROBLEMS)) used.add(`problem.${code}`);
    for (const failure of Object.keys(DEIDENTIFY_FAILURES)) used.add(`error.${failure}`);
    for (const name of Object.keys(DEIDENTIFY_CREDENTIALS)) used.add(`label.${name}`).add(`hint.${name}`);
  },
  dicom: (used) => {
    addTabs('dicom', used);
    for (const code of Object.keys(DICOM_PROBLEMS)) used.add(`problem.${code}`);
    for (const failure of Object.keys(DICOM_FAILURES)) used.add(`error.${failure}`);
    for (const reason of ['noObject', 'noBase']) used.add(`reason.${reason}`);
  },
  'dicom-out': (used) => {
    addTabs('dicom-out', used);
    for (const code of Object.keys(DICOM_OUT_PROBLEMS)) used.add(`problem.${code}`);
    for (const failure of Object.keys(OUT_FAILURES)) used.add(`error.${failure}`);
    for (const code of Object.keys(IMPORT_PROBLEMS)) used.add(`importExport.problem.${code}`);
    for (const reason of Object.keys(IMPORT_REASONS))
      // Only receivers have callers.
      if (reason !== 'unreadableCallers') used.add(`importExport.reason.${reason}`);
  },
  'dicom-image': (used) => {
    for (const code of Object.keys(DICOM_IMAGE_PROBLEMS)) used.add(`problem.${code}`);
    for (const failure of Object.keys(IMAGE_FAILURES)) used.add(`error.${failure}`);
    used.add('reason.noSuchInstance');
  },
  'dicom-study': (used) => {
    addTabs('dicom-study', used);
    for (const code of Object.keys(DICOM_STUDY_PROBLEMS)) used.add(`problem.${code}`);
    for (const failure of Object.keys(STUDY_FAILURES)) used.add(`error.${failure}`);
    for (const action of ['fire', 'again', 'forget']) used.add(`open.${action}`);
    used.add('forgotten');
  },
  'dicom-watch': (used) => {
    addTabs('dicom-watch', used);
    for (const code of Object.keys(DICOM_WATCH_PROBLEMS)) used.add(`problem.${code}`);
    for (const kind of Object.keys(WATCH_FAULTS)) used.add(`error.${kind}`);
  },
};

MADE_KEYS['dicom-query'] = (used) => {
  addTabs('dicom-query', used);
  for (const code of Object.keys(DICOM_QUERY_PROBLEMS)) used.add(`problem.${code}`);
  for (const failure of Object.keys(QUERY_FAILURES)) used.add(`error.${failure}`);
  for (const name of ['none', ...Object.keys(READY_SETS)]) used.add(`rule.set.${name}`);
};

MADE_KEYS['dicom-retrieve'] = (used) => {
  addTabs('dicom-retrieve', used);
  for (const code of Object.keys(DICOM_RETRIEVE_PROBLEMS)) used.add(`problem.${code}`);
  for (const failure of [...Object.keys(RETRIEVE_FAILURES), ...RETRIEVED_FAULTS])
    used.add(`error.${failure}`);
};

MADE_KEYS['dicom-edit'] = (used) => {
  for (const code of Object.keys(DICOM_EDIT_PROBLEMS)) used.add(`problem.${code}`);
  for (const failure of Object.keys(EDIT_FAILURES)) used.add(`error.${failure}`);
  // Which of them are said: test/edit/check-rule.
  for (const [key] of ownTexts('dicom-edit', 'en-US')) if (key.startsWith('rule.reason.')) used.add(key);
  for (const op of ['label', ...RULE_OPS]) used.add(`rule.op.${op}`);
  for (const each of ['label', ...RULE_TESTS]) used.add(`rule.test.${each}`);
};

function addTabs(type: string, used: Set<string>): void {
  const tabs = /const TABS = \[([^\]]*)\]/.exec(codeIn(type))?.[1] ?? '';
  for (const [, tab] of tabs.matchAll(/'(\w+)'/g)) used.add(`tab.${tab}`);
}

/** All that a type uses but for what all dialogs use. */
function usedKeys(type: string): Set<string> {
  const used = writtenKeys(type);
  const { names, fields } = settingsOf(type);
  used.add('label.version');
  for (const name of names) {
    used.add(`label.${name}`).add(`hint.${name}`);
    const field = fields[name] as Field;
    const { choices = [] } = field.kind === 'choice' || field.kind === 'list' ? field : {};
    choices.forEach((choice) => used.add(`option.${name}.${choice}`));
  }
  for (const key of STATUS[type] ?? []) used.add(`status.${key}`);
  MADE_KEYS[type]?.(used);
  return used;
}

const HEADINGS: Record<string, Record<string, readonly string[]>> = {
  'dicom-deidentify': {
    'en-US': ['Inputs', 'Outputs', 'Details', 'References'],
    de: ['Eingangsdaten', 'Ausgangsdaten', 'Details', 'Referenzen'],
  },
  'dicom-in': {
    'en-US': ['Outputs', 'Details', 'References'],
    de: ['Ausgangsdaten', 'Details', 'Referenzen'],
  },
  'dicom-response': {
    'en-US': ['Inputs', 'Details', 'References'],
    de: ['Eingangsdaten', 'Details', 'Referenzen'],
  },
  dicom: {
    'en-US': ['Inputs', 'Outputs', 'Details', 'References'],
    de: ['Eingangsdaten', 'Ausgangsdaten', 'Details', 'Referenzen'],
  },
  'dicom-peer': { 'en-US': ['Details', 'References'], de: ['Details', 'Referenzen'] },
  'dicom-queue': { 'en-US': ['Details', 'References'], de: ['Details', 'Referenzen'] },
  'dicom-out': {
    'en-US': ['Inputs', 'Outputs', 'Details', 'References'],
    de: ['Eingangsdaten', 'Ausgangsdaten', 'Details', 'Referenzen'],
  },
  'dicom-query': {
    'en-US': ['Inputs', 'Outputs', 'Details', 'References'],
    de: ['Eingangsdaten', 'Ausgangsdaten', 'Details', 'Referenzen'],
  },
  'dicom-retrieve': {
    'en-US': ['Inputs', 'Outputs', 'Details', 'References'],
    de: ['Eingangsdaten', 'Ausgangsdaten', 'Details', 'Referenzen'],
  },
  'dicom-edit': {
    'en-US': ['Inputs', 'Outputs', 'Details', 'References'],
    de: ['Eingangsdaten', 'Ausgangsdaten', 'Details', 'Referenzen'],
  },
  'dicom-image': {
    'en-US': ['Inputs', 'Outputs', 'Details', 'References'],
    de: ['Eingangsdaten', 'Ausgangsdaten', 'Details', 'Referenzen'],
  },
  'dicom-study': {
    'en-US': ['Inputs', 'Outputs', 'Details', 'References'],
    de: ['Eingangsdaten', 'Ausgangsdaten', 'Details', 'Referenzen'],
  },
  'dicom-watch': {
    'en-US': ['Outputs', 'Details', 'References'],
    de: ['Ausgangsdaten', 'Details', 'Referenzen'],
  },
};

/** Texts, flat: key with dots → text. */
function flat(tree: unknown): Map<string, string> {
  const texts = new Map<string, string>();
  const walk = (value: unknown, path: string): void => {
    if (typeof value === 'string') texts.set(path, value);
    else if (value !== null && typeof value === 'object') {
      for (const [key, inner] of Object.entries(value)) walk(inner, path === '' ? key : `${path}.${key}`);
    }
  };
  walk(tree, '');
  return texts;
}

function underType(type: string, json: string): Map<string, string> {
  const catalogue = JSON.parse(json) as Record<string, unknown>;
  assert.deepEqual(Object.keys(catalogue), [type]);
  return flat(catalogue[type]);
}

/** A type's own texts. */
const ownTexts = (type: string, language: string): Map<string, string> =>
  underType(type, readNode(type, 'locales', language, `${type}.json`));
/** As Node-RED gets them: with those that all dialogs share. */
const catalogue = (type: string, language: string): Map<string, string> =>
  underType(type, readBuilt(type, 'locales', language, `${type}.json`));
const sharedTexts = (language: string): Map<string, string> =>
  flat(JSON.parse(readNode('editor', 'locales', `${language}.json`)));

const help = (type: string, language: string): string => readNode(type, 'locales', language, `${type}.html`);

const languages = readdirSync(join(nodes, 'dicom-in', 'locales'));

for (const language of languages) {
  test(`${language}: every text that all dialogs share is used, by them or by a type`, () => {
    const used = new Set([...writtenKeys('editor'), ...NODE_TYPES.flatMap((type) => [...usedKeys(type)])]);
    const shared = [...sharedTexts(language).keys()];
    assert.deepEqual(
      shared.filter((key) => !used.has(key)),
      [],
    );
    assert.deepEqual(shared, [...sharedTexts('en-US').keys()]);
  });
}

for (const type of NODE_TYPES) {
  for (const language of languages) {
    const texts = catalogue(type, language);

    test(`${type}, ${language}: every key that is used exists, and every key that exists is used`, () => {
      const used = new Set([...usedKeys(type), ...writtenKeys('editor')]);
      const missing = [...used].filter((key) => !texts.has(key));
      const unused = [...ownTexts(type, language).keys()].filter((key) => !used.has(key));
      assert.deepEqual({ missing, unused }, { missing: [], unused: [] });
    });

    test(`${type}, ${language}: no text is empty`, () => {
      for (const [key, text] of texts) assert.notEqual(text.trim(), '', key);
    });

    test(`${type}, ${language}: statuses stay under 20 characters with values filled in`, () => {
      const values: Record<string, string> = {
        port: '65535',
        associations: '50',
        // The longest that the status makes of a number.
        objects: '999k',
        deadLetters: '9999',
        delivered: '999k',
        queued: '999k',
        setting: 'Port',
        status: 'C000',
        count: '9999',
      };
      for (const key of (STATUS[type] ?? []).filter((name) => ![...SHORTENED, ...LONG].includes(name))) {
        const text = (texts.get(`status.${key}`) ?? '').replace(
          /__(\w+?)__/g,
          (_, name: string) => values[name] ?? '',
        );
        assert(text.length < 20, `${key}: ${text}`);
      }
    });

    test(`${type}, ${language}: the help is markdown and begins with one plain sentence`, () => {
      const begin = new RegExp(`^<script type="text/markdown" data-help-name="${type}">\n[^#<*\`\n]+\\.\n\n`);
      assert.match(help(type, language), begin);
      for (const heading of HEADINGS[type]?.[language] ?? assert.fail(`headings in ${language}`)) {
        assert.match(help(type, language), new RegExp(`^### ${heading}$`, 'm'));
      }
    });
  }

  test(`${type}: all languages put the same values into a text`, () => {
    const english = catalogue(type, 'en-US');
    const values = (text = ''): string[] => [...text.matchAll(/__(\w+?)__/g)].map(([name]) => name).sort();
    for (const language of languages) {
      for (const [key, text] of catalogue(type, language)) {
        assert.deepEqual(values(text), values(english.get(key)), `${language} ${key}`);
      }
    }
  });
}

/** The codes of the errors that a node's Catch node gets. */
const ERROR_CODES: Record<string, readonly string[]> = {
  'dicom-in': (Object.keys(FAULTS) as FaultKind[]).filter((kind) => !isWarning(kind)).map(faultCode),
  'dicom-response': (Object.keys(ANSWER_FAILURES) as Failure[]).map(RESPONSE_ERRORS.codeOf),
  'dicom-deidentify': (Object.keys(DEIDENTIFY_FAILURES) as DeidentifyFailure[]).map(DEIDENTIFY_ERRORS.codeOf),
  'dicom-out': (Object.keys(OUT_FAILURES) as OutFailure[]).map(OUT_ERRORS.codeOf),
  'dicom-edit': (Object.keys(EDIT_FAILURES) as EditFailure[]).map(EDIT_ERRORS.codeOf),
  dicom: (Object.keys(DICOM_FAILURES) as DicomFailure[]).map(DICOM_ERRORS.codeOf),
  'dicom-query': (Object.keys(QUERY_FAILURES) as QueryFailure[]).map(QUERY_ERRORS.codeOf),
  'dicom-study': (Object.keys(STUDY_FAILURES) as StudyFailure[]).map(STUDY_ERRORS.codeOf),
  'dicom-retrieve': (Object.keys(RETRIEVE_FAILURES) as RetrieveFailure[]).map(RETRIEVE_ERRORS.codeOf),
  'dicom-image': (Object.keys(IMAGE_FAILURES) as ImageFailure[]).map(IMAGE_ERRORS.codeOf),
};

/** Where codes and statuses are explained: in the help, or in the page that it leads to where that would be too long. */
const EXPLAINED: Record<string, (language: string) => string> = {
  'dicom-in': (language) => {
    const page = language === 'en-US' ? 'dicom-in.md' : `dicom-in.${language}.md`;
    assert(help('dicom-in', language).includes(`/docs/${page})`), `the help leads to ${page}`);
    assert(existsSync(join(PACKAGE_DIR, 'docs', page)), page);
    return readFileSync(join(PACKAGE_DIR, 'docs', page), 'utf8');
  },
  // A long code may be broken where the sidebar is narrow.
  'dicom-response': (language) => help('dicom-response', language).replaceAll('<wbr>', ''),
  'dicom-deidentify': (language) => help('dicom-deidentify', language).replaceAll('<wbr>', ''),
  'dicom-out': (language) => help('dicom-out', language).replaceAll('<wbr>', ''),
  'dicom-study': (language) => help('dicom-study', language).replaceAll('<wbr>', ''),
  'dicom-edit': (language) => help('dicom-edit', language).replaceAll('<wbr>', ''),
  'dicom-image': (language) => help('dicom-image', language).replaceAll('<wbr>', ''),
  'dicom-query': (language) => help('dicom-query', language).replaceAll('<wbr>', ''),
  'dicom-retrieve': (language) => help('dicom-retrieve', language).replaceAll('<wbr>', ''),
};

for (const type of NODE_TYPES) {
  for (const language of languages) {
    test(`the help of ${type}, ${language}, explains the code of every error that its Catch node gets`, () => {
      const page = EXPLAINED[type]?.(language) ?? help(type, language);
      for (const code of ERROR_CODES[type] ?? [])
        assert.match(page, new RegExp(`^(?:\\| ${code} +\\||- \\*\\*${code}\\*\\*)`, 'm'));
    });

    test(`the help of ${type}, ${language}, explains every status`, () => {
      const page = EXPLAINED[type]?.(language) ?? help(type, language);
      const texts = catalogue(type, language);
      for (const key of (STATUS[type] ?? []).filter(
        (name) => !['starting', 'countsRefused'].includes(name),
      )) {
        const words = (texts.get(`status.${key}`) ?? '').split(/__\w+?__/).map((word) => word.trim());
        const line = page
          .split('\n')
          .find((one) => one.startsWith('- **') && words.every((word) => one.includes(word)));
        assert(line !== undefined, key);
      }
    });
  }

  test(`${type}: the help has the same parts in all languages`, () => {
    const parts = (language: string): string[] =>
      help(type, language)
        .split('\n')
        .filter((line) => /^(#{3,4} |\| |- |: |\d\. |```)/.test(line))
        .map((line) => /^(#+|\||-|:|\d|`+)/.exec(line)?.[0] ?? '');
    for (const language of languages) assert.deepEqual(parts(language), parts('en-US'), language);
  });
}

for (const language of languages) {
  test(`the help of dicom-in, ${language}, is short, and names the settings that decide what is lost or left out`, () => {
    const words = help('dicom-in', language);
    assert(words.length < 6_500, `${words.length} characters`);
    const texts = catalogue('dicom-in', language);
    const settings = [
      'placeForHours',
      'maxCrashes',
      'maxMessageMB',
      'maxMessageElements',
      'onlyThisMachine',
    ] as const;
    for (const name of [...settings, 'defaultCharacterSet', 'leaveOutEmpty', 'alsoCalledAETs'] as const) {
      assert(words.replace(/\s+/g, ' ').includes(`*${texts.get(`label.${name}`)}`), name);
    }
  });

  test(`no text of dicom-in, ${language}, sends a reader to Node-RED's log, which may be silent`, () => {
    for (const [key, words] of catalogue('dicom-in', language))
      assert.doesNotMatch(words, /\b(?:the|its|this) log\b|\b(?:im|seinem|das) Log\b/i, key);
  });
}
