import { OnceInAWhile } from '../../basics';
import { DatabaseUnusable, failureText, isAway } from './database';
import { FileFailed } from './directory';
import type { Link } from './link';

/** Who is told what goes wrong with a queue. */
export interface FailureListener {
  onLeftover(error: Error): void;
  /** The database cannot be asked, or the shared directory not be used; it is tried again. */
  onAway?(problem: DatabaseUnusable): void;
  /** It can be again. */
  onBack?(problem: DatabaseUnusable): void;
}

const LEFTOVER_MS = 60_000;

/** What statements and files have failed with: that the database is away is told once, all else once in a while. */
export class QueueFailures {
  private readonly leftovers = new OnceInAWhile(LEFTOVER_MS);
  /** Why the database cannot be asked, or is not to be trusted. */
  private away: DatabaseUnusable | undefined;

  constructor(
    private readonly listener: FailureListener,
    private readonly link: () => Link | undefined,
  ) {}

  /** Why nothing can be put now. Undefined: it can. */
  get problem(): DatabaseUnusable | undefined {
    return this.away;
  }

  add(error: unknown): void {
    if (error instanceof FileFailed) {
      this.link()?.watch.suspect();
      if (this.leftovers.passes(error.message)) this.listener.onLeftover(error);
    } else if (isAway(error)) {
      this.isNow(
        error instanceof DatabaseUnusable ? error : new DatabaseUnusable('QUEUE_AWAY', failureText(error)),
      );
    } else if (this.leftovers.passes(failureText(error)))
      this.listener.onLeftover(new Error(`the database of the queue: ${failureText(error)}`));
  }

  private isNow(problem: DatabaseUnusable): void {
    const { away } = this;
    if (problem.code === away?.code) return;
    if (away !== undefined) this.listener.onBack?.(away);
    this.away = problem;
    this.listener.onAway?.(problem);
    this.link()?.session.beatSoon();
  }

  /** The database has answered, and is as it is to be. */
  back(): void {
    const { away } = this;
    this.away = undefined;
    if (away !== undefined) this.listener.onBack?.(away);
  }
}
