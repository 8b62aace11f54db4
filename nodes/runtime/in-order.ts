/**
 * Works on several messages at a time, and is done with them in the order in which they came: what one message waits for does
 * not keep the work on the next ones waiting.
 */
export class InOrder {
  /** Resolves when all that came are done with. */
  private last: Promise<void> = Promise.resolve();
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  /** @param most that are worked on at a time */
  constructor(private readonly most: number) {}

  /** Messages that it is not done with. */
  size = 0;

  /** Resolves when it is done with all that have come by now. */
  get idle(): Promise<void> {
    return this.last;
  }

  /** @param finish called when the work has come to its end, well or not, and those before it are done with; throws nothing */
  add<Result>(work: () => Promise<Result>, finish: (outcome: PromiseSettledResult<Result>) => void): void {
    this.size += 1;
    const settled = Promise.allSettled([this.begin(work)]);
    this.last = Promise.all([settled, this.last]).then(([[outcome]]) => {
      this.size -= 1;
      finish(outcome);
    });
  }

  private async begin<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.running >= this.most) await new Promise<void>((resolve) => void this.waiting.push(resolve));
    else this.running += 1;
    try {
      return await work();
    } finally {
      // The next one takes the place.
      const next = this.waiting.shift();
      if (next === undefined) this.running -= 1;
      else next();
    }
  }
}
