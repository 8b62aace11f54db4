import type { Database } from './database';
import type { ObjectRows } from './object-rows';
import type { RemoteAnswers } from './remote-answers';

const SWEEP_MS = 15_000;
/** An instance whose nodes have parked objects may be restarted within this; then they have them still. */
const PARKED_SECONDS = 600;
const FORGET_SECONDS = 86_400;

export interface SweeperOptions {
  schema: string;
  queue: string;
  parkedSeconds?: number;
  failed(error: unknown): void;
  /** So many objects wait again. */
  cameBack(objects: number): void;
}

/** Cleans up after instances that are gone. Each instance does it; what one has done, another does not find. */
export class Sweeper {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly database: Database,
    private readonly rows: ObjectRows,
    private readonly answers: RemoteAnswers,
    private readonly options: SweeperOptions,
  ) {}

  start(): void {
    // Not all instances at once.
    this.timer = setTimeout(
      () => void this.sweep().then(() => this.start()),
      SWEEP_MS * (0.5 + Math.random()),
    );
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  /** Once. */
  async sweep(): Promise<void> {
    const { schema, queue, parkedSeconds = PARKED_SECONDS } = this.options;
    const s = `"${schema}"`;
    try {
      await this.rows.removeKeptOfOthers();
      this.options.cameBack(await this.rows.takeBackParked(parkedSeconds));
      await this.answers.removeOfOthers();
      await this.database.change(
        `DELETE FROM ${s}.lease l WHERE queue = $1
           AND NOT EXISTS (SELECT FROM ${s}.session e WHERE e.number = l.session AND e.until > clock_timestamp())
           AND NOT EXISTS (SELECT FROM ${s}.object o WHERE o.queue = $1 AND o.stream = l.stream AND o.state = 'queued')`,
        [queue],
      );
      await this.database.change(
        `DELETE FROM ${s}.session e WHERE queue = $1 AND until < clock_timestamp() - $2 * interval '1 second'`,
        [queue, Math.max(FORGET_SECONDS, parkedSeconds)],
      );
    } catch (error) {
      this.options.failed(error);
    }
  }
}
