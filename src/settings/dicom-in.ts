import { ANY, checkAeTitle, checkAeTitleList, checkOwnAeTitles } from './checks/ae-titles';
import { checkBindAddress, checkHostList, checkProxyList } from './checks/addresses';
import { checkCharacterSet } from './checks/character-sets';
import { checkDirectory } from './checks/directory';
import { checkKeptJson } from './checks/kept-json';
import { checkFilenameTemplate } from './checks/filename-template';
import { checkUidList } from './checks/uids';
import { splitList } from './checks/values';
import { define, type NameOf, type SettingsOf } from './define';
import {
  choice,
  configNode,
  flag,
  integer,
  list,
  someOf,
  startingAs,
  text,
  type BooleanField,
} from './fields';
import { finding, type Problem } from './finding';

const MAX_SECONDS = 86_400;

/** What a node from the palette listens on where the runtime may not use 104: DICOM's registered port beside that. */
export const PORT_WITHOUT_PRIVILEGE = 11_112;

/** Every property of a `dicom-in` node in the flow JSON: its default, its unit or choices, and its check. */
const FIELDS = {
  name: text(''),

  // Listener
  /** A node from the palette has PORT_WITHOUT_PRIVILEGE where the runtime may not use 104. */
  port: integer(104, 1, 65_535),
  bindAddress: text('', checkBindAddress),
  ourAET: text('HL7SOUP_SCP', checkAeTitle),
  /** Empty: clear text. */
  tls: configNode('tls-config'),
  requireClientCertificate: flag(false),

  // Access
  acceptedCallingAETs: text('*', checkAeTitleList),
  checkCalledAET: flag(false),
  /** Further AE titles of ours, on the same port. */
  alsoCalledAETs: text('', checkOwnAeTitles),
  allowedHosts: text('', checkHostList),
  /** Their connections begin with a PROXY protocol header, and nobody else's do. Empty: there are none. */
  trustedProxies: text('', checkProxyList),

  // Limits. Seconds, bytes, megabytes (10^6 bytes) as the names say.
  associationTimeoutSeconds: integer(30, 1, MAX_SECONDS),
  idleTimeoutSeconds: integer(60, 1, MAX_SECONDS),
  maxAssociations: integer(50, 1, 10_000),
  maxPduLength: integer(262_144, 4_096, 16_777_216),
  /** 0: no limit. */
  maxObjectSizeMB: integer(0, 0, 1_000_000),

  // What is accepted
  acceptUnknownSopClasses: flag(true),
  transferSyntaxes: text('', checkUidList),

  // Message
  includeCommonFieldsNode: flag(true),
  includeReportNode: flag(true),
  includeTagsNode: flag(true),
  tagsFormat: choice('keyword', 'dicom-json'),
  output: choice('none', 'buffer', 'file'),
  directory: text('', checkDirectory),
  filenameTemplate: text(
    '{StudyInstanceUID}/{SeriesInstanceUID}/{SOPInstanceUID}.dcm',
    checkFilenameTemplate,
  ),
  /** What happens when a file of that name is there: another name, replace it, or keep it if it is the same object. */
  collision: startingAs('skip-identical', choice('keep-both', 'overwrite', 'skip-identical')),
  /** Hours after which an object that cannot be put in place becomes a dead letter; 0: retried for ever. */
  placeForHours: integer(24, 0, 8_760),
  /** `msg.dicom.document`: the document of an object that encapsulates one. */
  document: flag(true),
  /** Attributes without a value are left out of CommonFields and of Tags in the keyword layout. */
  leaveOutEmpty: flag(false),
  /** Used where an object declares no character set, and where the declared one cannot be. */
  defaultCharacterSet: text('ISO_IR 100', checkCharacterSet),
  /** Larger messages (10^6 bytes of JSON), or ones of more values and keys, have references in Tags. */
  maxMessageMB: integer(2, 1, 1_000),
  maxMessageElements: integer(25_000, 100, 10_000_000),
  addIncomingMessageToCurrentTab: flag(false),
  emitEvents: flag(false),
  /** Models of queries (C-FIND) that come out of the third output, and that the flow answers. None where anyone may call. */
  answerQueries: someOf('study', 'patient', 'worklist'),
  /** Performed procedure steps (N-CREATE, N-SET) come out of the fourth output, and are answered when they are kept, or by the flow. */
  answerMpps: choice('off', 'at-once', 'flow'),
  /** How long the flow may take for each part of an answer to a query, and for one to a procedure step. */
  queryDeadlineSeconds: integer(30, 1, MAX_SECONDS),
  /** The journal says who objects are about. */
  journalPatient: flag(false),

  // Delivery
  /** A queue that machines share; empty: this machine's own, as `queue` says. */
  sharedQueue: configNode('dicom-queue'),
  /** What this node does with a shared queue. */
  role: choice('both', 'receive', 'deliver'),
  queue: choice('disk-synced', 'disk', 'memory'),
  /** Empty: `<userDir>/dicom/<node id>`. */
  queueDirectory: text('', checkDirectory),
  /** The queue's lock holds on one machine only: on a file system that others may share, somebody has to say that none does. */
  onlyThisMachine: startingAs<BooleanField>(false, flag(true)),
  maxQueued: integer(10_000, 1, 10_000_000),
  /** Free space (10^6 bytes) on the queue's disk below which nothing is accepted; 0: no check. */
  minFreeDiskMB: integer(512, 0, 1_000_000_000),
  /** How long an object that the flow got without acknowledging can still be opened by its queueId; 0: not at all. */
  keepDeliveredSeconds: startingAs(60, integer(0, 0, MAX_SECONDS)),
  /** Megabytes (10^6 bytes) of such objects at most, in memory 64; the oldest goes first. */
  keepDeliveredMB: integer(512, 1, 1_000_000),
  respond: choice('received', 'processed'),
  responseTimeoutSeconds: integer(30, 1, MAX_SECONDS),
  acknowledge: flag(false),
  /** Messages that the flow may hold unacknowledged at a time. */
  maxInFlight: integer(16, 1, 1_000),
  acknowledgeTimeoutSeconds: integer(300, 1, MAX_SECONDS),
  /** How often an object is delivered at most before it becomes a dead letter. */
  maxDeliveries: integer(5, 1, 1_000),
  /** How often Node-RED or the receiver may end while it has an object, before that becomes a dead letter. */
  maxCrashes: integer(10, 1, 1_000),

  // Sample, and what is kept for import and export only
  receivedMessageTemplate: text(''),
  messageType: integer(11, 0, 1_000),
  filters: text(''),
  variableTransformers: text(''),
  transformers: text(''),
  activities: list(),
  workflowPatternName: text(''),
  settingId: text(''),
  /** The imported receiver as JSON text: text, because an object's keys could be anything. */
  imported: text('', checkKeptJson),
};

