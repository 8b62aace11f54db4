/** Taken entries before the array is compacted. */
const MOST_TAKEN = 1_024;

/** First in, first out. Shifting an array of 100 000 for each that is taken would make draining it quadratic. */
export class Fifo<T> {
  private first = 0;

  constructor(private items: T[] = []) {}

  get size(): number {
    return this.items.length - this.first;
  }

  /** The oldest. */
  get head(): T | undefined {
    return this.items[this.first];
  }

  /** From the oldest to the newest. */
  [Symbol.iterator](): Iterator<T> {
    return this.items.slice(this.first).values();
  }

  push(item: T): void {
    this.items.push(item);
  }

  /** Removes and returns the oldest. */
  shift(): T | undefined {
    if (this.size === 0) return undefined;
    const item = this.items[this.first];
    this.first += 1;
    if (this.first >= MOST_TAKEN && this.first * 2 >= this.items.length) {
      this.items = this.items.slice(this.first);
      this.first = 0;
    }
    return item;
  }

  /** Removes and returns all, the oldest first. */
  takeAll(): T[] {
    const all = this.items.slice(this.first);
    this.items = [];
    this.first = 0;
    return all;
  }
}
