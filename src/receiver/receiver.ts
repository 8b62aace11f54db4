import type { JournalEntry, JournalPage, LetterFacts } from '../admin-api';
import { realFiles, type Lease } from '../basics';
import {
  Answers,
  Delivery,
  giveUpText,
  giveUpValues,
  QueueService,
  Starting,
  type GiveUpReason,
} from '../delivery';
import { withAgain, type JournalConfig, type JournalQuery } from '../journal';
import { type ConvertedObject, FileOutput } from '../message';
import { Listener, Status, type CommandStatus, type NetworkEvent, type StepListener } from '../network';
import { PostgresQueue, type ObjectQueue, type QueueState } from '../queue';
import { CommitmentReports } from './commitment-reports';
import { countEvent, countsIn, countsMemory, type Counts } from './counts';
import type { Counters } from './events';
import { listenFault, outputFault, queueFault, type ReceiverFault } from './faults';
import type { FlowAnswerOutcome } from './flow-answers';
import { FlowQueries, type QueryAnswer } from './flow-queries';
import { ObjectIntake } from './object-intake';
import { RaisedEvents } from './raised-events';
import {
  createFileOutput,
  createReceiverQueue,
  listenerOptions,
  type ReceiverConfig,
} from './receiver-config';
import { ReceiverFaults } from './receiver-faults';
import { ReceiverJournal } from './receiver-journal';
import type { ReceiverOutput } from './receiver-output';
import type { ReceiverRequests } from './requests';
import { SharedReceiving } from './shared-receiving';
import { DiskStepStore, FlowSteps, SharedStepStore, whileThereIsRoom } from './steps';

const RETRY_FIRST_MS = 5_000;
const RETRY_LAST_MS = 30_000;
const COUNTERS_INTERVAL_MS = 1_000;

/**
 * A DICOM Storage SCP with its queue: listener → queue → conversion → output. It runs in a worker thread (`worker.ts`)
 * or, in tests, in the process itself.
 */
export class Receiver extends QueueService implements ReceiverRequests {
  protected readonly queue: ObjectQueue;
  /** Undefined: the queue is this machine's own. */
  private readonly shared: SharedReceiving | undefined;
  private readonly files: FileOutput | undefined;
  private readonly listener: Listener;
  protected readonly delivery: Delivery;
  protected readonly answers: Answers;
  private readonly journalOf: ReceiverJournal | undefined;
  private readonly reports: CommitmentReports;
  private readonly queries: FlowQueries;
  /** Undefined: they are not asked for. */
  private readonly steps: FlowSteps | undefined;
  private readonly starting = new Starting<ReceiverFault>({
    ...{ firstMs: RETRY_FIRST_MS, lastMs: RETRY_LAST_MS },
    attempt: () => this.attempt(),
    fault: (fault) => this.output.fault(fault),
  });
  private countersTimer: NodeJS.Timeout | undefined;
  private sharedState: Counters['shared'];
  private queueIsOpen = false;
  private sharedIsOpen = false;
  private stopping = false;
  private drained: boolean;
  private readonly faults = new ReceiverFaults((fault) => this.output.fault(fault));
  private readonly events = new RaisedEvents((event) => this.output.event(event));
  private readonly count: Counts;

  constructor(
    private readonly config: ReceiverConfig,
    private readonly output: ReceiverOutput,
  ) {
    const { settings, receiverId } = config;
    super(receiverId, settings);
    this.drained = config.drained === true;
    this.count = countsIn(config.counts ?? countsMemory());
    const { onWarning } = this.faults;
    this.queue = createReceiverQueue(config, {
      onLeftover: (error) => this.faults.leftover(error),
      onSync: (milliseconds) => this.events.synced(milliseconds),
      onWarning,
      onAway: (problem) => this.output.fault(queueFault(problem, config.queueDirectory)),
      onBack: (problem) => this.output.recovered(queueFault(problem, config.queueDirectory).kind),
      onAnswer: (id, answer) => void this.answers.answer(id, answer),
    });
    this.shared = this.queue instanceof PostgresQueue ? this.newShared(this.queue) : undefined;
    this.files = createFileOutput(config, onWarning);
    this.delivery = new Delivery(
      this.queue,
      settings,
      { ...settings, receiverId, files: this.files },
      {
        deliver: (id, converted, lease) => this.deliver(id, converted, lease),
        gaveUp: (id, reason, facts) => this.gaveUp(id, reason, facts),
        ...this.faults.ofDelivery,
      },
    );
    this.answers = new Answers(settings.responseTimeoutSeconds, (id) => {
      this.faults.add('responseTimedOut', { id, seconds: settings.responseTimeoutSeconds });
      void this.shared?.waitsNoMore(id);
    });
    this.journalOf = config.journal && this.newJournal(config.journal);
    const intake = new ObjectIntake(
      this.queue,
      {
        queued: (id) => this.queued(id),
        refused: (refusal) => this.events.queueRefused(refusal),
        answered: (object) => this.journalOf?.answered(object),
      },
      { readsPatient: config.journal?.patient === true, isAwaited: settings.respond === 'processed' },
    );
    this.reports = new CommitmentReports((...report) => output.report(...report));
    this.queries = this.newQueries();
    this.steps = settings.answerMpps === 'off' ? undefined : this.newSteps(settings.answerMpps);
    const options = listenerOptions(config);
    const mayReportCommitment = (callingAET: string): boolean => this.reports.isReporter(callingAET);
    this.listener = new Listener({
      ...options,
      policy: { ...options.policy, mayReportCommitment },
      store: intake,
      commitments: this.reports,
      ...(settings.answerQueries.length > 0 && { queries: this.queries }),
      ...(this.steps && { steps: this.whileThereIsRoom(this.steps) }),
      report: (event) => this.networkEvent(event),
    });
  }

