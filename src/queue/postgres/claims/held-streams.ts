interface Held {
  /** Its number. */
  lease: number;
  /** False: it is being put into the database, with the association's first object. */
  isThere: boolean;
  /** Since when objects of it may wait that are not ready here; 0: none does. */
  behindSince: number;
}

/**
 * The associations that are this instance's, as far as it knows. Where all objects of one are claimed and ready here, the next one may be
 * claimed as it is put: else it would overtake them. Moments are those of a clock of its own, that goes on with what is told.
 */
export class HeldStreams {
  private readonly held = new Map<number, Held>();
  private clock = 0;

  has(stream: number): boolean {
    return this.held.get(stream)?.isThere === true;
  }

  /** This instance has got it, for objects of it wait. */
  leased(stream: number, lease: number): void {
    this.held.set(stream, { lease, isThere: true, behindSince: (this.clock += 1) });
  }

  /** This instance gets it with its first object, which is being put. */
  coming(stream: number, lease: number): void {
    this.held.set(stream, { lease, isThere: false, behindSince: 0 });
  }

  /** What was coming is there; or not. */
  came(stream: number, isThere: boolean): void {
    const held = this.held.get(stream);
    if (held === undefined) return;
    if (isThere) held.isThere = true;
    else if (!held.isThere) this.held.delete(stream);
  }

  /** An object of it may wait, and is not ready here. */
  fellBehind(stream: number): void {
    const held = this.held.get(stream);
    if (held !== undefined) held.behindSince = this.clock += 1;
  }

  allFellBehind(): void {
    for (const stream of this.held.keys()) this.fellBehind(stream);
  }

  get now(): number {
    return this.clock;
  }

  /** All that waited at that moment is ready here. */
  caughtUp(moment: number): void {
    for (const held of this.held.values()) if (held.behindSince <= moment) held.behindSince = 0;
  }

  /** The lease under which its next object may be claimed as it is put. Undefined: it may not. */
  leaseForNext(stream: number): number | undefined {
    const held = this.held.get(stream);
    return held?.isThere === true && held.behindSince === 0 ? held.lease : undefined;
  }

  /** Others are not this instance's any more. */
  keepOnly(streams: ReadonlySet<number>): void {
    for (const stream of this.held.keys()) if (!streams.has(stream)) this.held.delete(stream);
  }

  clear(): void {
    this.held.clear();
  }
}
