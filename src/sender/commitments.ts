import { Fifo } from '../basics';
import { newUid } from '../dicom';
import { isFailure, type CommitmentReport, type Instance, type OperationOutcome } from '../network';
import { statusText } from './peer-words';
import {
  withJitter,
  type Attempt,
  type JobProgress,
  type RetryPolicy,
  type SendJob,
  type Unsent,
} from './send-job';
import { verdictOfStatus } from './verdict';

/** Objects of one request: its report names them all again. */
const MOST_ASKED = 100;
/** An object that has been stored waits so long for others, so that the peer is asked for several at a time. */
const GATHER_MS = 500;
/** Requests that are remembered although a report on them would be no news. */
const MOST_SURPLUS = 1_000;
const NOT_REPORTED = 'the peer has not reported yet';

/** What a peer is asked for at a time (PS3.4 J.3.2). */
export interface CommitmentRequest {
  transactionUID: string;
  instances: readonly Instance[];
  /** Of one of them. */
  policy: RetryPolicy;
}

export interface CommitmentsListener {
  /** There is something to be asked for now. */
  due(): void;
  /** The peer has committed to it, or `why` it has not. */
  settled(progress: JobProgress, why?: Unsent): void;
  /** The peer has not said in time whether it keeps an object: that is not waited for any more. */
  lapsed(): void;
}

/** An object that the peer has stored, and has not committed to. */
interface Awaited {
  /** Of its job. */
  readonly id: string;
  readonly instance: Instance;
  /** With which it was stored. */
  readonly attempt: Attempt;
  readonly policy: RetryPolicy;
  /** Who is to be told; undefined: nobody now, but a deploy may bring the job back. */
  progress: JobProgress | undefined;
  /** What has been said while there was nobody to be told. */
  said?: { why?: Unsent };
  isOver: boolean;
  /** It waits to be asked for, or will do so after a pause. */
  isToBeAsked: boolean;
  /** The next pause. */
  waitMs: number;
  /** Why not yet, as far as somebody has said so. */
  lastText: string;
  /** Requests on which the peer may still report. */
  readonly open: Set<string>;
  deadline: NodeJS.Timeout | undefined;
}

/**
 * Objects that one peer has stored and is to commit to: which it is to be asked for, and which it has been asked for. What it
 * says of an object counts for each request in which that is; only its word that it keeps the object makes that *sent*.
 *
 * Each request has a transaction UID of its own, also where the same objects are asked for again: of an earlier request nobody
 * may know whether the peer has got it, and then its report may come still.
 */
export class Commitments {
  /** By the ids of their jobs. */
  private readonly awaited = new Map<string, Awaited>();
  private readonly requests = new Map<string, readonly Awaited[]>();
  /** Requests that were made beside others, on which the peer has reported: what it says on these is no news. */
  private readonly surplus = new Set<string>();
  private readonly toAsk = new Fifo<Awaited>();
  private readonly pauses = new Set<NodeJS.Timeout>();
  private gathering: NodeJS.Timeout | undefined;
  private isDue = false;

  constructor(
    private readonly timeoutMinutes: number,
    private readonly listener: CommitmentsListener,
  ) {}

  /** Objects that it has stored, and has not committed to. */
  get size(): number {
    return this.awaited.size;
  }

  /** Something is to be asked for in a moment, or now. */
  get isGathering(): boolean {
    return this.toAsk.size > 0;
  }

  /** Something is to be asked for now. */
  get hasDue(): boolean {
    return this.isDue && this.toAsk.size > 0;
  }

  /** The peer has stored an object. */
  stored(progress: JobProgress, attempt: Attempt, instance: Instance): void {
    const { job, isCancelled } = progress;
    const { id, policy } = job;
    const before = this.awaited.get(id);
    if (before !== undefined) this.over(before, false);
    const awaited: Awaited = {
      id,
      instance,
      attempt,
      policy,
      progress: isCancelled ? undefined : progress,
      isOver: false,
      isToBeAsked: true,
      waitMs: policy.firstMs,
      lastText: '',
      open: new Set(),
      deadline: undefined,
    };
    awaited.deadline = setTimeout(() => this.tooLate(awaited), this.timeLeft(progress));
    this.awaited.set(id, awaited);
    this.toAsk.push(awaited);
    if (this.toAsk.size >= MOST_ASKED) this.isDue = true;
    else this.gathering ??= setTimeout(() => this.gathered(), GATHER_MS);
  }

