import { BackOff } from '../basics';

export interface StartingOptions<Fault> {
  /** Resolves with what is in the way; undefined: it has started. */
  attempt(): Promise<Fault | undefined>;
  /** Told of the same fault, with the same reason, once, not with every attempt. */
  fault(fault: Fault): void;
  /** Milliseconds before the next attempt, which double. */
  firstMs: number;
  lastMs: number;
}

interface StartFault {
  kind: string;
  values: Readonly<Record<string, string | number>>;
}

/** Starts something, and tries again by itself as long as that fails. */
export class Starting<Fault extends StartFault> {
  private readonly retries: BackOff;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private isStopped = false;
  private last: Fault | undefined;

  constructor(private readonly options: StartingOptions<Fault>) {
    this.retries = new BackOff(options.firstMs, options.lastMs);
  }

  /** The kind of what is in the way, as far as it has been tried. */
  get fault(): Fault['kind'] | undefined {
    return this.last?.kind;
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
      this.last = undefined;
      return;
    }
    const isSame = fault.kind === this.last?.kind && fault.values['reason'] === this.last.values['reason'];
    this.last = fault;
    if (!isSame) this.options.fault(fault);
    if (!this.isStopped) this.timer = setTimeout(() => this.start(), this.retries.wait());
  }
}
