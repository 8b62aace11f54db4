import { Fifo } from '../basics';
import type { Decoder } from '../transcode';
import { Circuit, type Outage } from './circuit';
import { KnownContexts } from './known-contexts';
import { Lane, type LaneLine } from './lane';
import type { PeerConfig } from './peer-config';
import { JobProgress, type Attempt, type SendFailure, type SendJob } from './send-job';

/** How a peer fares. */
export interface PeerState {
  /** Objects that are being sent. */
  sending: number;
  /** Objects that wait to be sent or tried again. */
  waiting: number;
  associations: number;
  outage?: Outage;
}

export interface LineListener {
  /** The state has. */
  changed(): void;
  /** It was being sent when the line was closed, and is to be tried again. */
  orphaned(job: SendJob): void;
}

/** A lane that has nothing to do for now. */
interface Idle {
  take(progress: JobProgress | undefined): void;
  timer: NodeJS.Timeout;
}

/** All that goes to one peer: as many lanes as it takes associations, what waits for one, and what waits for another try. */
export class PeerLine implements LaneLine {
  /** In the order in which they came; those that come again behind the others. */
  private readonly ready = new Fifo<JobProgress>();
  /** With which the peer could not be reached: they are the oldest still. */
  private readonly returned: JobProgress[] = [];
  private readonly resting = new Map<string, { progress: JobProgress; timer: NodeJS.Timeout }>();
  /** By id, those that are not settled. */
  private readonly jobs = new Map<string, JobProgress>();
  private readonly lanes = new Map<Lane, Promise<void>>();
  private readonly idle: Idle[] = [];
  private readonly circuit = new Circuit();
  readonly known: KnownContexts;
  private sending = 0;
  /** Open already, to be sent next. */
  private aheadCount = 0;
  private wakeUp: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(
    readonly config: PeerConfig,
    readonly decoder: Decoder,
    private readonly listener: LineListener,
  ) {
    this.known = new KnownContexts(config.settings.sendAs);
  }

  get state(): PeerState {
    const { outage } = this.circuit;
    return {
      sending: this.sending,
      waiting: this.waitsToBeSent + this.aheadCount + this.resting.size,
      associations: [...this.lanes.keys()].filter(({ isAssociated }) => isAssociated).length,
      ...(outage && { outage }),
    };
  }

  submit(job: SendJob): void {
    const progress = new JobProgress(job);
    this.jobs.set(job.id, progress);
    this.offer(progress);
    this.listener.changed();
  }

  /** Nobody wants it sent any more, nor hears what becomes of it. */
  cancel(id: string): void {
    const progress = this.jobs.get(id);
    if (progress === undefined) return;
    progress.isCancelled = true;
    this.jobs.delete(id);
    const rest = this.resting.get(id);
    clearTimeout(rest?.timer);
    this.resting.delete(id);
  }

  /** The same for all whose id is so. */
  cancelAll(isSo: (id: string) => boolean): void {
    for (const id of [...this.jobs.keys()].filter(isSo)) this.cancel(id);
  }

