import type { SharedState } from '../queue';

/** Whoever wants to know whether an association has ended has to wait for the next word. */
const WORD_MS = 1_000;

/** Says in the database of a shared queue which associations are open at this instance: other instances deliver their objects. */
export class OpenAssociations {
  private timer: NodeJS.Timeout | undefined;
  private isStopped = false;

  /** @param failed the database could not be told; it is tried again */
  constructor(
    private readonly state: SharedState,
    private readonly open: () => readonly string[],
    private readonly failed: (error: unknown) => void,
  ) {}

  /** The first word is said when this resolves. @throws the client's error */
  async start(): Promise<void> {
    const { schema, queue } = this.state;
    await this.state.change(
      `DELETE FROM ${schema}.presence p WHERE queue = $1 AND NOT ${this.state.lives('p.session')}`,
      [queue],
    );
    await this.say();
    this.schedule();
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  private schedule(): void {
    if (this.isStopped) return;
    this.timer = setTimeout(() => {
      this.say()
        .catch(this.failed)
        .finally(() => this.schedule());
    }, WORD_MS);
  }

  private async say(): Promise<void> {
    const { schema, queue, number } = this.state;
    if (number === 0) return;
    // The moment is taken first: an association that opens meanwhile is in the next word.
    const [row] = await this.state.rows('SELECT clock_timestamp()::text AS at');
    await this.state.change(
      `INSERT INTO ${schema}.presence (session, queue, at, associations) VALUES ($1, $2, $3, $4)
       ON CONFLICT (session) DO UPDATE SET at = excluded.at, associations = excluded.associations`,
      [number, queue, row?.['at'], this.open()],
    );
  }
}