export { FIELDS as DICOM_IN_FIELDS };
export type DicomInField = NameOf<typeof FIELDS>;
/** The settings of a `dicom-in` node, typed and checked. */
export type DicomInSettings = SettingsOf<typeof FIELDS>;
type TogetherProblem = Problem<
  DicomInField,
  'directoryNeeded' | 'tlsNeeded' | 'nothingIncluded' | 'callersNeeded' | 'sharedQueueNeeded'
>;

export const DICOM_IN = define('dicom-in', FIELDS, { together: checkTogether, migrations: [] });
/** What can be wrong with the settings of a `dicom-in` node. */
export type DicomInProblem = ReturnType<typeof DICOM_IN.parse>['problems'][number];

function checkTogether(settings: DicomInSettings): TogetherProblem[] {
  const problems: TogetherProblem[] = [];
  if (settings.output === 'file' && settings.directory === '') {
    problems.push({ field: 'directory', ...finding('directoryNeeded') });
  }
  if (settings.requireClientCertificate && settings.tls === '') {
    // Listening without the protection that was asked for would be worse than not listening.
    problems.push({ field: 'requireClientCertificate', ...finding('tlsNeeded') });
  }
  if (settings.answerQueries.length > 0 && acceptsAnyone(settings)) {
    problems.push({ field: 'answerQueries', ...finding('callersNeeded', {}, 'warning') });
  }
  if (settings.role !== 'both' && settings.sharedQueue === '') {
    problems.push({ field: 'role', ...finding('sharedQueueNeeded') });
  }
  const { includeCommonFieldsNode, includeReportNode, includeTagsNode } = settings;
  if (!includeCommonFieldsNode && !includeReportNode && !includeTagsNode) {
    problems.push({ field: 'includeTagsNode', ...finding('nothingIncluded', {}, 'warning') });
  }
  return problems;
}

/** Whoever calls is let in. */
export function acceptsAnyone({
  acceptedCallingAETs,
}: Pick<DicomInSettings, 'acceptedCallingAETs'>): boolean {
  return splitList(acceptedCallingAETs).includes(ANY);
}

/** How many outputs a node has: objects, events, queries, procedure steps. They never move. */
export function outputsOf({
  emitEvents,
  answerQueries,
  answerMpps,
}: Readonly<Record<'emitEvents' | 'answerQueries' | 'answerMpps', unknown>>): number {
  if (answerMpps !== DICOM_IN.defaults.answerMpps) return 4;
  if (Array.isArray(answerQueries) ? answerQueries.length > 0 : splitList(String(answerQueries)).length > 0)
    return 3;
  return emitEvents === true ? 2 : 1;
}
