import { join } from 'node:path';
import type { FlowMessage } from '../message';
import { asError } from '../basics';
import { DeliveringHost } from '../delivery';
import type { CommandStatus, CommitmentReport } from '../network';
import { WorkerNotRunning, type WorkerNews } from '../worker';
import { countsIn, countsMemory } from './counts';
import type { Counters, RaisedEvent, ReceiverEvent } from './events';
import type { FaultKind, ReceiverFault } from './faults';
import type { ReceiverConfig } from './receiver-config';
import type { ReceiverRequests } from './requests';
import type { FromReceiver, ToReceiver } from './worker-protocol';

/** What a host tells the node, on the main thread. Where one of these throws, a fault `unexpected` tells of it. */
export interface HostListener {
  /** Where it throws, the flow has not got the message: it comes again. */
  message(message: FlowMessage): void;
  event(event: ReceiverEvent): void;
  counters(counters: Counters): void;
  fault(fault: ReceiverFault): void;
  /** A fault that was `down` is so no more. The receiver is as it was before. */
  recovered(kind: FaultKind): void;
  /** A peer says what it has stored. Resolves with the answer to it; success: it need not say it again. */
  report(callingAET: string, report: CommitmentReport): Promise<CommandStatus>;
  /** A query that the flow is to answer: `ask('answerQuery')`. */
  query(message: RequestMessage): void;
  /** A procedure step. Where this throws, the flow has not got the message: it comes again when the receiver starts. */
  step(message: RequestMessage): void;
}

/** The message of a request: `dicom` has who asks, and by what the flow answers. */
export interface RequestMessage {
  payload: unknown;
  topic: string;
  dicom: object;
}

/** The worker's heap; a worker that outgrows it ends alone, and is restarted. */
const WORKER_HEAP_MB = 512;

/** Receivers whose threads cannot be ended: others meet what they still have. */
const stuck = new Set<ReceiverConfig>();

/** Runs a Receiver in a worker thread, so that nothing a peer does reaches Node-RED's own thread. */
export class ReceiverHost extends DeliveringHost<ReceiverConfig, ToReceiver, FromReceiver, ReceiverRequests> {
  private queued = 0;
  private openAssociations = 0;
  private deadLetters = 0;
  private shared: Counters['shared'];
  private reporters: readonly string[] = [];
  /** The flow gets nothing more. */
  private isStopping = false;
  /** Counting goes on where a worker that died left off. */
  private readonly counts: ReturnType<typeof countsMemory>;
  /** What each worker is started with. */
  private readonly startConfig: ReceiverConfig;

  constructor(
    private readonly config: ReceiverConfig,
    private readonly listener: HostListener,
  ) {
    const file = join(__dirname, 'worker.js');
    const name = `dicom-in:${config.settings.port}`;
    const counts = countsMemory();
    const startConfig = { ...config, counts };
    super({ file, name, heapMB: WORKER_HEAP_MB }, startConfig, listener);
    this.counts = counts;
    this.startConfig = startConfig;
  }

  override async stop(graceMs: number): Promise<void> {
    this.isStopping = true;
    await super.stop(graceMs);
  }

  /**
   * Accepts nothing more, also after a restart of the worker, and goes on to deliver what is queued. Associations that are open
   * are aborted after so long, between two objects. Resolves with the number of those.
   */
  async drain(graceMs: number): Promise<number> {
    this.startConfig.drained = true;
    try {
      return await this.ask('drain', graceMs);
    } catch (error) {
      // The next worker does not listen.
      if (error instanceof WorkerNotRunning) return 0;
      throw error;
    }
  }

  /** Peers with these AE titles may report on storage commitment. */
  setReporters(callingAETs: readonly string[]): void {
    this.reporters = callingAETs;
    this.tellReporters();
  }

  /** A worker that has just begun knows none. */
  private tellReporters(): void {
    this.worker.post({ kind: 'reporters', callingAETs: this.reporters });
  }

  /** As of now; of what is open and what waits, as of a second ago at most. */
  counters(): Counters {
    const { queued, openAssociations, deadLetters, shared } = this;
    return { ...countsIn(this.counts), openAssociations, queued, deadLetters, ...(shared && { shared }) };
  }

  protected receive(message: FromReceiver): void {
    switch (message.kind) {
      case 'delivery':
        this.deliver(message);
        break;
      case 'event':
        this.listener.event(message.event);
        break;
      case 'counters':
        ({
          queued: this.queued,
          openAssociations: this.openAssociations,
          deadLetters: this.deadLetters,
          shared: this.shared,
        } = message.counters);
        this.listener.counters(message.counters);
        break;
      case 'fault':
        this.listener.fault(this.isHeldByStuck(message.fault) ? this.stuckFault() : message.fault);
        break;
      case 'recovered':
        this.listener.recovered(message.fault);
        break;
      case 'report':
        this.report(message).catch((error: unknown) => this.boundary.failed(asError(error)));
        break;
      case 'query':
        if (!this.isStopping) this.listener.query(JSON.parse(message.json) as RequestMessage);
        break;
      case 'step':
        if (this.isStopping) break;
        this.listener.step(JSON.parse(message.json) as RequestMessage);
        this.worker.post({ kind: 'step-told', id: message.id });
        break;
    }
  }

  private async report({ number, callingAET, report }: FromReceiver & { kind: 'report' }): Promise<void> {
    const status = await this.listener.report(callingAET, report);
    this.worker.post({ kind: 'report-answer', number, status });
  }

  protected override started(): void {
    this.tellReporters();
  }

  protected override heard(news: WorkerNews): void {
    if (news.kind === 'stuck') stuck.add(this.config);
    if (news.kind === 'ended' || news.kind === 'stopped') stuck.delete(this.config);
    if (news.kind !== 'ended') return super.heard(news);
    this.openAssociations = 0;
    this.boundary.run(() => this.listener.counters(this.counters()));
    this.boundary.run(() => super.heard(news));
    const { reason: text, restarts } = news;
    this.boundary.run(() => this.raise({ event: 'worker-restarted', text, restarts }));
  }

  protected override stuckFacts(): ReceiverFault['values'] {
    return { port: this.config.settings.port };
  }

  /** The port or the queue is not in use by another program, but by what is left of a node of ours. */
  private isHeldByStuck({ kind }: ReceiverFault): boolean {
    const { queueDirectory, settings } = this.config;
    return [...stuck].some(
      (other) =>
        (kind === 'portInUse' && other.settings.port === settings.port) ||
        (kind === 'queueInUse' && other.queueDirectory === queueDirectory),
    );
  }

  private stuckFault(): ReceiverFault {
    return { kind: 'workerStuck', values: this.stuckFacts(), down: true };
  }

  private raise(event: RaisedEvent): void {
    this.listener.event({ at: new Date().toISOString(), ...event });
  }
}
