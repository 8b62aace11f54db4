/** A timer that fires later than this was held up, like everything in this thread. */
const HELD_UP_MS = 100;

/**
 * A timer for somebody who is waited for: a peer, or a flow. After the event loop has been held up, timers run before what
 * came meanwhile is read, and who is waited for would pay for our delay. So a deadline that comes late gives back the time
 * by which it is late; and whatever is there to be read is read once, and may stop or refresh it, before it expires.
 */
export class Deadline {
  private timer: NodeJS.Timeout | undefined;
  private reading: NodeJS.Immediate | undefined;
  private milliseconds = 0;
  /** Of what runs now: less, where it gives time back. */
  private running = 0;
  private due = 0;
  private expired = (): void => undefined;

  /** Replaces what was set before. */
  start(milliseconds: number, expired: () => void): void {
    this.stop();
    this.milliseconds = milliseconds;
    this.expired = expired;
    this.run(milliseconds);
  }

  /** Begins the time anew, if it is running. */
  refresh(): void {
    if (this.timer === undefined) return;
    clearImmediate(this.reading);
    if (this.running !== this.milliseconds) {
      this.run(this.milliseconds);
      return;
    }
    this.due = performance.now() + this.milliseconds;
    this.timer.refresh();
  }

  stop(): void {
    clearTimeout(this.timer);
    clearImmediate(this.reading);
    this.timer = undefined;
  }

  private run(milliseconds: number): void {
    clearTimeout(this.timer);
    this.running = milliseconds;
    this.due = performance.now() + milliseconds;
    this.timer = setTimeout(() => this.ended(), milliseconds);
  }

  private ended(): void {
    const late = performance.now() - this.due;
    if (late > HELD_UP_MS) {
      this.run(Math.min(late, this.milliseconds));
      return;
    }
    // Immediates run after the sockets have been polled.
    this.reading = setImmediate(() => {
      this.stop();
      this.expired();
    });
  }
}
