import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Backoff } from './backoff';
import { countsIn, countsMemory } from './counts';
import type { Counters, RaisedEvent, ReceiverEvent } from './events';
import type { ReceiverFault } from './faults';
import type { FlowMessage } from './message';
import { Outbox } from './outbox';
import type { ReceiverConfig } from './receiver-config';
import { RequestSender, type RequestArguments, type RequestName, type RequestResult } from './requests';
import type { FromWorker, ToWorker } from './worker-protocol';

/** What a host tells the node, on the main thread. */
export interface HostListener {
  message(message: FlowMessage): void;
  event(event: ReceiverEvent): void;
  counters(counters: Counters): void;
  fault(fault: ReceiverFault): void;
}

const RESTART_FIRST_MS = 1_000;
const RESTART_LAST_MS = 30_000;
/** A worker that ran so long starts its back-off anew. */
const STABLE_MS = 60_000;
/** Added to the grace before a worker that does not answer is terminated. */
const STOP_MARGIN_MS = 2_000;
/** The worker's heap; a worker that outgrows it ends alone, and is restarted. */
const WORKER_HEAP_MB = 512;

type Delivery = FromWorker & { kind: 'delivery' };

/**
 * Runs a Receiver in a worker thread and restarts it when it dies, so that nothing a peer does reaches Node-RED's own
 * thread. Messages go to the flow one a turn of the event loop.
 */
export class ReceiverHost {
  private worker: Worker | undefined;
  private deliveries: Delivery[] = [];
  private scheduled: NodeJS.Immediate | undefined;
  private restartTimer: NodeJS.Timeout | undefined;
  private readonly backoff = new Backoff(RESTART_FIRST_MS, RESTART_LAST_MS);
  private startedAt = 0;
  private restarts = 0;
  private queued = 0;
  private openAssociations = 0;
  private stopping = false;
  /** Counting goes on where a worker that died left off. */
  private readonly counts = countsMemory();
  /** To the worker that runs; undefined while none does. */
  private outbox: Outbox<ToWorker> | undefined;
  private readonly requests = new RequestSender((request) => this.postNow(request));

  constructor(
    private readonly config: ReceiverConfig,
    private readonly listener: HostListener,
  ) {}

  start(): void {
    this.startedAt = performance.now();
    const workerData: ReceiverConfig = { ...this.config, counts: this.counts };
    const worker = new Worker(join(__dirname, 'worker.js'), {
      name: `dicom-in:${this.config.settings.port}`,
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MB },
    });
    this.worker = worker;
    this.outbox = new Outbox((messages) => worker.postMessage(messages));
    let reason = '';
    worker.on('message', (messages: FromWorker[]) => {
      for (const message of messages) this.receive(message);
    });
    worker.on('messageerror', (error) => (reason = error.message));
    worker.on('error', (error) => (reason = error instanceof Error ? error.message : String(error)));
    worker.on('exit', (code) => this.exited(reason || `exit code ${code}`));
  }

  /**
   * Stops the receiver. Objects under way may be finished within the grace; messages that the flow has not got yet
   * stay in the queue. Resolves when the worker is gone and its port is free.
   */
  async stop(graceMs: number): Promise<void> {
    this.stopping = true;
    clearTimeout(this.restartTimer);
    this.dropDeliveries();
    const { worker } = this;
    if (worker === undefined) return;
    const exited = new Promise((resolve) => worker.once('exit', resolve));
    this.postNow({ kind: 'stop', graceMs });
    const deadline = setTimeout(() => void worker.terminate(), graceMs + STOP_MARGIN_MS);
    await exited;
    clearTimeout(deadline);
  }

  /** Asks the receiver. @throws ReceiverNotRunning while there is none */
  ask<Name extends RequestName>(name: Name, ...args: RequestArguments<Name>): Promise<RequestResult<Name>> {
    return this.requests.ask(name, ...args);
  }

  /** As of now; of what is open and what waits, as of a second ago at most. */
  counters(): Counters {
    const { queued, openAssociations } = this;
    return { ...countsIn(this.counts), openAssociations, queued };
  }

  private receive(message: FromWorker): void {
    switch (message.kind) {
      case 'reply':
        this.requests.replied(message);
        break;
      case 'delivery':
        if (this.stopping) return;
        this.deliveries.push(message);
        this.schedule();
        break;
      case 'event':
        this.listener.event(message.event);
        break;
      case 'counters':
        ({ queued: this.queued, openAssociations: this.openAssociations } = message.counters);
        this.listener.counters(message.counters);
        break;
      case 'fault':
        this.listener.fault(message.fault);
        break;
    }
  }

  private schedule(): void {
    this.scheduled ??= setImmediate(() => {
      this.scheduled = undefined;
      const next = this.deliveries.shift();
      if (next !== undefined) this.handOver(next);
      if (this.deliveries.length > 0) this.schedule();
    });
  }

  private handOver({ id, json, object }: Delivery): void {
    const message = JSON.parse(json) as FlowMessage;
    if (object !== undefined) {
      message.dicom.object = Buffer.from(object.buffer, object.byteOffset, object.byteLength);
    }
    this.listener.message(message);
    // Node-RED passes messages on in later turns, and drops them when it stops the flow in between: only a message that
    // its first node can have got leaves the queue. One that was stopped comes again, marked redelivered.
    setImmediate(() => setImmediate(() => this.handedOver(id)));
  }

  private handedOver(id: string): void {
    if (!this.stopping) this.outbox?.add({ kind: 'handed-over', id });
  }

  private dropDeliveries(): void {
    this.deliveries = [];
    clearImmediate(this.scheduled);
    this.scheduled = undefined;
  }

  private exited(reason: string): void {
    this.worker = undefined;
    this.outbox = undefined;
    this.requests.abandon();
    // What waits here is still in the queue, and comes again from the next worker.
    this.dropDeliveries();
    if (this.stopping) return;
    if (performance.now() - this.startedAt > STABLE_MS) this.backoff.reset();
    const wait = this.backoff.wait();
    this.restarts += 1;
    this.openAssociations = 0;
    this.listener.counters(this.counters());
    this.listener.fault({ kind: 'workerCrashed', values: { reason, seconds: wait / 1000 }, down: true });
    this.raise({ event: 'worker-restarted', text: reason, restarts: this.restarts });
    this.restartTimer = setTimeout(() => this.start(), wait);
  }

  private raise(event: RaisedEvent): void {
    this.listener.event({ at: new Date().toISOString(), ...event });
  }

  /** False when there is no worker. */
  private postNow(message: ToWorker): boolean {
    this.outbox?.add(message);
    this.outbox?.flush();
    return this.outbox !== undefined;
  }
}
