import { Turns } from '../../../basics';
import type { Leased, ObjectRow } from '../rows';
import { HeldStreams } from './held-streams';
import { Relinquished } from './relinquished';
import { RowFinder, type RowSource } from './row-finder';

/** A row that is this instance's, and its association. */
export type Ours = Leased & Pick<ObjectRow, 'stream'>;

/**
 * What the database has as this instance's: associations, and rows in flight under their leases. What changes that is done one
 * after the other.
 */
export class RowClaims {
  /** Those associations. */
  readonly held = new HeldStreams();
  private readonly finder = new RowFinder(this.held);
  private readonly relinquished = new Relinquished();
  private readonly turns = new Turns(1);
  private mayHaveOthers = false;
  /** Associations of which nothing is claimed here are being given up. */
  private isLettingGo = false;

  /**
   * @param source undefined: there is no database
   * @param here what is claimed here, or as it is put
   */
  constructor(
    private readonly source: () => RowSource | undefined,
    private readonly here: () => readonly Ours[],
  ) {}

  /** False: what is claimed as it is put could be given up with others. */
  get isSettled(): boolean {
    return !this.isLettingGo && !this.mayHaveOthers;
  }

  get mayFind(): boolean {
    return this.finder.mayFind;
  }

  /** As `RowFinder.mayBeIn`. */
  mayBeIn(stream?: number): void {
    this.finder.mayBeIn(stream);
  }

  /** The database may have some as this instance's that are not here. */
  missSome(): void {
    this.mayHaveOthers = true;
  }

  /** They are this instance's no more, and nobody has begun with them. */
  lose(rows: readonly Leased[]): void {
    this.relinquished.lose(rows);
  }

  /** They are not here any more: they wait again once that is settled, and nothing is counted. */
  giveBack(rows: readonly Ours[]): void {
    for (const { stream } of rows) this.held.fellBehind(stream);
    this.relinquished.return(rows);
  }

  /** What is claimed at the same time does not find what is given back. @throws the client's error */
  async settle(): Promise<void> {
    await this.turns.run(async () => {
      const source = this.source();
      if (source !== undefined) await this.relinquished.settle(source.leased);
    });
  }

  /**
   * Claims rows of what waits.
   * @param add takes one in, before anything else changes
   * @returns up to which moment, too, all that waits is among those; as `FoundRows.caughtUp`
   * @throws the client's error
   */
  claim<T>(
    source: RowSource,
    max: number,
    add: (row: ObjectRow) => T,
  ): Promise<{ objects: T[]; caughtUp: number }> {
    const { number } = source.session;
    return this.turns.run(async () => {
      await this.tidy(source, number);
      const { found, caughtUp } = await this.find(source, number, max);
      if (this.source() === source && source.session.number === number)
        return { objects: found.map(add), caughtUp };
      // They are somebody else's, or will be claimed once more, and nobody has begun with them.
      this.lose(found);
      this.mayBeIn();
      return { objects: [], caughtUp: -1 };
    });
  }

  private async find(...args: Parameters<RowFinder['find']>): ReturnType<RowFinder['find']> {
    try {
      return await this.finder.find(...args);
    } catch (error) {
      // What the answer would have told is claimed nevertheless.
      this.missSome();
      this.mayBeIn();
      throw error;
    }
  }

  /** Another change of what is this instance's. @throws the client's error */
  async change<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.turns.run(work);
    } catch (error) {
      this.missSome();
      throw error;
    }
  }

  /**
   * Others may have the associations of which nothing is claimed here.
   * @param before gives back what else is not needed here
   * @throws the client's error
   */
  async unlease(source: RowSource, before: () => void): Promise<void> {
    const { number } = source.session;
    await this.turns.run(async () => {
      before();
      await this.tidy(source, number);
      const kept = new Set(this.here().map(({ stream }) => stream));
      this.held.keepOnly(kept);
      this.isLettingGo = true;
      await source.leased.unlease(number, [...kept]).finally(() => (this.isLettingGo = false));
    });
  }

  private async tidy({ leased }: RowSource, session: number): Promise<void> {
    await this.relinquished.settle(leased);
    if (!this.mayHaveOthers) return;
    const known = this.here().map(({ seq }) => seq);
    await leased.giveBackOthers(session, known);
    this.held.allFellBehind();
    this.mayHaveOthers = false;
  }

  /** None is this instance's any more. */
  sessionEnded(): void {
    this.relinquished.sessionEnded();
    this.lose(this.here());
    this.held.clear();
  }

  /** Returns the rows that the session still has, and that are not here. */
  close(): Leased[] {
    this.held.clear();
    return this.relinquished.close();
  }
}
