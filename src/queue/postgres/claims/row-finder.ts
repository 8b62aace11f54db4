import type { LeasedRows, ObjectRow } from '../rows';
import type { Session } from '../session';
import type { HeldStreams } from './held-streams';

/** With enough to do, an instance takes on an association that nobody has so often. */
const LEASE_MS = 1_000;

/** Where rows are found, and for whom. */
export interface RowSource {
  leased: LeasedRows;
  session: Session;
}

export interface FoundRows {
  found: ObjectRow[];
  /** By the clock of `HeldStreams`, up to when all that waited is among them, or was claimed before; -1: there may be more. */
  caughtUp: number;
}

/** Knows whether objects may wait in the database, and claims the rows of those. */
export class RowFinder {
  /** In any association; and in some that are not this instance's yet. */
  private mayWait = false;
  private mayWaitElsewhere = false;
  private leaseDueAt = 0;

  constructor(private readonly held: HeldStreams) {}

  get mayFind(): boolean {
    return this.mayWait;
  }

  /** @param stream an association in which one waits; undefined: it may be any */
  mayBeIn(stream?: number): void {
    this.mayWait = true;
    if (stream !== undefined) this.held.fellBehind(stream);
    if (stream === undefined || !this.held.has(stream)) this.mayWaitElsewhere = true;
  }

  /**
   * In the session's own associations first; but where these always have enough, what one that is gone had must not wait for ever. What
   * comes meanwhile is told once more. @throws the client's error
   */
  async find(source: RowSource, session: number, max: number): Promise<FoundRows> {
    const rows = source.leased;
    this.mayWait = false;
    let caughtUp = this.held.now;
    const found = await rows.claim(session, max);
    if (found.length < max && this.mayWaitElsewhere) {
      this.mayWaitElsewhere = false;
      const leased = await this.lease(source, session, max - found.length);
      if (leased === max - found.length) this.mayWaitElsewhere = true;
      if (leased > 0) {
        caughtUp = this.held.now;
        found.push(...(await rows.claim(session, max - found.length)));
      }
    } else if (this.mayWaitElsewhere && performance.now() > this.leaseDueAt) {
      await this.lease(source, session, 1);
    }
    if (found.length === max || this.mayWaitElsewhere) this.mayWait = true;
    return { found, caughtUp: found.length === max ? -1 : caughtUp };
  }

  /** Resolves with how many associations it has got. */
  private async lease(source: RowSource, session: number, max: number): Promise<number> {
    this.leaseDueAt = performance.now() + LEASE_MS;
    const leased = await source.leased.lease(session, max);
    // Else they are of one that is over.
    if (source.session.number === session)
      for (const { stream, lease } of leased) this.held.leased(stream, lease);
    return leased.length;
  }
}
