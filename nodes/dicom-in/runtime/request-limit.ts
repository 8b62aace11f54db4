/** How many requests of an address pass in a window of time, and how many addresses are told apart. */
export interface RequestLimits {
  windowMs: number;
  each: number;
  addresses: number;
}

/**
 * Counts the requests of each address. Who asks too often uses up nobody else's; only more addresses than are told apart do,
 * until the next window.
 */
export class RequestLimit {
  private readonly counts = new Map<string, number>();
  private windowEnds = 0;

  constructor(private readonly limits: RequestLimits) {}

  passes(address: string, now = performance.now()): boolean {
    if (now >= this.windowEnds) {
      this.counts.clear();
      this.windowEnds = now + this.limits.windowMs;
    }
    const before = this.counts.get(address);
    if (before === undefined && this.counts.size >= this.limits.addresses) return false;
    if (before !== undefined && before >= this.limits.each) return false;
    this.counts.set(address, (before ?? 0) + 1);
    return true;
  }
}
