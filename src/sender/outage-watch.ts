import { LONGEST_TIMER_MS } from '../basics';
import type { Circuit } from './circuit';
import type { JobProgress } from './send-job';
import type { WaitingJobs } from './waiting-jobs';

/** For each object that waits: so long what has waited for too long is not looked for again. Looking at each costs a hundredth of it. */
const PAUSE_PER_JOB_MS = 0.01;

/** What a watch wants of its line. */
export interface WatchedLine {
  /** Something waits to be done. */
  hasWork(): boolean;
  /** It has waited for too long. @param reason why the peer cannot be reached */
  giveUp(progress: JobProgress, reason: string): void;
  /** The pause may be over. */
  tryAgain(): void;
}

/** While a peer is down: in time what has waited for too long is given up, and the peer is tried again. */
export class OutageWatch {
  private timer: NodeJS.Timeout | undefined;
  /** For what has waited for too long, on `performance.now()`'s clock. */
  private looksAgainAt = 0;

  constructor(
    private readonly circuit: Circuit,
    private readonly jobsWaiting: WaitingJobs,
    private readonly line: WatchedLine,
  ) {}

  /** Wakes up in time. @param restMs after which the peer is tried; 0: it is being tried */
  set(restMs: number): void {
    clearTimeout(this.timer);
    if (this.circuit.outage === undefined || !this.line.hasWork()) return;
    const now = performance.now();
    // While it is being tried, that has its own end.
    const nextTry = restMs > 0 ? now + restMs : Infinity;
    const next = Math.min(nextTry, this.nextLook);
    if (next === Infinity) return;
    this.timer = setTimeout(
      () => {
        this.giveUpOverdue();
        this.line.tryAgain();
      },
      Math.min(LONGEST_TIMER_MS, Math.max(0, next - now)),
    );
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  /** When it is looked for what has waited for too long. */
  private get nextLook(): number {
    return Math.max(this.jobsWaiting.nextOverdue, this.looksAgainAt);
  }

  private giveUpOverdue(): void {
    const { outage } = this.circuit;
    const now = performance.now();
    if (outage === undefined || now < this.nextLook) return;
    const overdue = this.jobsWaiting.takeOverdue(now);
    this.looksAgainAt = now + this.jobsWaiting.size * PAUSE_PER_JOB_MS;
    for (const progress of overdue) this.line.giveUp(progress, outage.reason);
  }
}
