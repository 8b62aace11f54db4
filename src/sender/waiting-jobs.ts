import { Fifo } from '../basics';
import type { JobProgress } from './send-job';

/** What waits to be sent to one peer, and what rests until its next try. */
export class WaitingJobs {
  /** In the order in which they came; those that come again behind the others. */
  private ready = new Fifo<JobProgress>();
  /** With which the peer could not be reached. They go before the others, the last one first: it is the oldest. */
  private readonly returned: JobProgress[] = [];
  private readonly resting = new Map<string, { progress: JobProgress; timer: NodeJS.Timeout }>();
  /** None of those that could be sent will have waited for too long before. */
  private overdueFrom = Infinity;

  /** Those that could be sent now. */
  get size(): number {
    return this.ready.size + this.returned.length;
  }

  get restingCount(): number {
    return this.resting.size;
  }

  add(progress: JobProgress): void {
    this.ready.push(progress);
    this.overdueFrom = Math.min(this.overdueFrom, progress.givesUpAt);
  }

  /** It is the next one again. */
  giveBack(progress: JobProgress): void {
    this.returned.push(progress);
    this.overdueFrom = Math.min(this.overdueFrom, progress.givesUpAt);
  }

  /** The next one that somebody still wants sent. */
  take(): JobProgress | undefined {
    for (;;) {
      const progress = this.returned.pop() ?? this.ready.shift();
      if (progress?.isCancelled !== true) return progress;
    }
  }

  /** Until its next try. @param over called then, unless it is cancelled or withdrawn */
  rest(progress: JobProgress, milliseconds: number, over: () => void): void {
    const { id } = progress.job;
    const timer = setTimeout(
      () => {
        this.resting.delete(id);
        over();
      },
      Math.max(0, milliseconds),
    );
    this.resting.set(id, { progress, timer });
  }

  /** It does not come any more. One that does not rest is left out by its own mark. */
  cancel(id: string): void {
    clearTimeout(this.resting.get(id)?.timer);
    this.resting.delete(id);
  }

  /** Takes all, the oldest first. */
  withdraw(): JobProgress[] {
    const resting = [...this.resting.values()].map(({ progress }) => progress);
    this.stop();
    this.resting.clear();
    return [...this.takeReady(), ...resting.filter(({ isCancelled }) => !isCancelled)];
  }

  /**
   * Takes those out that have waited for too long. The others stay in their order. While none can have, nothing is looked at: many
   * may wait for a peer that is down, and each that comes asks.
   * @param now on `performance.now()`'s clock
   */
  takeOverdue(now: number): JobProgress[] {
    if (now < this.overdueFrom) return [];
    const all = this.takeReady();
    const overdue = all.filter(({ givesUpAt }) => givesUpAt <= now);
    this.ready = new Fifo(all.filter(({ givesUpAt }) => givesUpAt > now));
    this.overdueFrom = Infinity;
    for (const { givesUpAt } of this.ready) this.overdueFrom = Math.min(this.overdueFrom, givesUpAt);
    return overdue;
  }

  /** Not after the moment from which on one will have waited for too long; Infinity: none will. */
  get nextOverdue(): number {
    return this.size === 0 ? Infinity : this.overdueFrom;
  }

  /** Ends timers. */
  stop(): void {
    for (const { timer } of this.resting.values()) clearTimeout(timer);
  }

  private takeReady(): JobProgress[] {
    const all = [...this.returned.splice(0).reverse(), ...this.ready.takeAll()];
    return all.filter(({ isCancelled }) => !isCancelled);
  }
}
