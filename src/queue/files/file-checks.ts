/** What is wrong with a file that has been compared, or why it could not be; undefined: it is as it was received. */
export type CheckResult = string | Error | undefined;

/**
 * Files are compared with what was received before they are delivered, one after the other and without holding up the
 * thread: a disk may have damaged them, or somebody changed them, while they waited.
 */
export class FileChecks {
  private readonly results = new Map<string, CheckResult>();
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

  resultOf(id: string): CheckResult {
    return this.results.get(id);
  }

  begin(id: string): void {
    if (this.running === id) return;
    this.running = id;
    void this.damage(id)
      // Whoever reads it meets the error: the disk may give it then, but nobody has compared it.
      .catch((error: unknown) => error as Error)
      .then((result) => {
        if (this.running !== id) return;
        this.running = undefined;
        this.results.set(id, result);
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