  /** True where the peer has the job's object already: then it is not to be sent again, and the job hears what is said of it. */
  resume(progress: JobProgress): boolean {
    const awaited = this.awaited.get(progress.job.id);
    if (awaited === undefined) return false;
    progress.tried(awaited.attempt);
    awaited.progress = progress;
    if (awaited.said !== undefined) this.settle(awaited, awaited.said.why);
    return true;
  }

  /** Nobody wants to hear of it now. */
  cancel(id: string): void {
    const awaited = this.awaited.get(id);
    if (awaited !== undefined) awaited.progress = undefined;
  }

  /** Ends. Returns the jobs that wait for what the peer says. */
  withdraw(): SendJob[] {
    clearTimeout(this.gathering);
    for (const pause of this.pauses) clearTimeout(pause);
    const awaited = [...this.awaited.values()];
    for (const { deadline } of awaited) clearTimeout(deadline);
    this.awaited.clear();
    this.requests.clear();
    this.toAsk.takeAll();
    return awaited.flatMap(({ progress }) => (progress === undefined ? [] : [progress.job]));
  }

  /** What is to be asked for now; undefined: nothing. What becomes of it is told by `asked` or `giveBack`. */
  next(): CommitmentRequest | undefined {
    if (!this.isDue) return undefined;
    const objects: Awaited[] = [];
    while (objects.length < MOST_ASKED) {
      const object = this.toAsk.shift();
      if (object === undefined) break;
      object.isToBeAsked = false;
      if (!object.isOver && object.said === undefined) objects.push(object);
    }
    this.isDue = this.toAsk.size > 0;
    const [first] = objects;
    if (first === undefined) return undefined;
    const transactionUID = newUid();
    for (const { open } of objects) open.add(transactionUID);
    this.requests.set(transactionUID, objects);
    const instances = objects.map(({ instance }) => instance);
    return { transactionUID, instances, policy: first.policy };
  }

  /** What came of a request (PS3.4 J.3.2.1.2). */
  asked({ transactionUID, policy }: CommitmentRequest, outcome: OperationOutcome): void {
    if (outcome.outcome === 'unknown') {
      this.askLater(this.requests.get(transactionUID) ?? [], outcome.text);
      return;
    }
    if (outcome.outcome === 'answered' && verdictOfStatus(outcome.status, true).kind === 'sent') {
      // A report may get lost, or find nobody who listens.
      const again = (): void => this.askLater(this.requests.get(transactionUID) ?? [], NOT_REPORTED);
      this.pause(policy.lastMs, again);
      return;
    }
    const objects = this.withdrawn(transactionUID);
    if (outcome.outcome === 'notSent') {
      this.askLater(objects, outcome.text);
      return;
    }
    const { status } = outcome;
    const text = `the peer refuses to commit to the storage of the object: ${statusText(status)}`;
    if (verdictOfStatus(status, false).kind === 'final')
      for (const object of objects) this.say(object, { failure: 'notCommitted', text, status });
    else this.askLater(objects, text);
  }

  /** The peer could not be asked: it is to be asked again as soon as somebody can. */
  giveBack({ transactionUID }: CommitmentRequest, reason: string): void {
    for (const object of this.withdrawn(transactionUID)) {
      if (object.isOver || object.isToBeAsked) continue;
      object.lastText = reason;
      object.isToBeAsked = true;
      this.toAsk.push(object);
    }
    this.isDue = this.toAsk.size > 0;
  }

  /** True while the peer may report on one of these requests. */
  awaits(transactionUIDs: Iterable<string>): boolean {
    for (const uid of transactionUIDs) if (this.requests.has(uid)) return true;
    return false;
  }

  /** The way on which reports on these requests were to come is gone. @param why in words */
  lost(transactionUIDs: Iterable<string>, why: string): void {
    const text = `the association ended before the peer reported: ${why}`;
    for (const uid of transactionUIDs) this.askLater(this.requests.get(uid) ?? [], text);
  }

