/** Requests up to this length are always read: no real sender's is longer. */
const SMALL_REQUEST = 65_536;
/** What all longer ones that are arriving may take together. */
const BUDGET = 16 * 1_048_576;

/**
 * Memory for A-ASSOCIATE-RQs that are still arriving. Without it, every connection of a flood could make us hold half a
 * megabyte for as long as ARTIM runs.
 */
export class RequestBudget {
  private left = BUDGET;

  /** Returns a function that gives the memory back, or undefined when there is none. */
  take(bytes: number): (() => void) | undefined {
    if (bytes <= SMALL_REQUEST) return () => undefined;
    if (bytes > this.left) return undefined;
    this.left -= bytes;
    let held = true;
    return () => {
      if (held) this.left += bytes;
      held = false;
    };
  }
}
