/** Before what could not be done is tried again. */
const AGAIN_MS = 1_000;

/** What nobody waits for, and has to be done nevertheless: it is tried until the database does it. */
export class Later {
  private readonly items = new Set<number>();
  private isRunning = false;
  private timer: NodeJS.Timeout | undefined;
  private isStopped = false;

  /** @param work does it to all of these */
  constructor(
    private readonly work: (seqs: readonly number[]) => Promise<void>,
    private readonly failed: (error: unknown) => void,
  ) {}

  has(seq: number): boolean {
    return this.items.has(seq);
  }

  get size(): number {
    return this.items.size;
  }

  add(seq: number): void {
    this.items.add(seq);
    setImmediate(() => void this.flush());
  }

  /** It need not be done any more. */
  delete(seq: number): void {
    this.items.delete(seq);
  }

  /** Does what there is to do, once. */
  async flush(): Promise<void> {
    if (this.isRunning || this.isStopped || this.items.size === 0) return;
    this.isRunning = true;
    const seqs = [...this.items];
    try {
      await this.work(seqs);
      for (const seq of seqs) this.items.delete(seq);
      this.isRunning = false;
      if (this.items.size > 0) void this.flush();
    } catch (error) {
      this.isRunning = false;
      this.failed(error);
      clearTimeout(this.timer);
      this.timer = setTimeout(() => void this.flush(), AGAIN_MS).unref();
    }
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }
}
