import type { TlsOptions } from 'node:tls';
import { isStorageSopClass } from '../dicom';
import { Listener, hostFilter, type AssociationPolicy, type NetworkEvent } from '../network';
import { DiskQueue, MemoryQueue, type ObjectQueue, type QueueRefusal } from '../queue';
import { ANY, splitList, type DicomInSettings } from '../settings';
import { Backoff } from './backoff';
import type { ConvertedObject } from './conversion';
import { Delivery } from './delivery';
import type { Counters, RaisedEvent, ReceiverEvent } from './events';
import { listenFault, queueFault, type FaultKind, type ReceiverFault } from './faults';
import { ObjectIntake } from './object-intake';

/** Everything that a receiver needs to run, as plain data that can be posted to a worker. */
export interface ReceiverConfig {
  settings: DicomInSettings;
  /** Where queued objects are kept, for the disk modes. */
  queueDirectory: string;
  /** Undefined: clear text. */
  tls?: TlsOptions;
}

/** Where a receiver's results go. Nothing here may throw. */
export interface ReceiverOutput {
  /** An object for the flow; answer with `handedOver(id)`. */
  deliver(id: string, converted: ConvertedObject): void;
  event(event: ReceiverEvent): void;
  /** At most once a second, and only on change. */
  counters(counters: Counters): void;
  fault(fault: ReceiverFault): void;
}

const RETRY_FIRST_MS = 5_000;
const RETRY_LAST_MS = 30_000;
const COUNTERS_INTERVAL_MS = 1_000;
/** A full queue is reported once in so many milliseconds, not for every object it refuses. */
const FULL_INTERVAL_MS = 10_000;

/**
 * A DICOM Storage SCP with its queue: listener → queue → conversion → output. It runs in a worker thread (`worker.ts`)
 * or, in tests, in the process itself.
 */
export class Receiver {
  private readonly queue: ObjectQueue;
  private readonly listener: Listener;
  private readonly delivery: Delivery;
  private readonly retries = new Backoff(RETRY_FIRST_MS, RETRY_LAST_MS);
  private retryTimer: NodeJS.Timeout | undefined;
  private lastFault: FaultKind | undefined;
  private countersTimer: NodeJS.Timeout | undefined;
  private starting: Promise<void> = Promise.resolve();
  private queueIsOpen = false;
  private stopping = false;
  private lastFull = 0;
  private readonly count = {
    associations: 0,
    rejected: 0,
    aborted: 0,
    received: 0,
    refused: 0,
    bytes: 0,
    delivered: 0,
  };

  constructor(
    private readonly config: ReceiverConfig,
    private readonly output: ReceiverOutput,
  ) {
    const { settings } = config;
    this.queue = this.createQueue();
    this.delivery = new Delivery(
      this.queue,
      settings,
      (id, converted) => output.deliver(id, converted),
      (id, error) => this.notConverted(id, error),
    );
    this.listener = this.createListener(
      new ObjectIntake(this.queue, (refusal) => this.queueRefused(refusal)),
    );
  }

  /** Opens the queue, begins to deliver what is in it, and listens; on failure reports and tries again by itself. */
  start(): void {
    this.starting = this.attempt();
  }

  /** The flow has got the object. */
  handedOver(id: string): void {
    this.count.delivered += 1;
    this.delivery.handedOver(id);
    this.changed();
  }

  /**
   * Stops listening and delivering. Objects under way may be finished within the grace; what is queued stays queued.
   * Resolves when the port is free and nothing of the receiver runs any more.
   */
  async stop(graceMs: number): Promise<void> {
    this.stopping = true;
    clearTimeout(this.retryTimer);
    await this.starting;
    this.delivery.stop();
    await this.listener.close(graceMs);
    clearTimeout(this.countersTimer);
    this.queue.close();
    this.raise({ event: 'stopped' });
  }

