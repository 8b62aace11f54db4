import { BackOff } from '../../basics';

const RETRY_FIRST_MS = 5_000;
const RETRY_LAST_MS = 300_000;

/** How long a stop may take: renames and deletions of very many files, or the copy of a large one. */
const STOP_MS = 1_000;

/** Steps that put one file where it belongs, from their beginning. */
type Steps = () => Generator<void, void>;

/**
 * Puts files away that the flow is done with, one after the other and without holding up the thread. What fails is tried again:
 * the file waits where it is, over restarts, too.
 */
export class PuttingAway {
  private waiting: Steps[] = [];
  private isRunning = false;
  private isStopped = false;
  private timer: NodeJS.Timeout | undefined;
  private readonly retries = new BackOff(RETRY_FIRST_MS, RETRY_LAST_MS);

  /** @param failed told once for each round of tries */
  constructor(private readonly failed: (error: Error) => void) {}

  get size(): number {
    return this.waiting.length;
  }

  add(steps: Steps): void {
    this.waiting.push(steps);
    if (!this.isRunning && this.timer === undefined) void this.run();
  }

  /** Does what is quickly done. The rest, and what fails, is found at the next start. */
  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
    this.timer = undefined;
    const until = performance.now() + STOP_MS;
    for (const steps of this.waiting.splice(0)) {
      if (performance.now() > until) return;
      finish(steps(), until);
    }
  }

  /** It begins anew. */
  start(): void {
    this.isStopped = false;
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    // After whoever adds, who may still need the file's name.
    await turn();
    const failures: Steps[] = [];
    let reason: Error | undefined;
    for (
      let steps = this.waiting.shift();
      steps !== undefined && !this.isStopped;
      steps = this.waiting.shift()
    ) {
      try {
        const running = steps();
        while (running.next().done !== true && !this.isStopped) await turn();
        // Of what is left in the middle nothing stays but the file where it was.
        running.return();
        this.retries.reset();
      } catch (error) {
        reason ??= error as Error;
        failures.push(steps);
      }
      await turn();
    }
    this.isRunning = false;
    if (this.isStopped || reason === undefined) return;
    this.waiting.push(...failures);
    this.failed(reason);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.run();
    }, this.retries.wait());
  }
}

function finish(running: Generator<void, void>, until: number): void {
  try {
    while (running.next().done !== true && performance.now() < until);
    running.return();
  } catch (error) {
    // It is tried again at the next start.
    if (!(error instanceof Error)) throw error;
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
