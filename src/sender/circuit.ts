import { withJitter, type RetryPolicy } from './send-job';

/** Since when a peer cannot be reached, why, and when it is tried next. Times are ISO 8601. */
export interface Outage {
  since: string;
  reason: string;
  nextTry: string;
  /** It is the configuration that does not let us in: waiting alone does not help. */
  isConfiguration: boolean;
}

/** Whether a peer can be reached: while it cannot, one try at a time finds out, with growing pauses. */
export class Circuit {
  private current: Outage | undefined;
  /** The next pause; undefined: it has not been down. */
  private waitMs: number | undefined;
  private until = 0;

  get outage(): Outage | undefined {
    return this.current;
  }

  /** Milliseconds until it may be tried; 0: now. */
  get restMs(): number {
    return this.current === undefined ? 0 : Math.max(0, this.until - performance.now());
  }

  /** It could be reached. */
  up(): void {
    this.current = undefined;
    this.waitMs = undefined;
  }

  /**
   * It could not.
   * @param policy of the object with which that was tried; a configuration is seldom put right soon
   */
  down(
    reason: string,
    isConfiguration: boolean,
    { firstMs, lastMs }: Pick<RetryPolicy, 'firstMs' | 'lastMs'>,
  ): void {
    const pause = isConfiguration ? lastMs : (this.waitMs ?? firstMs);
    this.waitMs = Math.min(2 * pause, lastMs);
    const wait = withJitter(pause);
    this.until = performance.now() + wait;
    const now = Date.now();
    this.current = {
      since: this.current?.since ?? new Date(now).toISOString(),
      reason,
      nextTry: new Date(now + wait).toISOString(),
      isConfiguration,
    };
  }
}
