import { LONGEST_TIMER_MS } from '../basics';
import type { CommitmentReport, Instance, OpenOutcome, OperationOutcome } from '../network';
import type { Decoder } from '../transcode';
import { Circuit, type Outage } from './circuit';
import { Commitments, type CommitmentRequest } from './commitments';
import { IdleLanes } from './idle-lanes';
import { KnownContexts } from './known-contexts';
import { Lane, type LaneLine, type Task } from './lane';
import { LineQueries, type Asking } from './line-queries';
import { OutageWatch } from './outage-watch';
import { targetOf, type PeerConfig } from './peer-config';
import { isConfiguration, openText } from './peer-words';
import { answeredAttempt, JobProgress, type Attempt, type SendJob, type Unsent } from './send-job';
import { WaitingJobs } from './waiting-jobs';

/** How a peer fares. */
export interface PeerState {
  /** Objects that are being sent. */
  sending: number;
  /** Objects that wait to be sent or tried again, or for the peer's commitment. */
  waiting: number;
  associations: number;
  outage?: Outage;
}

export interface LineListener {
  /** The state has. */
  changed(): void;
  /** It was being sent when the line was closed, and is to be tried again. */
  orphaned(job: SendJob): void;
  /** What the peer reported of its storage on an association of ours was refused. */
  reportRefused(text: string): void;
}

/** A peer that a query could not reach is soon tried again, for what is to be sent. */
const QUERY_POLICY = { firstMs: 1_000, lastMs: 30_000 };

/**
 * All that goes to one peer: as many lanes as it takes associations, what waits for one, what waits for another try, and what
 * waits for the peer's commitment.
 */
export class PeerLine implements LaneLine {
  private readonly jobsWaiting = new WaitingJobs();
  /** By id, those that are not settled. */
  private readonly jobs = new Map<string, JobProgress>();
  private readonly lanes = new Map<Lane, Promise<void>>();
  private readonly idle = new IdleLanes();
  private readonly circuit = new Circuit();
  private readonly watch: OutageWatch;
  readonly queries: LineQueries;
  readonly known: KnownContexts;
  private readonly commitments: Commitments;
  private readonly target: string;
  private sending = 0;
  /** Open already, to be sent next. */
  private aheadCount = 0;
  private isClosed = false;

  constructor(
    readonly config: PeerConfig,
    readonly decoder: Decoder,
    private readonly listener: LineListener,
  ) {
    const { sendAs, commitTimeoutMinutes } = config.settings;
    this.known = new KnownContexts(sendAs, this.commits);
    this.target = targetOf(config);
    this.watch = new OutageWatch(this.circuit, this.jobsWaiting, {
      hasWork: () => !this.isClosed && this.work > 0,
      giveUp: (progress, reason) => {
        this.giveUp(progress, reason);
        listener.changed();
      },
      tryAgain: () => this.fillLanes(),
    });
    this.queries = new LineQueries(config, {
      freePlaces: () => this.freePlaces,
      outage: () => this.circuit.outage,
      makeRoom: () => this.idle.endOne(),
      opened: (outcome) => this.queryOpened(outcome),
      ended: () => {
        // What is to be sent has its turn before the next query.
        if (this.work > 0) this.fillLanes();
        listener.changed();
      },
    });
    this.commitments = new Commitments(commitTimeoutMinutes, {
      due: () => this.commitmentsDue(),
      settled: (progress, why) => this.settle(progress, why, why === undefined),
      lapsed: () => this.look(),
    });
  }

  /** Associations beside those that there are. */
  private get freePlaces(): number {
    return this.config.settings.maxAssociations - this.lanes.size - this.queries.count;
  }

  /** A query waits for the place of an association on which objects are sent. */
  private get owesPlace(): boolean {
    return this.queries.areWaiting && this.freePlaces <= 0;
  }

  private queryOpened(outcome: OpenOutcome): void {
    if (outcome.outcome === 'opened') this.reached();
    // What we have stopped says nothing of the peer.
    else if (outcome.outcome === 'rejected' || outcome.code !== 'STOPPED') {
      this.circuit.down(openText(outcome), isConfiguration(outcome), QUERY_POLICY);
      this.watch.set(this.circuit.restMs);
    }
    this.listener.changed();
  }

  private get commits(): boolean {
    return this.config.settings.commit === 'require';
  }

  /** Nothing is being sent, and nothing waits. */
  get isIdle(): boolean {
    return this.sending + this.waiting + this.queries.count === 0 && !this.queries.areWaiting;
  }

  private get waiting(): number {
    const { size, restingCount } = this.jobsWaiting;
    return size + restingCount + this.aheadCount + this.commitments.size;
  }

  get state(): PeerState {
    const { outage } = this.circuit;
    return {
      sending: this.sending,
      waiting: this.waiting,
      associations:
        [...this.lanes.keys()].filter(({ isAssociated }) => isAssociated).length + this.queries.count,
      ...(outage && { outage }),
    };
  }

