import type { Leased, LeasedRows } from '../rows';

/**
 * Objects that are not claimed here any more, of which the database has not been told yet: no delivery is to be counted that was none,
 * and no crash.
 */
export class Relinquished {
  /** In flight under the session that lives: they are to wait again. */
  private returned: Leased[] = [];
  /** Of sessions that are over, none of which has ended this instance. */
  private lost: Leased[] = [];

  return(objects: readonly Leased[]): void {
    this.returned.push(...objects);
  }

  lose(objects: readonly Leased[]): void {
    this.lost.push(...objects);
  }

  /** What was to be returned is lost. */
  sessionEnded(): void {
    this.lost.push(...this.returned.splice(0));
  }

  /**
   * Tells the database. To be done before anything else is claimed, which would overtake what is returned.
   * @throws the client's error; then it is to be done again
   */
  async settle(rows: LeasedRows): Promise<void> {
    await settled(this.returned, (objects) => rows.giveBack(objects));
    await settled(this.lost, (objects) => rows.settleLost(objects));
  }

  /** Forgets all of them. Returns what the session that lives still has. */
  close(): Leased[] {
    this.lost = [];
    return this.returned.splice(0);
  }
}

/** Empties a list, of which what comes meanwhile stays. */
async function settled(list: Leased[], tell: (objects: readonly Leased[]) => Promise<void>): Promise<void> {
  if (list.length === 0) return;
  const objects = list.splice(0);
  try {
    await tell(objects);
  } catch (error) {
    list.unshift(...objects);
    throw error;
  }
}
