import { Paced } from '../basics';
import { hexStatus, Status } from '../network';
import type { QueryPeer } from '../query';
import { Getting } from './get';
import { move } from './move';
import type { ObjectPlace } from './object-place';
import { type Opened, type RequestLimits, Requests } from './requests';
import type {
  RetrieveCounts,
  RetrieveEnd,
  RetrieveFailure,
  RetrieveRequest,
  RetrieveResult,
} from './retrieve-request';
import { TargetJob } from './target-job';
import { verdictOf } from './verdict';

/** To whom it is told. */
export interface RetrieveListener {
  /** A few times a second at most. */
  progress(counts: RetrieveCounts): void;
  ended(end: RetrieveEnd): void;
}

export interface RetrieveLimits extends RequestLimits {
  /** Before each further try. Milliseconds. */
  pausesMs: readonly number[];
}

/** One try of what a target has left. */
type Try = (job: TargetJob) => Promise<void>;

const LIMITS: RetrieveLimits = { pausesMs: [1_000, 5_000], cancelSeconds: 10, stallSeconds: 3_600 };
const PROGRESS_MS = 250;
/** UIDs in a result. */
const MOST_NAMED = 10_000;

/** One C-MOVE or C-GET of some studies, on one association at a time. It has one end, whatever the peer does. */
export class Retrieve {
  private readonly jobs: TargetJob[];
  private readonly unwanted = new AbortController();
  private readonly told: Paced;
  private requests: Requests | undefined;
  private isCancelled = false;
  /** Why we ended it; undefined: we have not. */
  private abortedWith: string | undefined;
  private isEnded = false;

  /** @param place of a C-GET */
  constructor(
    readonly request: RetrieveRequest,
    private readonly listener: RetrieveListener,
    private readonly place: ObjectPlace | undefined,
    private readonly limits: RetrieveLimits = LIMITS,
  ) {
    const method = this.isMove ? 'move' : 'get';
    this.jobs = request.targets.map((target) => new TargetJob(target, method));
    this.told = new Paced(PROGRESS_MS, () => listener.progress(this.counts));
  }

  get id(): string {
    return this.request.id;
  }

  /** No more is wanted: it ends with what there is. The peer is told by C-CANCEL. */
  cancel(): void {
    this.isCancelled = true;
    this.unwanted.abort();
    this.requests?.cancel();
  }

  /** The same, where it has not begun. */
  cancelBeforeRun(): void {
    this.isCancelled = true;
    this.end({ kind: 'done', result: this.result() });
  }

  /** Ends it at once. */
  abort(text: string): void {
    this.abortedWith ??= text;
    this.unwanted.abort();
    this.requests?.abort(text);
  }

  /** It is not begun. */
  refuse(failure: RetrieveFailure, text: string): void {
    this.end({ kind: 'failed', failure, text, result: this.result() });
  }

  /**
   * Runs it. Never rejects.
   * @param opened told what became of each association; says in words why there is none
   */
  async run(peer: QueryPeer, opened: Opened): Promise<void> {
    const requests = new Requests({
      ...{ request: this.request, peer, opened, limits: this.limits, unwanted: this.unwanted.signal },
      counted: () => this.told.changed(),
    });
    this.requests = requests;
    const tryOnce = this.isMove ? (job: TargetJob) => move(job, requests) : await this.getting(requests);
    if (tryOnce === undefined) return;
    await this.tryAll(tryOnce);
    this.told.stop();
    this.end(this.outcome());
  }

  private get isMove(): boolean {
    return this.request.moveDestination !== undefined;
  }

  /** Undefined: there is nowhere to put what it brings, and that was its end. */
  private async getting(requests: Requests): Promise<Try | undefined> {
    await this.place?.tried();
    if (this.place === undefined || this.place.problem !== undefined) {
      this.refuse('queueUnusable', this.place?.problem ?? 'the node has no queue');
      return undefined;
    }
    const getting = new Getting(requests, this.place);
    return (job) => getting.get(job);
  }

  private async tryAll(tryOnce: Try): Promise<void> {
    const { signal } = this.unwanted;
    for (const pauseMs of [0, ...this.limits.pausesMs]) {
      await pause(pauseMs, signal);
      for (const job of this.jobs)
        if (!job.isDone && !signal.aborted) {
          await tryOnce(job);
          job.isDone = !mayWork(job);
        }
      if (signal.aborted || this.jobs.every(({ isDone }) => isDone)) return;
    }
  }

  // The end

  private get counts(): RetrieveCounts {
    const sum = { completed: 0, failed: 0, warning: 0, remaining: 0 };
    for (const { counts } of this.jobs)
      for (const name of ['completed', 'failed', 'warning', 'remaining'] as const) sum[name] += counts[name];
    return sum;
  }

  private result(): RetrieveResult {
    const failedSOPInstanceUIDs: string[] = [];
    for (const job of this.jobs)
      for (const uid of job.failedSOPInstanceUIDs)
        if (failedSOPInstanceUIDs.length < MOST_NAMED) failedSOPInstanceUIDs.push(uid);
    return {
      ...this.counts,
      failedSOPInstanceUIDs,
      status: this.isCancelled
        ? hexStatus(Status.cancel)
        : worst(this.jobs.map(({ statusText }) => statusText)),
      cancelled: this.isCancelled,
    };
  }

  private outcome(): RetrieveEnd {
    const result = this.result();
    if (this.isCancelled) return { kind: 'done', result };
    if (this.abortedWith !== undefined)
      return { kind: 'failed', failure: 'stopped', text: this.abortedWith, result };
    const failure = this.jobs.map((job) => failureOf(job)).find((each) => each !== undefined);
    return failure === undefined ? { kind: 'done', result } : { kind: 'failed', ...failure, result };
  }

  private end(end: RetrieveEnd): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.listener.ended(end);
  }
}

/** Resolves after so long, or when it is aborted. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (milliseconds === 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const ended = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', ended);
      resolve();
    };
    const timer = setTimeout(ended, milliseconds);
    signal.addEventListener('abort', ended);
  });
}

/** Another try may bring what is missing. */
function mayWork(job: TargetJob): boolean {
  if (job.failure !== undefined) return job.failure.again;
  return job.mayWork && !job.isComplete;
}

/** Why a target has not been retrieved; undefined: it has, or some of it. */
function failureOf(job: TargetJob): { failure: RetrieveFailure; text: string } | undefined {
  if (job.failure !== undefined) return job.failure;
  const { status } = job;
  const isRefused = status !== undefined && verdictOf(status).end === 'failed' && !job.hasSome;
  if (!isRefused) return undefined;
  return { failure: 'refused', text: `status ${hexStatus(status)}, ${verdictOf(status).words}` };
}

/** Failures before what has partly worked, and that before what has. */
function worst(statuses: readonly string[]): string {
  const [first = ''] = statuses.toSorted((one, other) => rank(other) - rank(one));
  return first;
}

function rank(status: string): number {
  const { end } = verdictOf(parseInt(status, 16));
  return ['success', 'cancelled', 'partial', 'failed'].indexOf(end);
}
