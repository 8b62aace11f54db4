import type { ReceiverEvent } from './events';

/** How many events may pass in a window of time. */
export interface GateLimits {
  windowMs: number;
  /** Of one kind from one caller: a noisy one must not hide the others. */
  perCaller: number;
  /** Of all kinds from all callers. */
  total: number;
}

/** What did not pass in the last window. */
export interface Suppressed {
  count: number;
  seconds: number;
}

/**
 * Passes a limited number of events and counts the others, so that a peer that reconnects a thousand times a second floods
 * neither the channel to the main thread nor a log. An event that comes with an object's message always passes: there is
 * one for each message, and the flow's pace limits those.
 */
export class EventGate {
  private readonly passed = new Map<string, number>();
  private total = 0;
  private suppressed = 0;
  private closed = false;
  private timer: NodeJS.Timeout | undefined;

  /** @param tell called at the end of a window in which something was held back */
  constructor(
    private readonly limits: GateLimits,
    private readonly tell: (suppressed: Suppressed) => void,
  ) {}

  passes(event: ReceiverEvent): boolean {
    if (!('remoteAddress' in event) || event.event === 'object-received') return true;
    if (!this.closed) this.timer ??= setTimeout(() => this.endWindow(), this.limits.windowMs).unref();
    const key = `${event.event} ${event.remoteAddress} ${'callingAET' in event ? event.callingAET : ''}`;
    const before = this.passed.get(key) ?? 0;
    if (this.total >= this.limits.total || before >= this.limits.perCaller) {
      this.suppressed += 1;
      return false;
    }
    this.total += 1;
    this.passed.set(key, before + 1);
    return true;
  }

  /** Reports what has not been reported yet, and stops its timer; the last window's limits stay in force. */
  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.endWindow();
  }

  private endWindow(): void {
    const { suppressed: count } = this;
    this.timer = undefined;
    this.passed.clear();
    this.total = 0;
    this.suppressed = 0;
    if (count > 0) this.tell({ count, seconds: this.limits.windowMs / 1000 });
  }
}
