/** What is posted at a time, at most. */
const MOST_MATCHES = 64;
const MOST_CHARACTERS = 262_144;
/** Batches that may be on their way. */
const MOST_UNTAKEN = 2;

/** Matches on their way to the main thread: in batches, of which few are on their way at a time. */
export class Batches {
  private gathered: string[] = [];
  private characters = 0;
  private untaken = 0;
  private soon: NodeJS.Immediate | undefined;
  private goOn: (() => void) | undefined;

  constructor(private readonly send: (matches: string[]) => void) {}

  /** Undefined: there is room for more. Else resolves when there is. */
  add(match: string): Promise<void> | undefined {
    this.gathered.push(match);
    this.characters += match.length;
    if (this.gathered.length < MOST_MATCHES && this.characters < MOST_CHARACTERS) {
      this.soon ??= setImmediate(() => this.flush());
      return undefined;
    }
    this.flush();
    if (this.untaken < MOST_UNTAKEN) return undefined;
    return new Promise((resolve) => (this.goOn = resolve));
  }

  flush(): void {
    clearImmediate(this.soon);
    this.soon = undefined;
    if (this.gathered.length === 0) return;
    this.untaken += 1;
    this.send(this.gathered);
    this.gathered = [];
    this.characters = 0;
  }

  /** The main thread is done with a batch. */
  taken(): void {
    this.untaken -= 1;
    this.release();
  }

  /** Nobody waits for room any more. */
  release(): void {
    this.goOn?.();
    this.goOn = undefined;
  }
}
