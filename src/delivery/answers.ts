import { Deadline } from '../basics';
import { isNameOf } from '../queue';
import { Status, type CommandStatus } from '../network';

/** What became of an answer that a flow gave. */
export type AnswerOutcome =
  | 'answered'
  /** Another answer came first. */
  | 'alreadyAnswered'
  /** The sender has been answered with 0110, or its association has ended. */
  | 'tooLate'
  /** The receiver answers by itself and keeps nothing for an acknowledgement. */
  | 'notAwaited'
  /** No object of this id is waiting. */
  | 'unknown';

/** Ids of past answers that are remembered, to tell a second answer from one that makes no sense. */
const REMEMBERED = 10_000;

interface Past {
  outcome: 'alreadyAnswered' | 'tooLate';
  /** This many further answers are expected: one for each message of the object that went to the flow. */
  expected: number;
}

interface Waiting {
  resolve(status: CommandStatus): void;
  deadline: Deadline;
}

/** C-STORE requests that wait for the flow's answer, and what has been answered lately. */
export class Answers {
  private readonly waiting = new Map<string, Waiting>();
  private readonly past = new Map<string, Past>();

  private closedWith: CommandStatus | undefined;

  /** @param timedOut called for each request that the flow did not answer in time */
  constructor(
    private readonly timeoutSeconds: number,
    private readonly timedOut: (id: string) => void,
  ) {}

  isWaiting(id: string): boolean {
    return this.waiting.has(id);
  }

  /** Resolves with the flow's answer to this object, or with processing failure (0110) when none comes in time. */
  wait(id: string): Promise<CommandStatus> {
    if (this.closedWith !== undefined) return Promise.resolve(this.closedWith);
    return new Promise((resolve) => {
      const deadline = new Deadline();
      this.waiting.set(id, { resolve, deadline });
      deadline.start(this.timeoutSeconds * 1000, () => {
        const comment = `the flow did not answer within ${this.timeoutSeconds} s`;
        this.settle(id, { status: Status.processingFailure, comment }, 'tooLate');
        this.timedOut(id);
      });
    });
  }

  /** The flow's answer to a request that waits; false when none does. */
  answer(id: string, status: CommandStatus): boolean {
    if (!this.waiting.has(id)) return false;
    this.settle(id, status, 'alreadyAnswered');
    return true;
  }

  /** The id of an object that has been answered, or waits for that, by any of its names. */
  idOf(name: string): string | undefined {
    for (const id of [...this.waiting.keys(), ...this.past.keys()]) if (isNameOf(name, id)) return id;
    return undefined;
  }

  /** How an answer to an object that waits for none fares. */
  outcome(id: string): AnswerOutcome {
    const past = this.past.get(id);
    if (past === undefined) return 'unknown';
    if (past.expected === 0) return past.outcome;
    past.expected -= 1;
    return 'answered';
  }

  /**
   * Later answers to this object fare so.
   * @param expected the number of answers before that which are no mistake
   */
  remember(id: string, outcome: Past['outcome'], expected = 0): void {
    this.past.set(id, { outcome, expected });
    if (this.past.size <= REMEMBERED) return;
    const [oldest] = this.past.keys();
    if (oldest !== undefined) this.past.delete(oldest);
  }

  /** Answers everything that waits, at the end, and what still comes. */
  close(status: CommandStatus): void {
    this.closedWith = status;
    for (const id of [...this.waiting.keys()]) this.settle(id, status, 'tooLate');
  }

  private settle(id: string, status: CommandStatus, outcome: 'alreadyAnswered' | 'tooLate'): void {
    const waiting = this.waiting.get(id);
    if (waiting === undefined) return;
    waiting.deadline.stop();
    this.waiting.delete(id);
    this.remember(id, outcome);
    waiting.resolve(status);
  }
}
