/** Before what could not be done is tried again. */
const AGAIN_MS = 1_000;

/** What nobody waits for, and has to be done nevertheless: it is tried until the database does it. */
export class Later {
  private readonly items = new Set<number>();
  private running: Promise<void> | undefined;
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
    setImmediate(() => this.start());
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

  private start(): void {
    if (this.running !== undefined || this.isStopped || this.items.size === 0) return;
    this.running = this.doAll()
      .then(
        () => setImmediate(() => this.start()),
        (error: unknown) => {
          this.failed(error);
          clearTimeout(this.timer);
          this.timer = setTimeout(() => this.start(), AGAIN_MS).unref();
        },
      )
      .then(() => void (this.running = undefined));
  }

  private async doAll(): Promise<void> {
    const seqs = [...this.items];
    await this.work(seqs);
    for (const seq of seqs) this.items.delete(seq);
  }
}
