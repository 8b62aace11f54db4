/**
 * Files are compared with what was received before they are delivered, one after the other and without holding up the
 * thread: a disk may have damaged them, or somebody changed them, while they waited.
 */
export class FileChecks {
  /** What is wrong with those that have been compared; undefined: nothing. */
  private readonly results = new Map<string, string | undefined>();
  private running: string | undefined;

  /**
   * @param damage what is wrong with the object's file
   * @param onChecked called when another file has been compared
   */
  constructor(
    private readonly damage: (id: string) => Promise<string | undefined>,
    private readonly onChecked: () => void,
  ) {}

  isDone(id: string): boolean {
    return this.results.has(id);
  }

  /** Undefined: nothing is wrong with it, or it could not be read. */
  damageOf(id: string): string | undefined {
    return this.results.get(id);
  }

  begin(id: string): void {
    if (this.running === id) return;
    this.running = id;
    void this.damage(id)
      // Whoever reads it then meets the error.
      .catch(() => undefined)
      .then((damage) => {
        if (this.running !== id) return;
        this.running = undefined;
        this.results.set(id, damage);
        this.onChecked();
      });
  }

  forget(id: string): void {
    this.results.delete(id);
  }

  clear(): void {
    this.running = undefined;
    this.results.clear();
  }
}
