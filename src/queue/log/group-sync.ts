/**
 * One sync at a time for all who wait: whoever comes while one is running waits for the next, which covers everything
 * that was written until it begins.
 */
export class GroupSync {
  private running: Promise<void> | undefined;
  private next: Promise<void> | undefined;
  private hasFailed = false;

  constructor(private readonly sync: () => Promise<void>) {}

  /**
   * Resolves after a sync that began after this call. Once one has failed, rejects for ever: the system counts as written
   * what it could not write, and a later sync would not tell.
   */
  done(): Promise<void> {
    if (this.next !== undefined) return this.next;
    if (this.running === undefined) return this.start();
    this.next = this.running.then(() => this.start());
    return this.next;
  }

  /** Nobody waits. */
  get isIdle(): boolean {
    return this.running === undefined && this.next === undefined;
  }

  /** Somebody waits for the next sync. */
  get isShared(): boolean {
    return this.next !== undefined;
  }

  /** Calls back when no sync is running: at once, or after it. */
  whenIdle(callback: () => void): void {
    if (this.running === undefined || this.hasFailed) {
      callback();
      return;
    }
    const again = (): void => this.whenIdle(callback);
    void this.running.then(again, again);
  }

  private start(): Promise<void> {
    this.next = undefined;
    this.running = this.sync().then(
      () => void (this.running = undefined),
      (error: unknown) => {
        this.hasFailed = true;
        throw error;
      },
    );
    return this.running;
  }
}
