/**
 * A timer for somebody who is waited for: a peer, or a flow. After the event loop has been held up, timers run before what came meanwhile is
 * read: who is waited for would pay for our delay. So what is there is read once, and may stop or refresh the deadline, before
 * this one expires.
 */
export class Deadline {
  private timer: NodeJS.Timeout | undefined;
  private reading: NodeJS.Immediate | undefined;

  /** Replaces what was set before. */
  start(milliseconds: number, expired: () => void): void {
    this.stop();
    this.timer = setTimeout(() => {
      // Immediates run after the sockets have been polled.
      this.reading = setImmediate(() => {
        this.stop();
        expired();
      });
    }, milliseconds);
  }

  /** Begins the time anew, if it is running. */
  refresh(): void {
    clearImmediate(this.reading);
    this.timer?.refresh();
  }

  stop(): void {
    clearTimeout(this.timer);
    clearImmediate(this.reading);
    this.timer = undefined;
  }
}