  /** Ends its associations once what is being sent is sent. What waits is to be withdrawn before. */
  async close(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.wakeUp);
    for (const { timer } of this.resting.values()) clearTimeout(timer);
    for (const idle of this.idle.splice(0)) idle.take(undefined);
    await Promise.all(this.lanes.values());
  }

  /** Ends what is being sent. */
  abort(text: string): void {
    for (const lane of this.lanes.keys()) lane.abort(text);
  }

  /** Takes back what is not being sent now, the oldest first. */
  withdraw(): SendJob[] {
    const resting = [...this.resting.values()].map(({ progress, timer }) => {
      clearTimeout(timer);
      return progress;
    });
    this.resting.clear();
    const taken = [...this.returned.splice(0).reverse(), ...this.ready.takeAll(), ...resting].filter(
      ({ isCancelled }) => !isCancelled,
    );
    for (const { job } of taken) this.jobs.delete(job.id);
    return taken.map(({ job }) => job);
  }

  // What lanes want

  next(lingerMs: number): Promise<JobProgress | undefined> {
    if (this.isClosed || this.circuit.restMs > 0) return Promise.resolve(undefined);
    const progress = this.takeReady();
    if (progress !== undefined || lingerMs === 0) return Promise.resolve(progress);
    return new Promise((resolve) => {
      const idle: Idle = {
        take: (taken) => {
          clearTimeout(idle.timer);
          resolve(taken);
        },
        timer: setTimeout(() => {
          this.idle.splice(this.idle.indexOf(idle), 1);
          resolve(undefined);
        }, lingerMs),
      };
      this.idle.push(idle);
    });
  }

  ahead(): JobProgress | undefined {
    // Another lane may have time for it sooner.
    const areAllBusy = this.lanes.size >= this.config.settings.maxAssociations && this.idle.length === 0;
    if (this.isClosed || !areAllBusy || this.waitsToBeSent < this.lanes.size) return undefined;
    const progress = this.takeWaiting();
    if (progress !== undefined) this.aheadCount += 1;
    return progress;
  }

  turns(progress: JobProgress): boolean {
    this.aheadCount -= 1;
    if (progress.isCancelled) return false;
    if (!this.isClosed && this.circuit.restMs === 0) {
      this.begins();
      return true;
    }
    if (this.isClosed) this.orphan(progress);
    else this.returned.push(progress);
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
    if (this.isClosed) this.orphan(progress);
    else this.returned.push(progress);
    this.listener.changed();
    this.watchOutage();
  }

  tried(progress: JobProgress, attempt: Attempt): void {
    this.sending -= 1;
    const wait = progress.tried(attempt);
    if (progress.isCancelled) return;
    if (wait === undefined) this.settle(progress);
    else if (this.isClosed) this.orphan(progress);
    else this.rest(progress, wait);
    this.listener.changed();
  }

  private offer(progress: JobProgress): void {
    const idle = this.idle.pop();
    if (idle === undefined) {
      this.ready.push(progress);
      this.fillLanes();
      return;
    }
    this.begins();
    idle.take(progress);
  }

  private begins(): void {
    this.sending += 1;
    this.listener.changed();
  }

  private takeReady(): JobProgress | undefined {
    const progress = this.takeWaiting();
    if (progress !== undefined) this.begins();
    return progress;
  }

  private takeWaiting(): JobProgress | undefined {
    for (;;) {
      const progress = this.returned.pop() ?? this.ready.shift();
      if (progress?.isCancelled !== true) return progress;
    }
  }

  private get waitsToBeSent(): number {
    return this.ready.size + this.returned.length;
  }

  /** As many lanes as there is work for; one while nobody knows whether the peer can be reached. */
  private fillLanes(): void {
    if (this.isClosed) return;
    const { outage, restMs } = this.circuit;
    if (restMs > 0) {
      this.watchOutage();
      return;
    }
    const most = outage === undefined ? this.config.settings.maxAssociations : 1;
    const wanted = Math.min(most, this.lanes.size + this.waitsToBeSent);
    while (this.lanes.size < wanted) this.startLane();
  }

  private startLane(): void {
    const lane = new Lane(this.config, this);
    const ended = lane.run().finally(() => {
      this.lanes.delete(lane);
      this.listener.changed();
      if (this.waitsToBeSent > 0) this.fillLanes();
    });
    this.lanes.set(lane, ended);
  }

  /** While the peer is down: gives up what has waited for too long, and tries again when it is time. */
  private watchOutage(): void {
    clearTimeout(this.wakeUp);
    const { outage } = this.circuit;
    if (outage === undefined || this.isClosed) return;
    const now = performance.now();
    const waiting = [...this.returned.splice(0), ...this.ready.takeAll()];
    let next = now + this.circuit.restMs;
    for (const progress of waiting.reverse()) {
      const { givesUpAt } = progress;
      if (progress.isCancelled) continue;
      if (givesUpAt <= now) this.giveUp(progress, outage.reason);
      else {
        this.returned.push(progress);
        next = Math.min(next, givesUpAt);
      }
    }
    if (this.waitsToBeSent === 0) return;
    this.wakeUp = setTimeout(
      () => {
        this.watchOutage();
        this.fillLanes();
      },
      Math.max(0, next - now),
    );
  }

  private rest(progress: JobProgress, wait: number): void {
    const left = progress.givesUpAt - performance.now();
    const { id } = progress.job;
    const timer = setTimeout(
      () => {
        this.resting.delete(id);
        if (left <= wait) this.giveUp(progress, progress.lastText);
        else this.offer(progress);
        this.listener.changed();
      },
      Math.max(0, Math.min(wait, left)),
    );
    this.resting.set(id, { progress, timer });
  }

  private orphan({ job }: JobProgress): void {
    this.jobs.delete(job.id);
    this.listener.orphaned(job);
  }

  private giveUp(progress: JobProgress, reason: string): void {
    this.settle(progress, { failure: 'unreachable', text: `given up: ${reason}` });
  }

  private settle(progress: JobProgress, why?: { failure: SendFailure; text: string }): void {
    const { id } = progress.job;
    this.jobs.delete(id);
    progress.settle(why);
  }
}
