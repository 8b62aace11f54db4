import { hostname } from 'node:os';
import type { TlsOptions } from 'node:tls';
import type { OnWarning } from '../basics';
import { isStorageSopClass } from '../dicom';
import type { JournalConfig } from '../journal';
import { FileOutput } from '../message';
import { hostFilter, type AssociationPolicy, type ListenerOptions } from '../network';
import { studyOf } from '../object';
import {
  DiskQueue,
  MemoryQueue,
  PostgresQueue,
  type DiskQueueOptions,
  type KeepLimits,
  type ObjectQueue,
  type PostgresQueueOptions,
} from '../queue';
import { ANY, pick, splitList, type DicomInField, type DicomInSettings } from '../settings';

/** What a receiver uses of a node's settings: samples and what is kept of imports, which may be long, are not among it. */
const RECEIVER_SETTINGS = [
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
  'maxObjectSizeMB',
  'acceptUnknownSopClasses',
  'transferSyntaxes',
  'includeCommonFieldsNode',
  'includeReportNode',
  'includeTagsNode',
  'tagsFormat',
  'output',
  'directory',
  'filenameTemplate',
  'collision',
  'placeForHours',
  'document',
  'leaveOutEmpty',
  'defaultCharacterSet',
  'maxMessageMB',
  'maxMessageElements',
  'role',
  'queue',
  'onlyThisMachine',
  'maxQueued',
  'minFreeDiskMB',
  'keepDeliveredSeconds',
  'keepDeliveredMB',
  'respond',
  'responseTimeoutSeconds',
  'acknowledge',
  'maxInFlight',
  'acknowledgeTimeoutSeconds',
  'maxDeliveries',
  'maxCrashes',
] as const satisfies readonly DicomInField[];
export type ReceiverSettings = Pick<DicomInSettings, (typeof RECEIVER_SETTINGS)[number]>;

/** The settings that go to a receiver. */
export const receiverSettings = (settings: DicomInSettings): ReceiverSettings =>
  pick(settings, RECEIVER_SETTINGS);

/** A queue in a database. */
export type SharedQueue = Pick<PostgresQueueOptions, 'database' | 'schema' | 'queue'>;

/** Everything that a receiver needs to run, as plain data that can be posted to a worker. */
export interface ReceiverConfig {
  /** The node's id. */
  receiverId: string;
  settings: ReceiverSettings;
  /** Where queued objects are kept, for the disk modes. */
  queueDirectory: string;
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

type QueueListener = Pick<DiskQueueOptions, 'onLeftover' | 'onSync' | 'onWarning'> &
  Pick<PostgresQueueOptions, 'onAway' | 'onBack' | 'onAnswer'>;

/** The queue that the settings ask for. */
export function createQueue(config: ReceiverConfig, listener: QueueListener): ObjectQueue {
  const { queue, maxQueued, minFreeDiskMB, onlyThisMachine, role } = config.settings;
  if (config.shared !== undefined)
    return new PostgresQueue({
      ...config.shared,
      directory: config.queueDirectory,
      maxObjects: maxQueued,
      minFreeBytes: minFreeDiskMB * BYTES_PER_MEGABYTE,
      delivers: role !== 'receive',
      ...keepLimits({ ...config.settings, queue: 'disk' }),
      ...listener,
    });
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

function keepLimits({ queue, keepDeliveredSeconds, keepDeliveredMB }: ReceiverSettings): KeepLimits {
  const most = queue === 'memory' ? Math.min(keepDeliveredMB, MOST_KEPT_IN_MEMORY_MB) : keepDeliveredMB;
  return { keepDeliveredMs: keepDeliveredSeconds * 1_000, keepDeliveredBytes: most * BYTES_PER_MEGABYTE };
}

/** Where the settings want objects as files. */
export function createFileOutput(config: ReceiverConfig, onWarning: OnWarning): FileOutput | undefined {
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
}: ReceiverConfig): Omit<ListenerOptions, 'store' | 'commitments' | 'report'> {
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

function associationPolicy(settings: ReceiverSettings): AssociationPolicy {
  const callers = splitList(settings.acceptedCallingAETs);
  return {
    ourAET: settings.ourAET,
    alsoCalledAETs: splitList(settings.alsoCalledAETs),
    checkCalledAET: settings.checkCalledAET,
    callingAETs: callers.includes(ANY) ? 'any' : new Set(callers.map((title) => title.toUpperCase())),
    maxAssociations: settings.maxAssociations,
    acceptUnknownSopClasses: settings.acceptUnknownSopClasses,
    isStorageSopClass,
    transferSyntaxes: splitList(settings.transferSyntaxes),
  };
}