  /** Opens the queue, begins to deliver what is in it, and listens; on failure reports and tries again by itself. */
  start(): void {
    this.starting.start();
  }

  /** The flow has got the object. */
  delivered(id: string): void {
    this.count.delivered += 1;
    this.delivery.delivered(id);
    this.changed();
  }

  /** The object's message could not be sent to the flow. */
  notDelivered(id: string, reason: string): void {
    this.delivery.notDelivered(id, reason);
  }

  async drain(graceMs: number): Promise<number> {
    this.drained = true;
    await this.starting.tried();
    this.listener.drain(graceMs);
    const { openAssociations } = this.listener;
    // After a fault, the next attempt says it.
    if (this.starting.fault === undefined) this.events.raise({ event: 'draining', openAssociations });
    // Whoever asked may look at them next, to see whether it is over.
    this.tellCounters();
    return openAssociations;
  }

  /** From now on these calling AE titles may report on storage commitment. */
  setReporters(callingAETs: readonly string[]): void {
    this.reports.setReporters(callingAETs);
  }

  reportAnswered(number: number, status: CommandStatus): void {
    this.reports.answer(number, status);
  }

  answerQuery(id: string, answer: QueryAnswer): Promise<FlowAnswerOutcome> {
    return this.queries.answer(id, answer);
  }

  answerStep(id: string, status: CommandStatus): Promise<FlowAnswerOutcome> {
    return Promise.resolve(this.steps?.answer(id, status) ?? { outcome: 'unknown' });
  }

  /** The flow has got the message of a procedure step. */
  stepTold(id: string): void {
    void this.steps?.told(id);
  }

  async journal(query: JournalQuery): Promise<JournalPage> {
    const page = (await this.journalOf?.page(query)) ?? { entries: [] };
    const ids = page.entries.flatMap(({ objectId }) => objectId ?? []);
    return withAgain(page, await this.repeatable(ids), ({ objectId }) => objectId);
  }

  openAssociations(): string[] {
    return this.listener.openAssociationIds;
  }

  async journalEntry(key: string): Promise<JournalEntry | undefined> {
    return this.journalOf?.find(key);
  }

  private newQueries(): FlowQueries {
    const { settings, receiverId } = this.config;
    const { queryDeadlineSeconds: seconds, defaultCharacterSet } = settings;
    return new FlowQueries({
      receiverId,
      deadlineSeconds: seconds,
      defaultCharacterSet,
      ask: (query) => this.output.query(query),
      timedOut: (id) => this.faults.add('findTimedOut', { id, seconds }),
    });
  }

  private newSteps(answers: 'at-once' | 'flow'): FlowSteps {
    const { settings, receiverId, stepsDirectory: directory } = this.config;
    const { queryDeadlineSeconds: seconds, defaultCharacterSet } = settings;
    return new FlowSteps({
      receiverId,
      answers,
      deadlineSeconds: seconds,
      defaultCharacterSet,
      store:
        this.shared === undefined
          ? new DiskStepStore(directory, realFiles, this.faults.onWarning)
          : new SharedStepStore(this.shared.state, receiverId),
      tell: (step) => this.output.step(step),
      timedOut: (id) => this.faults.add('mppsTimedOut', { id, seconds }),
      failed: ({ message: reason }) =>
        this.shared === undefined
          ? this.faults.add('mppsNotKept', { directory, reason })
          : this.faults.add('mppsNotShared', { reason }),
    });
  }

  private newShared(queue: PostgresQueue): SharedReceiving | undefined {
    const { receiverId, queueDirectory, shared, settings } = this.config;
    if (shared === undefined) return undefined;
    return new SharedReceiving({
      ...{ queue, place: shared, receiverId, queueDirectory },
      responseTimeoutSeconds: settings.responseTimeoutSeconds,
      openAssociationIds: () => this.listener.openAssociationIds,
      looked: (state) => this.looked(state),
      failed: (error) => this.faults.leftover(error),
    });
  }

