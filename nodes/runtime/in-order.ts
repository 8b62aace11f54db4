import { asError, Turns } from '../../src/basics';

/**
 * Works on several messages at a time, and is done with them in the order in which they came: what one message waits for does
 * not keep the work on the next ones waiting.
 */
export class InOrder {
  /** Resolves when all that came are done with. */
  private last: Promise<void> = Promise.resolve();
  private readonly turns: Turns;

  /**
   * @param most that are worked on at a time
   * @param failed told of what a `finish` has thrown
   */
  constructor(
    most: number,
    private readonly failed: (error: Error) => void,
  ) {
    this.turns = new Turns(most);
  }

  /** Messages that it is not done with. */
  size = 0;

  /** Resolves when it is done with all that have come by now. */
  get idle(): Promise<void> {
    return this.last;
  }

  /** @param finish called when the work has come to its end, well or not, and those before it are done with */
  add<Result>(work: () => Promise<Result>, finish: (outcome: PromiseSettledResult<Result>) => void): void {
    this.size += 1;
    const settled = Promise.allSettled([this.turns.run(work)]);
    this.last = Promise.all([settled, this.last]).then(([[outcome]]) => {
      this.size -= 1;
      try {
        finish(outcome);
      } catch (error) {
        // The next ones have their turn all the same.
        this.failed(asError(error));
      }
    });
  }
}
