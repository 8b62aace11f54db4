import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { BackOff } from '../basics';
import type { FlowMessage } from '../message';
import { asError, Boundary, Outbox } from '../worker';
import { countsIn, countsMemory } from './counts';
import type { Counters, RaisedEvent, ReceiverEvent } from './events';
import type { ReceiverFault } from './faults';
import type { ReceiverConfig } from './receiver-config';
import { RequestSender, type RequestArguments, type RequestName, type RequestResult } from './requests';
import type { FromWorker, ToWorker } from './worker-protocol';

/** What a host tells the node, on the main thread. Where one of these throws, a fault `unexpected` tells of it. */
export interface HostListener {
  /** Where it throws, the flow has not got the message: it comes again. */
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

/** An error's text goes back to the worker, and into a note: it may quote a whole message. */
const MAX_REASON = 500;

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
  private readonly backoff = new BackOff(RESTART_FIRST_MS, RESTART_LAST_MS);
  private startedAt = 0;
  private restarts = 0;
  private queued = 0;
  private openAssociations = 0;
  private deadLetters = 0;
  private stopping = false;
  /** Counting goes on where a worker that died left off. */
  private readonly counts = countsMemory();
  /** To the worker that runs; undefined while none does. */
  private outbox: Outbox<ToWorker> | undefined;
  private readonly requests = new RequestSender((request) => this.postNow(request));
  private readonly boundary = new Boundary(({ message: reason }) =>
    this.listener.fault({ kind: 'unexpected', values: { reason }, down: false }),
  );

  constructor(
    private readonly config: ReceiverConfig,
    private readonly listener: HostListener,
  ) {}

  /** What goes wrong is a fault, and is tried again. */
  start(): void {
    if (this.stopping) return;
    this.startedAt = performance.now();
    try {
      this.startWorker();
    } catch (error) {
      this.exited(asError(error).message);
    }
  }

  private startWorker(): void {
    const workerData: ReceiverConfig = { ...this.config, counts: this.counts };
    const worker = new Worker(join(__dirname, 'worker.js'), {
      name: `dicom-in:${this.config.settings.port}`,
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MB },
    });
    this.worker = worker;
    this.outbox = new Outbox((messages) => this.post(worker, messages));
    let reason = '';
    worker.on('message', (messages: FromWorker[]) => {
      for (const message of messages) this.boundary.run(() => this.receive(message));
    });
    // What it said is lost: only a new one knows what the flow has not got.
    worker.on('messageerror', (error) => {
      reason = error.message;
      void worker.terminate();
    });
    worker.on('error', (error) => (reason = asError(error).message));
    worker.on('exit', (code) => this.exited(reason || `exit code ${code}`));
  }

  /** A worker that has not been told something would wait for it for ever: a new one begins at a known point. */
  private post(worker: Worker, messages: ToWorker[]): void {
    try {
      worker.postMessage(messages);
    } catch (error) {
      void worker.terminate();
      this.boundary.failed(error);
    }
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
    const { queued, openAssociations, deadLetters } = this;
    return { ...countsIn(this.counts), openAssociations, queued, deadLetters };
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
        ({
          queued: this.queued,
          openAssociations: this.openAssociations,
          deadLetters: this.deadLetters,
        } = message.counters);
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
      if (next !== undefined) this.boundary.run(() => this.handOver(next));
      if (this.deliveries.length > 0) this.schedule();
    });
  }

  private handOver(delivery: Delivery): void {
    const { id } = delivery;
    try {
      this.listener.message(messageOf(delivery));
    } catch (error) {
      const reason = asError(error).message.slice(0, MAX_REASON);
      this.outbox?.add({ kind: 'not-handed-over', id, reason });
      throw error;
    }
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
    this.restartTimer = setTimeout(() => this.start(), wait);
    const values = { reason, seconds: wait / 1000 };
    this.boundary.run(() => this.listener.counters(this.counters()));
    this.boundary.run(() => this.listener.fault({ kind: 'workerCrashed', values, down: true }));
    this.boundary.run(() => this.raise({ event: 'worker-restarted', text: reason, restarts: this.restarts }));
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

function messageOf({ json, object, document }: Delivery): FlowMessage {
  const message = parse(json);
  if (object !== undefined) message.dicom.object = asBuffer(object);
  if (document !== undefined && message.dicom.document !== undefined)
    message.dicom.document.data = asBuffer(document);
  return message;
}

/** What another thread has sent is no Buffer any more. */
function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** The error of `JSON.parse` quotes the text: it must not get into a log. */
function parse(json: string): FlowMessage {
  try {
    return JSON.parse(json) as FlowMessage;
  } catch {
    throw new Error('the message of the object is not valid JSON');
  }
}