  /** Takes in what the peer says. False: it is about no request of ours on which it may report. */
  report({ transactionUID, committed, failed }: CommitmentReport): boolean {
    const objects = this.requests.get(transactionUID);
    if (objects === undefined) return this.surplus.has(transactionUID);
    this.withdrawn(transactionUID);
    const kept = new Set(committed.map(({ sopInstanceUID }) => sopInstanceUID));
    const reasons = new Map(failed.map(({ sopInstanceUID, reason }) => [sopInstanceUID, reason]));
    for (const object of objects) {
      const { sopInstanceUID } = object.instance;
      const reason = reasons.get(sopInstanceUID);
      if (reason === undefined && kept.has(sopInstanceUID)) this.say(object);
      else this.notKept(object, reason);
    }
    return true;
  }

  /** @param reason undefined: the report does not name the object, though it has to name all (PS3.4 J.3.3.1.2) */
  private notKept(object: Awaited, reason: number | undefined): void {
    const text = notKeptText(reason);
    object.lastText = text;
    // Another request may still be answered otherwise.
    if (object.open.size > 0 || object.isToBeAsked) return;
    const isStatus = reason !== undefined && isFailure(reason);
    this.say(object, { failure: 'notCommitted', text, ...(isStatus && { status: reason }) });
  }

  private tooLate(object: Awaited): void {
    const because = object.lastText === '' ? '' : `: ${object.lastText}`;
    const text = `the peer has not committed to the storage of the object in time${because}`;
    if (object.progress === undefined) this.over(object, false);
    else this.settle(object, { failure: 'notCommitted', text }, false);
    this.listener.lapsed();
  }

  private timeLeft({ job: { policy }, startedAt }: JobProgress): number {
    const { outcomeMs = Infinity } = policy;
    const answered = Math.max(0, startedAt + outcomeMs - performance.now());
    return Math.min(this.timeoutMinutes * 60_000, answered);
  }

  /** The peer has spoken. */
  private say(object: Awaited, why?: Unsent): void {
    if (object.isOver) return;
    if (object.progress === undefined) object.said = { ...(why && { why }) };
    else this.settle(object, why);
  }

  private settle(object: Awaited, why: Unsent | undefined, isReported = true): void {
    const { progress } = object;
    this.over(object, isReported);
    if (progress !== undefined) this.listener.settled(progress, why);
  }

  /** @param isReported the peer has spoken */
  private over(object: Awaited, isReported: boolean): void {
    object.isOver = true;
    clearTimeout(object.deadline);
    if (this.awaited.get(object.id) === object) this.awaited.delete(object.id);
    for (const uid of object.open) {
      if (this.requests.get(uid)?.every(({ isOver }) => isOver) !== true) continue;
      this.requests.delete(uid);
      if (isReported) this.addSurplus(uid);
    }
  }

  private addSurplus(transactionUID: string): void {
    this.surplus.add(transactionUID);
    const [oldest] = this.surplus;
    if (this.surplus.size > MOST_SURPLUS && oldest !== undefined) this.surplus.delete(oldest);
  }

  /** The peer will not report on this request. */
  private withdrawn(transactionUID: string): readonly Awaited[] {
    const objects = this.requests.get(transactionUID) ?? [];
    this.requests.delete(transactionUID);
    for (const { open } of objects) open.delete(transactionUID);
    return objects;
  }

  private askLater(objects: readonly Awaited[], text: string): void {
    const again = objects.filter(
      ({ isOver, isToBeAsked, said }) => !isOver && !isToBeAsked && said === undefined,
    );
    const [first] = again;
    if (first === undefined) return;
    const wait = withJitter(first.waitMs);
    for (const object of again) {
      object.isToBeAsked = true;
      object.lastText = text;
      object.waitMs = Math.min(2 * object.waitMs, object.policy.lastMs);
    }
    this.pause(wait, () => {
      for (const object of again) this.toAsk.push(object);
      this.gathered();
    });
  }

  private pause(milliseconds: number, then: () => void): void {
    const timer = setTimeout(() => {
      this.pauses.delete(timer);
      then();
    }, milliseconds);
    this.pauses.add(timer);
  }

  private gathered(): void {
    clearTimeout(this.gathering);
    this.gathering = undefined;
    this.isDue = true;
    this.listener.due();
  }
}

function notKeptText(reason: number | undefined): string {
  if (reason === undefined) return 'its report does not name the object';
  const why = reason === 0 ? 'it gives no reason' : statusText(reason);
  return `the peer does not commit to the storage of the object: ${why}`;
}
