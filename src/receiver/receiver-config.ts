import { hostname } from 'node:os';
import type { TlsOptions } from 'node:tls';
import type { OnWarning } from '../basics';
import { isStorageSopClass } from '../dicom';
import type { JournalConfig } from '../journal';
import { FileOutput } from '../message';
import { hostFilter, STEP_SOP_CLASS, type AssociationPolicy, type ListenerOptions } from '../network';
import { studyOf } from '../object';
import { FIND_SOP_CLASS, type QueryModel } from '../query';
import {
  DiskQueue,
  MemoryQueue,
  PostgresQueue,
  type DiskQueueOptions,
  type KeepLimits,
  type ObjectQueue,
  type PostgresQueueOptions,
  type SharedPlace,
} from '../queue';
import {
  acceptsAnyone,
  pick,
  RECEIVED_OBJECT_FIELDS,
  splitList,
  type DicomInField,
  type DicomInSettings,
} from '../settings';

/** What a receiver uses of a node's settings: samples and what is kept of imports, which may be long, are not among it. */
const RECEIVER_SETTINGS = [
  ...RECEIVED_OBJECT_FIELDS,
  'port',
  'bindAddress',
  'ourAET',
  'acceptedCallingAETs',
  'checkCalledAET',
  'alsoCalledAETs',
  'allowedHosts',
  'trustedProxies',
  'associationTimeoutSeconds',
  'idleTimeoutSeconds',
  'maxAssociations',
  'maxPduLength',
  'acceptUnknownSopClasses',
  'role',
  'respond',
  'responseTimeoutSeconds',
  'answerQueries',
  'answerMpps',
  'queryDeadlineSeconds',
] as const satisfies readonly DicomInField[];
export type ReceiverSettings = Pick<DicomInSettings, (typeof RECEIVER_SETTINGS)[number]>;

/** The settings that go to a receiver. */
export const receiverSettings = (settings: DicomInSettings): ReceiverSettings =>
  pick(settings, RECEIVER_SETTINGS);

/** A queue in a database. */
export type SharedQueue = SharedPlace & Pick<PostgresQueueOptions, 'shared' | 'maxBytes'>;

/** What decides where objects go that have been accepted. */
export interface QueuePlace {
  /** The node's id. */
  receiverId: string;
  settings: Pick<
    ReceiverSettings,
    | 'queue'
    | 'onlyThisMachine'
    | 'maxQueued'
    | 'minFreeDiskMB'
    | 'keepDeliveredSeconds'
    | 'keepDeliveredMB'
    | 'output'
    | 'directory'
    | 'filenameTemplate'
    | 'collision'
  >;
  /** Where queued objects are kept, for the disk modes. */
  queueDirectory: string;
}

/** Everything that a receiver needs to run, as plain data that can be posted to a worker. */
export interface ReceiverConfig extends QueuePlace {
  settings: ReceiverSettings;
  /** Where procedure steps are kept, if they are. */
  stepsDirectory: string;
  /** Undefined: the queue is this machine's own. */
  shared?: SharedQueue;
  /** Undefined: clear text. */
  tls?: TlsOptions;
  /** Somebody wants an event for each object received: it costs as much as a small object's message. */
  tellsOfObjects: boolean;
  /** Undefined: none is kept. */
  journal?: JournalConfig;
  /** It was drained: it delivers what is queued, and does not listen. */
  drained?: boolean;
  /** Where to count; undefined: memory of its own. */
  counts?: SharedArrayBuffer;
}

const BYTES_PER_MEGABYTE = 1_000_000;

type QueueListener = Pick<DiskQueueOptions, 'onLeftover' | 'onSync' | 'onWarning'>;
type SharedQueueListener = Pick<PostgresQueueOptions, 'onAway' | 'onBack' | 'onAnswer'>;

/** The queue that the settings of a receiver ask for: a shared one, or one of this machine. */
export function createReceiverQueue(
  config: ReceiverConfig,
  listener: QueueListener & SharedQueueListener,
): ObjectQueue {
  const { shared, settings, queueDirectory } = config;
  if (shared === undefined) return createQueue(config, listener);
  return new PostgresQueue({
    ...shared,
    directory: queueDirectory,
    maxObjects: settings.maxQueued,
    minFreeBytes: settings.minFreeDiskMB * BYTES_PER_MEGABYTE,
    delivers: settings.role !== 'receive',
    ...keepLimits({ ...settings, queue: 'disk' }),
    ...listener,
  });
}

