/** The objects are counted that often at most, and so seldom that it takes one part in so many of the time. */
const COUNT_MS = 1_000;
const COUNT_SHARE = 50;
/** Without an exact count for so long, one that is not will do. */
const INEXACT_MS = 3_000;

/** How many objects there are: as counted from time to time, and as changed by this instance since. */
export class ObjectCount {
  value = 0;
  /** Changes that are under way, and those that were. */
  private changing = 0;
  private changes = 0;
  private dueAt = 0;
  private countedAt = 0;

  /** Does what changes the number of objects. @param by what the result changes it by */
  async during<T>(work: () => Promise<T>, by: (result: T) => number): Promise<T> {
    this.changing += 1;
    try {
      const result = await work();
      this.value += by(result);
      return result;
    } finally {
      this.changing -= 1;
      this.changes += 1;
    }
  }

  changed(by: number): void {
    this.value += by;
    this.changes += 1;
  }

  /** Counts again, if it is time. @throws the client's error */
  async refresh(count: () => Promise<number>): Promise<void> {
    const began = performance.now();
    if (began < this.dueAt) return;
    const { changes } = this;
    const value = await count();
    const now = performance.now();
    // What has changed meanwhile may be in it, or not; where there is always something, a few do not matter.
    const isExact = this.changing === 0 && this.changes === changes;
    if (!isExact && now - this.countedAt < INEXACT_MS) return;
    this.countedAt = now;
    this.value = value;
    this.dueAt = now + Math.max(COUNT_MS, (now - began) * COUNT_SHARE);
  }
}