  /** In a database, they are not on the disk of which nodes look how full it is. */
  private whileThereIsRoom(steps: StepListener): StepListener {
    if (this.shared !== undefined) return steps;
    const { settings, stepsDirectory: directory } = this.config;
    return whileThereIsRoom(steps, {
      directory,
      minFreeMB: settings.minFreeDiskMB,
      files: realFiles,
      refused: (refusal) => this.events.queueRefused(refusal),
    });
  }

  private newJournal({ directory, ...config }: JournalConfig): ReceiverJournal {
    return new ReceiverJournal({ directory, ...config }, ({ message: reason }) =>
      this.faults.add('journalNotWritten', { directory, reason }),
    );
  }

  /**
   * Stops listening and delivering. Objects under way may be finished within the grace; what is queued stays queued.
   * Resolves when the port is free and the receiver has ended.
   */
  async stop(graceMs: number): Promise<void> {
    this.stopping = true;
    this.shared?.stop();
    await this.starting.stop();
    this.delivery.stop();
    this.reports.close();
    this.queries.close();
    this.steps?.close();
    this.answers.close({ status: Status.outOfResources, comment: 'the receiver stops' });
    await this.listener.close(graceMs);
    clearTimeout(this.countersTimer);
    await this.shared?.close();
    await this.queue.close();
    await this.journalOf?.close();
    this.events.raise({ event: 'stopped' });
  }

  private async attempt(): Promise<ReceiverFault | undefined> {
    const { settings, queueDirectory } = this.config;
    try {
      if (!this.queueIsOpen) await this.queue.open();
      const isFirst = !this.queueIsOpen;
      this.queueIsOpen = true;
      await this.queueOpened();
      if (isFirst) void this.shared?.look();
      await this.openShared();
    } catch (error) {
      return queueFault(error, queueDirectory);
    }
    try {
      this.files?.check();
    } catch (error) {
      return outputFault(error, settings.directory);
    }
    this.delivery.wake();
    this.countDeadLetters().catch((error: unknown) => this.faults.leftover(error as Error));
    if (this.stopping) return undefined;
    if (this.drained) this.events.raise({ event: 'draining', openAssociations: 0 });
    else if (this.shared !== undefined && settings.role === 'deliver')
      this.events.raise({ event: 'delivering' });
    else
      try {
        const { address, port } = await this.listener.listen();
        this.events.raise({ event: 'listening', address, port });
      } catch (error) {
        return listenFault(error, settings.port, settings.bindAddress);
      }
    this.changed();
    return undefined;
  }

  /** Once. @throws what a database says that cannot be asked */
  private async openShared(): Promise<void> {
    if (this.sharedIsOpen) return;
    await this.shared?.open();
    this.sharedIsOpen = true;
    void this.steps?.resume();
  }

  private networkEvent(event: NetworkEvent): void {
    countEvent(this.count, event);
    if (event.event === 'object-refused') this.journalOf?.refused(event);
    if (event.event !== 'object-received' || this.config.tellsOfObjects) this.events.raise(event);
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

  private deliver(id: string, converted: ConvertedObject, lease?: Lease): void {
    // Recovered, or delivered again: the sender is no longer waiting for the answer, unless it does so at another instance.
    const isLate = this.config.settings.respond === 'processed' && !this.answers.isWaiting(id);
    if (isLate) this.answers.remember(id, 'tooLate');
    this.output.deliver(id, converted, lease);
  }

  protected override async answeredElsewhere(id: string, status: CommandStatus): Promise<boolean> {
    return (await this.shared?.answer(id, status)) ?? false;
  }

  private gaveUp(id: string, reason: GiveUpReason, facts: LetterFacts): void {
    this.deadLetterCount += 1;
    this.journalOf?.setAside(id, reason, facts);
    // The flow knows what it answered.
    if (reason.kind !== 'failed') this.faults.add(reason.kind, giveUpValues(id, reason), facts);
    const queueId = `${this.config.receiverId}:${id}`;
    this.events.raise({ event: 'dead-letter', queueId, text: giveUpText(reason), ...facts });
    this.changed();
  }

  private looked(state: QueueState | undefined): void {
    if (state !== undefined) {
      const { deadLetters, ...others } = state;
      this.deadLetterCount = deadLetters;
      this.sharedState = others;
    }
    this.changed();
  }

  protected changed(): void {
    this.countersTimer ??= setTimeout(() => this.tellCounters(), COUNTERS_INTERVAL_MS);
  }

  private tellCounters(): void {
    clearTimeout(this.countersTimer);
    this.countersTimer = undefined;
    this.output.counters({
      ...this.count,
      openAssociations: this.listener.openAssociations,
      queued: this.queue.size,
      deadLetters: this.deadLetterCount,
      ...(this.sharedState && { shared: this.sharedState }),
    });
  }
}
