/** Milliseconds. */
export interface Clock {
  /** Only goes forward. */
  now(): number;
  /** Of the day: it may be set. */
  wall(): number;
}

export const REAL_CLOCK: Clock = { now: () => performance.now(), wall: () => Date.now() };

/** Further apart from one look to the next, the clock has been set. */
const SET_MS = 1_000;

/** How long ago something came that says when by the clock of the day. That may have been set since: then it is not believed. */
export class Ages {
  private offset: number;
  /** Nothing is believed to have come before. */
  private steadySince: number;

  constructor(private readonly clock: Clock) {
    this.offset = clock.wall() - clock.now();
    this.steadySince = clock.now();
  }

  /** To be called again and again. */
  look(): void {
    const offset = this.clock.wall() - this.clock.now();
    if (Math.abs(offset - this.offset) > SET_MS) this.steadySince = this.clock.now();
    this.offset = offset;
  }

  /** Milliseconds; 0 where that cannot be told. @param at ISO 8601 */
  of(at: string | undefined): number {
    this.look();
    const age = this.clock.wall() - Date.parse(at ?? '');
    return Number.isNaN(age) ? 0 : Math.min(Math.max(0, age), this.clock.now() - this.steadySince);
  }
}
