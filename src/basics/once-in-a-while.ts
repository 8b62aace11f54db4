/** Lets one of each kind pass per interval (milliseconds), independent of the wall clock. */
export class OnceInAWhile {
  private readonly passedAt = new Map<string, number>();

  constructor(private readonly milliseconds: number) {}

  /** @param kind one of few: a code, no text of a peer */
  passes(kind: string): boolean {
    const now = performance.now();
    const passedAt = this.passedAt.get(kind);
    if (passedAt !== undefined && now - passedAt < this.milliseconds) return false;
    this.passedAt.set(kind, now);
    return true;
  }
}
