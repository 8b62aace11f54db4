import { Deadline } from '../basics';

/** Requests that are in the flow at a time, at most. */
export const MOST_IN_FLOW = 16;

/** What became of an answer that the flow gave to a query or to a procedure step. */
export type FlowAnswerOutcome =
  /** It was taken, and sent where there is something to send. */
  | { outcome: 'answered' }
  /** The peer has cancelled the query: what the flow still says is not sent, and is no mistake. */
  | { outcome: 'cancelled' }
  /** The request has had its last response. */
  | { outcome: 'alreadyAnswered' }
  /** The peer has been told that it failed, or is gone. */
  | { outcome: 'tooLate' }
  /** The receiver has answered by itself. */
  | { outcome: 'notAwaited' }
  /** No request of this id waits. */
  | { outcome: 'unknown' }
  /** It is no status of this service. The peer has been told that its request failed. */
  | { outcome: 'wrongStatus'; value: string }
  /** A match cannot be encoded. As `wrongStatus`. */
  | { outcome: 'wrongMatch'; number: number; reason: string }
  /** There are more matches than an answer may have, or more bytes. As `wrongStatus`. */
  | { outcome: 'tooMany'; matches: number; megabytes: number };

/** Ids of requests that are over, to tell a late answer from one that makes no sense. */
const REMEMBERED = 1_000;

/** Outcomes of what was answered lately, by the ids of the requests. */
export class PastAnswers {
  private readonly past = new Map<string, FlowAnswerOutcome>();

  add(id: string, outcome: FlowAnswerOutcome): void {
    this.past.set(id, outcome);
    if (this.past.size <= REMEMBERED) return;
    const [oldest] = this.past.keys();
    if (oldest !== undefined) this.past.delete(oldest);
  }

  of(id: string): FlowAnswerOutcome {
    return this.past.get(id) ?? { outcome: 'unknown' };
  }
}

/** Waits for the flow, this many seconds each time. */
export class FlowDeadline {
  private readonly deadline = new Deadline();

  constructor(
    private readonly seconds: number,
    private readonly expired: () => void,
  ) {}

  start(): void {
    this.deadline.start(this.seconds * 1_000, this.expired);
  }

  stop(): void {
    this.deadline.stop();
  }
}
