import { type ConversionWarning, DicomError, type DicomErrorCode } from '../dicom';
import type { Instance } from '../network';
import type { OutgoingObject } from '../object';
import { statusText } from './peer-words';
import { verdictOfStatus, type Verdict } from './verdict';

/** When an object that could not be sent is tried again. Milliseconds. */
export interface RetryPolicy {
  firstMs: number;
  lastMs: number;
  /** After so long from the beginning on no further try is begun; Infinity: for ever. */
  giveUpMs: number;
  /** Somebody waits for the outcome so long from the beginning on; undefined: as long as it takes. */
  outcomeMs?: number;
}

/** What became of an object. */
export interface SendOutcome {
  kind: 'sent' | 'failed';
  /** Of the peer's last answer; undefined: it gave none. */
  status?: number;
  /** What happened, in words for an operator. */
  text: string;
  /** Sent, but not as it should be. */
  warning?: true;
  /** (0000,0902) of the peer's last answer. */
  errorComment?: string;
  /** Under which UIDs it was sent. */
  instance?: Instance;
  /** In which it was sent. */
  transferSyntaxUID?: string;
  /** What was done to it on the way. */
  warnings?: readonly ConversionWarning[];
  /** Tries that may have reached the peer. */
  attempts: number;
  /** From the moment it was given to be sent. */
  milliseconds: number;
  /** The peer has committed to keep it (PS3.4 Annex J). */
  committed?: true;
  /** Why it failed. */
  failure?: SendFailure;
}

/**
 * `refused`: by the peer's status · `unreachable`: given up · `notAccepted`: no presentation context · `notCommitted`: stored, but
 * the peer does not say that it keeps it · `notRead`: here ·
 * `notTheObject`: another one lies there · `notChanged`: its changes cannot be applied · `noRoom`: in the outbox
 */
export type SendFailure =
  | 'refused'
  | 'unreachable'
  | 'notAccepted'
  | 'notCommitted'
  | 'notRead'
  | 'notTheObject'
  | 'notChanged'
  | 'noRoom';

const FAILURES: Partial<Record<DicomErrorCode, SendFailure>> = {
  'not-the-object': 'notTheObject',
  'changes-invalid': 'notChanged',
  'cannot-change': 'notChanged',
  'cannot-recode': 'notChanged',
};

/** Of an object that could not be opened, as it is to be sent. */
export function failureOfReading(error: unknown): SendFailure {
  return (error instanceof DicomError ? FAILURES[error.code] : undefined) ?? 'notRead';
}

/** What is known of an object before it is opened. */
export interface JobFacts {
  sopClassUID?: string;
  sopInstanceUID?: string;
  /** In the outbox that it comes from. */
  objectId?: string;
  /** In the queue of a dicom-in node. */
  queueId?: string;
}

/** Why an object is not sent, where that is not what its last try came to. */
export interface Unsent {
  failure: SendFailure;
  text: string;
  /** What the peer says of it. */
  status?: number;
}

/** A peer has stored an object that it has not committed to yet. */
export interface Stored {
  /** Which application entity (`targetOf`). */
  target: string;
  instance: Instance;
  /** With which it answered. */
  status: number;
  transferSyntaxUID: string;
}

/** One object for one peer. */
export interface SendJob {
  readonly id: string;
  readonly facts: JobFacts;
  readonly policy: RetryPolicy;
  /** It is not, any more, what its instance UID names elsewhere: a peer that has that keeps its own. */
  readonly isChanged: boolean;
  /** It lies in an outbox: it waits for a peer that is not deployed as long as that takes. */
  readonly isStored: boolean;
  /** Its peer is not there, and somebody may be asked for it. */
  peerWanted?(): void;
  /** @throws QueueBusy: later; anything else: it cannot be sent */
  open(): Promise<OutgoingObject>;
  /** Undefined: the peer is not known to have it. */
  stored?: Stored;
  /** The peer has it now, and is to commit to it. */
  wasStored?(stored: Stored): void;
  /** Called once. */
  settled(outcome: SendOutcome): void;
}

/** What one try came to. */
export interface Attempt {
  verdict: Verdict;
  /** It may have reached the peer. */
  counts: boolean;
  failure: SendFailure;
  text: string;
  status?: number;
  errorComment?: string;
  transferSyntaxUID?: string;
  warnings?: readonly ConversionWarning[];
  /** What was sent. */
  instance?: Instance;
}

/** A try that the peer has answered. */
export function answeredAttempt(status: number, isChanged: boolean): Attempt & { status: number } {
  const verdict = verdictOfStatus(status, isChanged);
  return { verdict, counts: true, failure: 'refused', text: statusText(status), status };
}

/** How often an object is tried whose failure is not understood. */
const FEW = 3;

/** A job on its way: what has been tried, and when it is tried again. */
export class JobProgress {
  readonly startedAt = performance.now();
  isCancelled = false;
  /** Ends a try that takes too long for who waits for the outcome; undefined: nobody does. */
  readonly cut: AbortController | undefined;
  private attempts = 0;
  private few = 0;
  private waitMs: number;
  private last: Attempt | undefined;

  constructor(readonly job: SendJob) {
    this.waitMs = job.policy.firstMs;
    if (job.policy.outcomeMs !== undefined) this.cut = new AbortController();
  }

  /** On `performance.now()`'s clock. */
  get givesUpAt(): number {
    return this.startedAt + this.job.policy.giveUpMs;
  }

  /** Notes a try. Returns the milliseconds until the next one; undefined: there is none, and the job is to be settled. */
  tried(attempt: Attempt): number | undefined {
    this.last = attempt;
    if (attempt.counts) this.attempts += 1;
    const { kind } = attempt.verdict;
    if (kind === 'few') this.few += 1;
    if (kind === 'sent' || kind === 'final' || this.few >= FEW) return undefined;
    const wait = withJitter(this.waitMs);
    this.waitMs = Math.min(2 * this.waitMs, this.job.policy.lastMs);
    return wait;
  }

  /**
   * Tells the job what has become of it.
   * @param why where that is not what the last try came to
   * @param isCommitted the peer has said that it keeps it
   */
  settle(why?: Unsent, isCommitted = false): void {
    const { last, attempts } = this;
    const isSent = why === undefined && last?.verdict.kind === 'sent';
    const { instance, transferSyntaxUID, warnings } = last ?? {};
    // That it was stored is not what became of it.
    const { status, errorComment } = why?.failure === 'notCommitted' ? { status: why.status } : (last ?? {});
    this.job.settled({
      kind: isSent ? 'sent' : 'failed',
      text: why?.text ?? last?.text ?? '',
      ...(status !== undefined && { status }),
      ...(errorComment !== undefined && { errorComment }),
      ...(instance && { instance }),
      ...(transferSyntaxUID !== undefined && { transferSyntaxUID }),
      ...(warnings && { warnings }),
      ...(isSent && isCommitted && { committed: true as const }),
      ...(isSent && last.verdict.kind === 'sent' && last.verdict.warning && { warning: true as const }),
      ...(!isSent && { failure: why?.failure ?? last?.failure ?? 'unreachable' }),
      attempts,
      milliseconds: Math.round(performance.now() - this.startedAt),
    });
  }

  /** What the last try came to, for who gives up. */
  get lastText(): string {
    return this.last?.text ?? '';
  }
}

/** Up to a quarter less, so that what failed together does not come together again. */
export function withJitter(milliseconds: number): number {
  return milliseconds * (1 - Math.random() / 4);
}