  ask(query: Asking): void {
    if (this.isClosed) query.refuse('stopped', 'the peer was changed or removed');
    else this.queries.submit(query);
    this.listener.changed();
  }

  submit(job: SendJob): void {
    const progress = new JobProgress(job);
    this.jobs.set(job.id, progress);
    if (!this.isStored(progress)) this.offer(progress);
    this.listener.changed();
  }

  /** True where the peer has it already: a deploy, or a restart, came before it could commit to it. */
  private isStored(progress: JobProgress): boolean {
    if (this.commitments.resume(progress)) return true;
    const { stored, isChanged } = progress.job;
    if (stored?.target !== this.target) return false;
    const { instance, status, transferSyntaxUID } = stored;
    const attempt = { ...answeredAttempt(status, isChanged), transferSyntaxUID, instance };
    progress.tried(attempt);
    if (this.commits) this.commitments.stored(progress, attempt, instance);
    else this.settle(progress);
    return true;
  }

  /** Takes in what the peer says of its storage. False: nobody waits for that. */
  report(report: CommitmentReport): boolean {
    const isTaken = this.commitments.report(report);
    if (isTaken) this.look();
    return isTaken;
  }

  reportRefused(text: string): void {
    this.listener.reportRefused(text);
  }

  /** Nobody wants it sent any more, nor hears what becomes of it. */
  cancel(id: string): void {
    const progress = this.jobs.get(id);
    if (progress === undefined) return;
    progress.isCancelled = true;
    this.jobs.delete(id);
    this.jobsWaiting.cancel(id);
    this.commitments.cancel(id);
    this.listener.changed();
  }

  /** Nobody waits for it any longer: it has failed, though the peer may get it still. False: there is no such job. */
  giveUpNow(id: string): boolean {
    const progress = this.jobs.get(id);
    if (progress === undefined) return false;
    this.cancel(id);
    const known = this.circuit.outage?.reason ?? progress.lastText;
    this.giveUp(progress, known === '' ? 'the peer has not answered in time' : known);
    // What comes behind it is not to wait as long.
    progress.cut?.abort();
    return true;
  }

  /** The same for all whose id is so. */
  cancelAll(isSo: (id: string) => boolean): void {
    for (const id of [...this.jobs.keys()].filter(isSo)) this.cancel(id);
  }

  /** Ends its associations once what is being sent is sent. What waits is to be withdrawn before. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.watch.stop();
    this.jobsWaiting.stop();
    this.idle.endAll();
    await Promise.all([...this.lanes.values(), this.queries.close()]);
  }

  /** Ends what is being sent. */
  abort(text: string): void {
    for (const lane of this.lanes.keys()) lane.abort(text);
    this.queries.abort(text);
  }

  /** Takes back what is not being sent now, the oldest first. */
  withdraw(): SendJob[] {
    const taken = this.jobsWaiting.withdraw();
    for (const { job } of taken) this.jobs.delete(job.id);
    const uncommitted = this.commitments.withdraw();
    for (const { id } of uncommitted) this.jobs.delete(id);
    return [...uncommitted, ...taken.map(({ job }) => job)];
  }

  // What lanes want

  next(lingerMs: number): Promise<Task | undefined> {
    if (this.isClosed || this.circuit.restMs > 0 || this.owesPlace) return Promise.resolve(undefined);
    const task = this.takeTask();
    return task !== undefined || lingerMs === 0 ? Promise.resolve(task) : this.idle.linger(lingerMs);
  }

  lingerMs(asked: ReadonlySet<string>): number {
    // What has been stored on it is asked for on it, and it is kept until the peer has reported.
    if (this.commitments.isGathering || this.awaits(asked)) return LONGEST_TIMER_MS;
    return this.config.settings.lingerSeconds * 1_000;
  }

  awaits(asked: ReadonlySet<string>): boolean {
    return this.config.settings.commitThrough === '' && this.commitments.awaits(asked);
  }

  notAsked(request: CommitmentRequest, reason: string, isConfiguration: boolean): void {
    this.circuit.down(reason, isConfiguration, request.policy);
    this.commitments.giveBack(request, reason);
    this.listener.changed();
    this.watch.set(this.circuit.restMs);
  }

  asked(request: CommitmentRequest, outcome: OperationOutcome): void {
    this.commitments.asked(request, outcome);
    this.look();
  }

  ended(asked: ReadonlySet<string>, why: string): void {
    if (this.config.settings.commitThrough === '') this.commitments.lost(asked, why);
    this.look();
  }

  ahead(): JobProgress | undefined {
    // Another lane may have time for it sooner.
    const areAllBusy = this.lanes.size >= this.config.settings.maxAssociations && this.idle.size === 0;
    if (
      this.isClosed ||
      this.owesPlace ||
      this.commitments.hasDue ||
      !areAllBusy ||
      this.jobsWaiting.size < this.lanes.size
    )
      return undefined;
    const progress = this.jobsWaiting.take();
    if (progress !== undefined) this.aheadCount += 1;
    return progress;
  }

