import type { Attempts } from './attempts';

/** An object with this many crashes may be what causes them. */
const SUSPECT_CRASHES = 2;
/** What an object does to the flow shows within this. */
const SETTLED_MS = 10_000;

/**
 * Objects during whose delivery the process ended more than once are delivered one at a time: the next end is counted for
 * the one that causes it, and not for those that happened to be on their way with it.
 */
export class Suspects {
  /** Attempts that have begun, and of which the flow has not got the message yet. */
  private readonly begun = new Set<string>();
  private alone: string | undefined;
  private settling: NodeJS.Timeout | undefined;

  /** @param onSettled others may be delivered again */
  constructor(private readonly onSettled: () => void) {}

  mayBegin(attempts: Attempts): boolean {
    return this.alone === undefined && (!isSuspect(attempts) || this.begun.size === 0);
  }

  begin(id: string, attempts: Attempts): void {
    this.begun.add(id);
    if (isSuspect(attempts)) this.alone = id;
  }

  /** The flow has got its message. */
  delivered(id: string): void {
    this.ended(id);
    if (this.alone === id) this.settling = setTimeout(() => this.end(id), SETTLED_MS).unref();
  }

  /** Its attempt has ended. */
  end(id: string): void {
    this.ended(id);
    if (this.alone !== id) return;
    this.alone = undefined;
    clearTimeout(this.settling);
    this.onSettled();
  }

  /** One that has to be alone may wait for the last. */
  private ended(id: string): void {
    if (this.begun.delete(id) && this.begun.size === 0) this.onSettled();
  }

  clear(): void {
    this.begun.clear();
    this.alone = undefined;
    clearTimeout(this.settling);
  }
}

function isSuspect({ crashes }: Attempts): boolean {
  return crashes >= SUSPECT_CRASHES;
}
