/**
 * Until when something is certainly ours. One thread moves that moment, others look at it in the same memory. The clock is the
 * same in all threads, and goes on while the process is stopped: who goes on after that sees that it is over.
 */
export class Lease {
  private readonly until: Float64Array;

  /** @param memory of one that another thread has */
  constructor(readonly memory = new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT)) {
    this.until = new Float64Array(memory);
  }

  /** @param moment as `Lease.now` */
  extendTo(moment: number): void {
    this.until[0] = moment;
  }

  /** For good. */
  end(): void {
    this.until[0] = 0;
  }

  get isOver(): boolean {
    return Lease.now() >= (this.until[0] ?? 0);
  }

  /** Milliseconds of the system's clock that nobody sets. */
  static now(): number {
    const [seconds, nanoseconds] = process.hrtime();
    return seconds * 1_000 + nanoseconds / 1_000_000;
  }
}