/** The queue of this machine that the settings ask for. */
export function createQueue(config: QueuePlace, listener: QueueListener): ObjectQueue {
  const { queue, maxQueued, minFreeDiskMB, onlyThisMachine } = config.settings;
  const local = { maxObjects: maxQueued, studyOf, ...keepLimits(config.settings), ...listener };
  if (queue === 'memory') return new MemoryQueue(local);
  return new DiskQueue({
    directory: config.queueDirectory,
    synced: queue === 'disk-synced',
    minFreeBytes: minFreeDiskMB * BYTES_PER_MEGABYTE,
    onlyThisMachine,
    ...local,
  });
}

/** Memory is dearer than a disk. */
const MOST_KEPT_IN_MEMORY_MB = 64;

function keepLimits({ queue, keepDeliveredSeconds, keepDeliveredMB }: QueuePlace['settings']): KeepLimits {
  const most = queue === 'memory' ? Math.min(keepDeliveredMB, MOST_KEPT_IN_MEMORY_MB) : keepDeliveredMB;
  return { keepDeliveredMs: keepDeliveredSeconds * 1_000, keepDeliveredBytes: most * BYTES_PER_MEGABYTE };
}

/** Where the settings want objects as files. */
export function createFileOutput(config: QueuePlace, onWarning: OnWarning): FileOutput | undefined {
  const { settings, receiverId, queueDirectory } = config;
  if (settings.output !== 'file') return undefined;
  return new FileOutput(settings, { owner: [hostname(), queueDirectory, receiverId].join('\n'), onWarning });
}

/** Whose connections begin with a PROXY protocol header; undefined: nobody's. */
export function proxyFilter({
  trustedProxies,
}: Pick<DicomInSettings, 'trustedProxies'>): ListenerOptions['isProxy'] {
  const proxies = splitList(trustedProxies);
  return proxies.length === 0 ? undefined : hostFilter(proxies);
}

/** What the settings mean for the listener. */
export function listenerOptions({
  settings,
  tls,
}: ReceiverConfig): Omit<ListenerOptions, 'store' | 'commitments' | 'queries' | 'steps' | 'report'> {
  const isProxy = proxyFilter(settings);
  return {
    port: settings.port,
    bindAddress: settings.bindAddress,
    allowsHost: hostFilter(splitList(settings.allowedHosts)),
    ...(isProxy && { isProxy }),
    policy: associationPolicy(settings),
    limits: {
      associationTimeoutSeconds: settings.associationTimeoutSeconds,
      idleTimeoutSeconds: settings.idleTimeoutSeconds,
      maxPduLength: settings.maxPduLength,
      maxObjectBytes: settings.maxObjectSizeMB * BYTES_PER_MEGABYTE,
    },
    ...(tls && { tls }),
  };
}

/** Answers to queries are about patients: where anyone may call, there are none. */
function answeredClasses(settings: ReceiverSettings): ReadonlySet<string> {
  const queries = acceptsAnyone(settings) ? [] : settings.answerQueries;
  return new Set([
    ...queries.map((model) => FIND_SOP_CLASS[model as QueryModel]),
    ...(settings.answerMpps === 'off' ? [] : [STEP_SOP_CLASS]),
  ]);
}

function associationPolicy(settings: ReceiverSettings): AssociationPolicy {
  const callers = splitList(settings.acceptedCallingAETs);
  return {
    ourAET: settings.ourAET,
    alsoCalledAETs: splitList(settings.alsoCalledAETs),
    checkCalledAET: settings.checkCalledAET,
    callingAETs: acceptsAnyone(settings) ? 'any' : new Set(callers.map((title) => title.toUpperCase())),
    answeredClasses: answeredClasses(settings),
    maxAssociations: settings.maxAssociations,
    acceptUnknownSopClasses: settings.acceptUnknownSopClasses,
    isStorageSopClass,
    transferSyntaxes: splitList(settings.transferSyntaxes),
  };
}