  private async attempt(): Promise<void> {
    const { settings, queueDirectory } = this.config;
    try {
      if (!this.queueIsOpen) await this.queue.open();
      this.queueIsOpen = true;
    } catch (error) {
      this.retry(queueFault(error, queueDirectory));
      return;
    }
    this.delivery.wake();
    if (this.stopping) return;
    try {
      const { address, port } = await this.listener.listen();
      this.retries.reset();
      this.lastFault = undefined;
      this.raise({ event: 'listening', address, port });
      this.changed();
    } catch (error) {
      this.retry(listenFault(error, settings.port, settings.bindAddress));
    }
  }

  /** The same fault is reported once, not with every attempt. */
  private retry(found: ReceiverFault): void {
    if (found.kind !== this.lastFault) this.output.fault(found);
    this.lastFault = found.kind;
    if (!this.stopping) this.retryTimer = setTimeout(() => this.start(), this.retries.wait());
  }

  private createQueue(): ObjectQueue {
    const { queue, maxQueued } = this.config.settings;
    if (queue === 'memory') return new MemoryQueue(maxQueued);
    return new DiskQueue({
      directory: this.config.queueDirectory,
      maxObjects: maxQueued,
      synced: queue === 'disk-synced',
      onLeftover: ({ message: reason }) =>
        this.output.fault({ kind: 'queueLeftover', values: { reason }, down: false }),
    });
  }

  private createListener(store: ObjectIntake): Listener {
    const { settings, tls } = this.config;
    return new Listener({
      port: settings.port,
      bindAddress: settings.bindAddress,
      allowsHost: hostFilter(splitList(settings.allowedHosts)),
      policy: associationPolicy(settings),
      limits: {
        associationTimeoutSeconds: settings.associationTimeoutSeconds,
        idleTimeoutSeconds: settings.idleTimeoutSeconds,
        maxPduLength: settings.maxPduLength,
        maxObjectBytes: settings.maxObjectSizeMB * 1_000_000,
      },
      store,
      report: (event) => this.networkEvent(event),
      ...(tls && { tls }),
    });
  }

  private networkEvent(event: NetworkEvent): void {
    switch (event.event) {
      case 'association-accepted':
        this.count.associations += 1;
        break;
      case 'association-rejected':
      case 'connection-refused':
        this.count.rejected += 1;
        break;
      case 'association-aborted':
        this.count.aborted += 1;
        break;
      case 'object-refused':
        this.count.refused += 1;
        break;
      case 'object-received':
        this.count.received += 1;
        this.count.bytes += event.bytes;
        this.delivery.wake();
        break;
      case 'association-released':
        break;
    }
    this.raise(event);
    this.changed();
  }

  private queueRefused(refusal: QueueRefusal): void {
    const now = Date.now();
    if (now - this.lastFull < FULL_INTERVAL_MS) return;
    this.lastFull = now;
    this.raise({ event: 'queue-full', text: refusal.message });
  }

  private notConverted(id: string, error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    this.output.fault({ kind: 'notConverted', values: { id, reason: text }, down: false });
    this.raise({ event: 'dead-letter', queueId: id, text });
    this.changed();
  }

  private raise(event: RaisedEvent): void {
    this.output.event({ at: new Date().toISOString(), ...event });
  }

  private changed(): void {
    this.countersTimer ??= setTimeout(() => {
      this.countersTimer = undefined;
      this.output.counters({
        ...this.count,
        openAssociations: this.listener.openAssociations,
        queued: this.queue.size,
      });
    }, COUNTERS_INTERVAL_MS);
  }
}

function associationPolicy(settings: DicomInSettings): AssociationPolicy {
  const callers = splitList(settings.acceptedCallingAETs);
  return {
    ourAET: settings.ourAET,
    checkCalledAET: settings.checkCalledAET,
    callingAETs: callers.includes(ANY) ? 'any' : new Set(callers.map((title) => title.toUpperCase())),
    maxAssociations: settings.maxAssociations,
    acceptUnknownSopClasses: settings.acceptUnknownSopClasses,
    isStorageSopClass,
    transferSyntaxes: splitList(settings.transferSyntaxes),
  };
}
