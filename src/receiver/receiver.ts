import { Listener, Status, type CommandStatus, type NetworkEvent } from '../network';
import type { DeadLetter, ObjectQueue, OnWarning, QueueRefusal } from '../queue';
import { Answers, type AnswerOutcome } from './answers';
import { Backoff } from './backoff';
import type { ConvertedObject } from './conversion';
import { countsIn, countsMemory, type Counts } from './counts';
import { Delivery, type GiveUpReason } from './delivery';
import type { Counters, RaisedEvent, ReceiverEvent } from './events';
import { listenFault, outputFault, queueFault, type FaultKind, type ReceiverFault } from './faults';
import type { FileOutput } from './file-output';
import { ObjectIntake } from './object-intake';
import { createFileOutput, createQueue, listenerOptions, type ReceiverConfig } from './receiver-config';
import type { ReceiverRequests } from './requests';

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
export class Receiver implements ReceiverRequests {
  private readonly queue: ObjectQueue;
  private readonly files: FileOutput | undefined;
  private readonly listener: Listener;
  private readonly delivery: Delivery;
  private readonly answers: Answers;
  private readonly retries = new Backoff(RETRY_FIRST_MS, RETRY_LAST_MS);
  private retryTimer: NodeJS.Timeout | undefined;
  private lastFault: FaultKind | undefined;
  private countersTimer: NodeJS.Timeout | undefined;
  private starting: Promise<void> = Promise.resolve();
  private queueIsOpen = false;
  private stopping = false;
  private lastFull = -Infinity;
  private readonly count: Counts;

  constructor(
    private readonly config: ReceiverConfig,
    private readonly output: ReceiverOutput,
  ) {
    const { settings, receiverId } = config;
    this.count = countsIn(config.counts ?? countsMemory());
    const onWarning: OnWarning = ({ kind, values }) => this.fault(kind, values);
    this.queue = createQueue(
      config,
      ({ message: reason }) => this.fault('queueLeftover', { reason }),
      onWarning,
    );
    this.files = createFileOutput(config, onWarning);
    this.delivery = new Delivery(
      this.queue,
      settings,
      { ...settings, receiverId, files: this.files },
      {
        deliver: (id, converted) => this.deliver(id, converted),
        gaveUp: (id, reason) => this.gaveUp(id, reason),
        notPlaced: (id, { message: reason }) => this.fault('notPlaced', { id, reason }),
      },
    );
    this.answers = new Answers(settings.responseTimeoutSeconds, (id) =>
      this.fault('responseTimedOut', { id, seconds: settings.responseTimeoutSeconds }),
    );
    const intake = new ObjectIntake(this.queue, {
      queued: (id) => this.queued(id),
      refused: (refusal) => this.queueRefused(refusal),
    });
    this.listener = new Listener({
      ...listenerOptions(config),
      store: intake,
      report: (event) => this.networkEvent(event),
    });
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

  answer(id: string, status: CommandStatus): AnswerOutcome {
    const { acknowledge, respond } = this.config.settings;
    if (!acknowledge && respond === 'received') return 'notAwaited';
    const outcome = this.answers.outcome(id);
    const answered = this.answers.answer(id, status);
    const acknowledged = acknowledge && this.delivery.acknowledged(id);
    this.changed();
    if (answered) return 'answered';
    if (!acknowledged) return outcome;
    this.answers.remember(id, 'alreadyAnswered');
    return outcome === 'tooLate' ? 'tooLate' : 'answered';
  }

  deadLetters(): Promise<DeadLetter[]> {
    return this.queue.deadLetters.list();
  }

  requeue(id: string): boolean {
    const found = this.queue.deadLetters.requeue(id);
    this.delivery.wake();
    this.changed();
    return found;
  }

  discard(id: string): boolean {
    return this.queue.deadLetters.discard(id);
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
    this.answers.close({ status: Status.outOfResources, comment: 'the receiver stops' });
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
    try {
      this.files?.check();
    } catch (error) {
      this.retry(outputFault(error, settings.directory));
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

  private networkEvent(event: NetworkEvent): void {
    switch (event.event) {
      case 'association-accepted':
        this.count.associations += 1;
        break;
      case 'association-rejected':
        this.count.rejected += 1;
        break;
      case 'connection-refused':
        this.count.connectionsRefused += 1;
        break;
      case 'association-aborted':
        this.count.aborted += 1;
        break;
      case 'object-refused':
      case 'request-refused':
        this.count.refused += 1;
        break;
      case 'object-received':
        this.count.received += 1;
        this.count.bytes += event.bytes;
        break;
      case 'association-released':
        break;
    }
    if (event.event !== 'object-received' || this.config.tellsOfObjects) this.raise(event);
    this.changed();
  }

  /** The object is safe: its sender hears of it now, or when the flow says what to say. */
  private queued(id: string): Promise<CommandStatus> {
    const answer =
      this.config.settings.respond === 'processed'
        ? this.answers.wait(id)
        : Promise.resolve({ status: Status.success });
    this.delivery.wake();
    return answer;
  }

  private deliver(id: string, converted: ConvertedObject): void {
    // Recovered, or delivered again: nobody waits for the answer any more.
    const isLate = this.config.settings.respond === 'processed' && !this.answers.isWaiting(id);
    if (isLate) this.answers.remember(id, 'tooLate');
    this.output.deliver(id, converted);
  }

  private queueRefused({ code, message: text }: QueueRefusal): void {
    const now = performance.now();
    if (now - this.lastFull < FULL_INTERVAL_MS) return;
    this.lastFull = now;
    this.raise({ event: code === 'DISK_LOW' || code === 'ENOSPC' ? 'disk-low' : 'queue-full', text });
  }

  private gaveUp(id: string, reason: GiveUpReason): void {
    if (reason.kind === 'notConverted') this.fault('notConverted', { id, reason: reason.text });
    else this.fault('notAcknowledged', { id, deliveries: reason.deliveries });
    const text =
      reason.kind === 'notConverted' ? reason.text : `not acknowledged (deliveries: ${reason.deliveries})`;
    this.raise({ event: 'dead-letter', queueId: `${this.config.receiverId}:${id}`, text });
    this.changed();
  }

  private fault(kind: FaultKind, values: ReceiverFault['values']): void {
    this.output.fault({ kind, values, down: false });
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