  turns(progress: JobProgress): boolean {
    this.aheadCount -= 1;
    const { isCancelled } = progress;
    if (!isCancelled && !this.isClosed && this.circuit.restMs === 0) {
      this.begins();
      return true;
    }
    if (!isCancelled && this.isClosed) this.orphan(progress);
    else if (!isCancelled) this.jobsWaiting.giveBack(progress);
    this.listener.changed();
    return false;
  }

  reached(): void {
    this.circuit.up();
    this.fillLanes();
  }

  unreachable(progress: JobProgress, reason: string, isConfiguration: boolean): void {
    this.sending -= 1;
    this.circuit.down(reason, isConfiguration, progress.job.policy);
    if (!progress.isCancelled) {
      if (this.isClosed) this.orphan(progress);
      else this.jobsWaiting.giveBack(progress);
    }
    this.listener.changed();
    this.watch.set(this.circuit.restMs);
  }

  tried(progress: JobProgress, attempt: Attempt): void {
    this.sending -= 1;
    const wait = progress.tried(attempt);
    const { verdict, instance } = attempt;
    if (this.commits && verdict.kind === 'sent' && instance !== undefined) {
      this.stored(progress, attempt, instance);
      return;
    }
    if (!progress.isCancelled) {
      if (wait === undefined) this.settle(progress);
      else if (this.isClosed) this.orphan(progress);
      else this.rest(progress, wait);
    }
    this.listener.changed();
  }

  private stored(progress: JobProgress, attempt: Attempt, instance: Instance): void {
    const { job, isCancelled } = progress;
    const { status = 0, transferSyntaxUID = '' } = attempt;
    job.stored = { target: this.target, instance, status, transferSyntaxUID };
    if (!isCancelled) job.wasStored?.(job.stored);
    if (!this.isClosed) this.commitments.stored(progress, attempt, instance);
    else if (!isCancelled) this.orphan(progress);
    this.listener.changed();
  }

  private commitmentsDue(): void {
    if (!this.useIdle()) this.fillLanes();
  }

  /** False: none of the lanes waits for work. */
  private useIdle(): boolean {
    return this.idle.use(() => this.takeTask() ?? { kind: 'look' });
  }

  /** Lanes that wait do so for another time now. */
  private look(): void {
    this.idle.lookAgain();
    if (this.commitments.hasDue) this.fillLanes();
    this.listener.changed();
  }

  private offer(progress: JobProgress): void {
    const isTaken = this.idle.use(() => {
      this.begins();
      return { kind: 'send', progress };
    });
    if (isTaken) return;
    this.jobsWaiting.add(progress);
    this.fillLanes();
  }

  private takeTask(): Task | undefined {
    const request = this.commitments.next();
    if (request !== undefined) return { kind: 'ask', request };
    const progress = this.takeReady();
    return progress && { kind: 'send', progress };
  }

  private begins(): void {
    this.sending += 1;
    this.listener.changed();
  }

  private takeReady(): JobProgress | undefined {
    const progress = this.jobsWaiting.take();
    if (progress !== undefined) this.begins();
    return progress;
  }

  /** For how many lanes there is work. */
  private get work(): number {
    return this.jobsWaiting.size + Number(this.commitments.hasDue);
  }

  /** As many lanes as there is work for; one while nobody knows whether the peer can be reached. */
  private fillLanes(): void {
    if (this.isClosed) return;
    // Read once: between two looks at the clock the pause may end, and each would leave the next try to the other.
    const { outage, restMs } = this.circuit;
    if (restMs === 0) this.startLanes(outage);
    this.watch.set(restMs);
  }

  private startLanes(outage: Outage | undefined): void {
    // With one that waits, for its time or for a report, the peer can be reached.
    while (this.work > 0 && this.useIdle());
    const places = this.config.settings.maxAssociations - this.queries.count;
    const most = outage === undefined ? places : Math.min(1, places);
    const wanted = Math.min(most, this.lanes.size + this.work);
    while (this.lanes.size < wanted) this.startLane();
  }

  private startLane(): void {
    const lane = new Lane(this.config, this);
    const ended = lane.run().finally(() => {
      this.lanes.delete(lane);
      this.queries.fill();
      this.listener.changed();
      if (this.work > 0) this.fillLanes();
    });
    this.lanes.set(lane, ended);
  }

  private rest(progress: JobProgress, wait: number): void {
    const left = progress.givesUpAt - performance.now();
    this.jobsWaiting.rest(progress, Math.min(wait, left), () => {
      if (left <= wait) this.giveUp(progress, progress.lastText);
      else this.offer(progress);
      this.listener.changed();
    });
  }

  private orphan({ job }: JobProgress): void {
    this.jobs.delete(job.id);
    this.listener.orphaned(job);
  }

  private giveUp(progress: JobProgress, reason: string): void {
    this.settle(progress, { failure: 'unreachable', text: `given up: ${reason}` });
  }

  private settle(progress: JobProgress, why?: Unsent, isCommitted = false): void {
    const { id } = progress.job;
    this.jobs.delete(id);
    progress.settle(why, isCommitted);
  }
}
