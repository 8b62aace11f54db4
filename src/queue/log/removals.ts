/**
 * Objects that have left, of which no record says so yet: one write at the end of the turn says it of many. Who waits for
 * that is told when it has been written.
 */
export class Removals {
  private ids: string[] = [];
  private waiters: { resolve: () => void; reject: (error: Error) => void }[] = [];
  private endOfTurn: NodeJS.Immediate | undefined;

  /** @param tidy called at the end of a turn in which there was something */
  constructor(private readonly tidy: () => void) {}

  get isEmpty(): boolean {
    return this.ids.length === 0;
  }

  /** For a record. */
  get text(): string {
    return this.ids.join('\n');
  }

  add(id: string): void {
    this.ids.push(id);
    this.tidyLater();
  }

  tidyLater(): void {
    this.endOfTurn ??= setImmediate(() => {
      this.endOfTurn = undefined;
      this.tidy();
    });
  }

  /** Resolves when a record says of all of them that they have left, or none needs to. */
  written(): Promise<void> {
    if (this.isEmpty) return Promise.resolve();
    this.tidyLater();
    return new Promise((resolve, reject) => this.waiters.push({ resolve, reject }));
  }

  /** A record says so, or none needs to. */
  clear(): void {
    this.ids = [];
    for (const { resolve } of this.waiters.splice(0)) resolve();
  }

  /** It could not be written, and is tried again with the next record. */
  failed(error: Error): void {
    for (const { reject } of this.waiters.splice(0)) reject(error);
  }

  stop(): void {
    clearImmediate(this.endOfTurn);
    this.endOfTurn = undefined;
  }
}
