import { BackOff } from '../basics';

export interface StartingOptions<Fault> {
  /** Resolves with what is in the way; undefined: it has started. */
  attempt(): Promise<Fault | undefined>;
  /** Told of the same kind of fault once, not with every attempt. */
  fault(fault: Fault): void;
  /** Milliseconds before the next attempt, which double. */
  firstMs: number;
  lastMs: number;
}

/** Starts something, and tries again by itself as long as that fails. */
export class Starting<Fault extends { kind: string }> {
  private readonly retries: BackOff;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private isStopped = false;
  private lastKind: Fault['kind'] | undefined;

  constructor(private readonly options: StartingOptions<Fault>) {
    this.retries = new BackOff(options.firstMs, options.lastMs);
  }

  /** The kind of what is in the way, as far as it has been tried. */
  get fault(): Fault['kind'] | undefined {
    return this.lastKind;
  }

  start(): void {
    this.running = this.attempt();
  }

  /** Resolves when the last attempt has ended. */
  async tried(): Promise<void> {
    await this.running;
  }

  /** No other attempt. Resolves when the last one has ended. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private async attempt(): Promise<void> {
    const fault = await this.options.attempt();
    if (fault === undefined) {
      this.retries.reset();
      this.lastKind = undefined;
      return;
    }
    if (fault.kind !== this.lastKind) this.options.fault(fault);
    this.lastKind = fault.kind;
    if (!this.isStopped) this.timer = setTimeout(() => this.start(), this.retries.wait());
  }
}
