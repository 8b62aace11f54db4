/** Before what could not be done is tried again. */
const AGAIN_MS = 1_000;

/** What nobody waits for, and has to be done nevertheless: it is tried until the database does it. */
export class Later {
  private readonly items = new Set<number>();
  private running: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isStopped = false;

  /**
   * @param work does it to all of these
   * @param gatherMs what comes within this goes together, for each statement is a transaction that is synced; 0: in this turn
   */
  constructor(
    private readonly work: (seqs: readonly number[]) => Promise<void>,
    private readonly failed: (error: unknown) => void,
    private readonly gatherMs = 0,
  ) {}

  has(seq: number): boolean {
    return this.items.has(seq);
  }

  get size(): number {
    return this.items.size;
  }

  add(seq: number): void {
    this.items.add(seq);
    if (this.gatherMs === 0) setImmediate(() => this.start());
    else this.startIn(this.gatherMs);
  }

  /** It need not be done any more. */
  delete(seq: number): void {
    this.items.delete(seq);
  }

  /** Resolves when all that there was is done. @throws the client's error */
  async drain(): Promise<void> {
    await this.running;
    if (this.items.size > 0) await this.doAll();
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  private startIn(milliseconds: number): void {
    if (this.isStopped || this.running !== undefined) return;
    this.timer ??= setTimeout(() => this.start(), milliseconds).unref();
  }

  private start(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.isStopped || this.running !== undefined || this.items.size === 0) return;
    this.running = this.doAll()
      .then(
        () => this.gatherMs,
        (error: unknown) => {
          this.failed(error);
          return AGAIN_MS;
        },
      )
      .then((pause) => {
        this.running = undefined;
        if (this.items.size > 0) this.startIn(pause);
      });
  }

  private async doAll(): Promise<void> {
    const seqs = [...this.items];
    await this.work(seqs);
    for (const seq of seqs) this.items.delete(seq);
  }
}
