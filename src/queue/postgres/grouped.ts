/** So many at once at most. */
const MOST_GROUPED = 256;

interface Waiting<T, R> {
  item: T;
  resolve: (result: R) => void;
  reject: (error: unknown) => void;
}

/** Does the same to many: all that come while it is being done to others go together. */
export class Grouped<T, R> {
  private waiting: Waiting<T, R>[] = [];
  private isRunning = false;

  /** @param work resolves with a result for each of the items, in their order */
  constructor(private readonly work: (items: readonly T[]) => Promise<readonly R[]>) {}

  add(item: T): Promise<R> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      setImmediate(() => void this.next());
    });
  }

  private async next(): Promise<void> {
    if (this.isRunning || this.waiting.length === 0) return;
    this.isRunning = true;
    const group = this.waiting.splice(0, MOST_GROUPED);
    try {
      const results = await this.work(group.map(({ item }) => item));
      group.forEach(({ resolve }, at) => resolve(results[at] as R));
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
    this.isRunning = false;
    void this.next();
  }
}
