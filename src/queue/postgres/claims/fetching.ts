/** Fetches objects for whoever waits for some, once at a time; what asks for it meanwhile has it done once more. */
export class Fetching {
  /** Objects that somebody waits for. */
  private max = 0;
  private isRunning = false;
  private isAskedAgain = false;

  /**
   * @param mayFind there may be some
   * @param fetch up to so many
   */
  constructor(
    private readonly mayFind: () => boolean,
    private readonly fetch: (max: number) => Promise<void>,
    private readonly failed: (error: unknown) => void,
  ) {}

  get wanted(): number {
    return this.max;
  }

  /** Until that resolves, somebody waits for so many. */
  until(claimed: Promise<unknown>, max: number): void {
    this.max = max;
    void claimed.then(
      () => (this.max = 0),
      () => undefined,
    );
    this.soon();
  }

  soon(): void {
    if (this.max === 0 || !this.mayFind()) return;
    if (this.isRunning) {
      this.isAskedAgain = true;
      return;
    }
    this.isRunning = true;
    setImmediate(() => void this.once());
  }

  private async once(): Promise<void> {
    this.isAskedAgain = false;
    try {
      if (this.max > 0) await this.fetch(this.max);
    } catch (error) {
      this.failed(error);
    }
    this.isRunning = false;
    if (this.isAskedAgain) this.soon();
  }
}
