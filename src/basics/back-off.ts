/** Waiting times that double from `first` to `last` milliseconds, until something succeeds. */
export class BackOff {
  private next: number;

  constructor(
    private readonly first: number,
    private readonly last: number,
  ) {
    this.next = first;
  }

  /** The time to wait before the next attempt. */
  wait(): number {
    const wait = this.next;
    this.next = Math.min(this.next * 2, this.last);
    return wait;
  }

  reset(): void {
    this.next = this.first;
  }
}
