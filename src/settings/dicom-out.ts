import { checkHostList } from './checks/addresses';
import { checkDirectory } from './checks/directory';
import { checkKeptJson } from './checks/kept-json';
import { emptyOr, integerBetween } from './checks/values';
import { define, type NameOf, type SettingsOf } from './define';
import { choice, configNode, configNodes, flag, integer, text } from './fields';
import { finding, type Problem } from './finding';

const MAX_SECONDS = 86_400;
const MAX_MINUTES = 525_600;

/** Every property of a `dicom-out` node in the flow JSON. */
const FIELDS = {
  name: text(''),
  peer: configNode('dicom-peer'),
  mode: choice('wait', 'store-and-forward'),
  /** Where the object lies: named by the message, or in `msg.payload`. */
  objectFrom: choice('message', 'payload'),
  acknowledge: flag(true),

  // Tries
  retryFirstSeconds: integer(10, 1, MAX_SECONDS),
  retryLastSeconds: integer(900, 1, MAX_SECONDS),
  /** Empty: GIVE_UP_MINUTES of the mode; 0: for ever. */
  giveUpAfterMinutes: text('', emptyOr(integerBetween(0, MAX_MINUTES))),
  /** Messages that wait in `wait`, and objects that it may have parked. */
  maxWaiting: integer(100, 1, 100_000),

  // The outbox of `store-and-forward`
  /** Empty: `<userDir>/dicom/<node id>`. */
  outboxDirectory: text('', checkDirectory),
  maxQueued: integer(10_000, 1, 10_000_000),
  /** 10^6 bytes; 0: no check. */
  minFreeDiskMB: integer(512, 0, 1_000_000_000),

  outputFailures: flag(false),
  /** Ids of the peers that `msg.peer` may name. */
  peersFromMessage: configNodes('dicom-peer'),
  /** Where a peer may be that `msg.peer` defines; empty: it may define none. */
  allowedPeerHosts: text('', checkHostList),
  /** The imported sender as JSON text: text, because an object's keys could be anything. */
  imported: text('', checkKeptJson),
  /** The journal says who objects are about. */
  journalPatient: flag(false),
};

export type DicomOutField = NameOf<typeof FIELDS>;
/** The settings of a `dicom-out` node, typed and checked. */
export type DicomOutSettings = SettingsOf<typeof FIELDS>;
type TogetherProblem = Problem<DicomOutField, 'required' | 'lastBeforeFirst'>;

export const DICOM_OUT = define('dicom-out', FIELDS, { together: checkTogether, migrations: [] });
/** What can be wrong with the settings of a `dicom-out` node. */
export type DicomOutProblem = ReturnType<typeof DICOM_OUT.parse>['problems'][number];

/** Minutes after which an object is given up that could not be sent, where the setting is empty. */
export const GIVE_UP_MINUTES: Readonly<Record<DicomOutSettings['mode'], number>> = {
  wait: 5,
  'store-and-forward': 1_440,
};

function checkTogether({
  peer,
  peersFromMessage,
  allowedPeerHosts,
  retryFirstSeconds,
  retryLastSeconds,
}: DicomOutSettings): TogetherProblem[] {
  const problems: TogetherProblem[] = [];
  if (peer === '' && peersFromMessage.length === 0 && allowedPeerHosts === '')
    problems.push({ field: 'peer', ...finding('required') });
  if (retryLastSeconds < retryFirstSeconds)
    problems.push({ field: 'retryLastSeconds', ...finding('lastBeforeFirst', { first: retryFirstSeconds }) });
  return problems;
}
