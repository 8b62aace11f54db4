import { afterRestart, NO_ATTEMPTS, type Attempts } from './attempts';
import type { ObjectStorage } from './object-storage';
import { Suspects } from './suspects';

/**
 * Counts the attempts to deliver objects, so that one that ends the process is not tried for ever. That an attempt has begun
 * is kept for objects of earlier runs only: a first attempt costs no write, and an end of the process is counted from the
 * second on.
 */
export class DeliveryAttempts {
  /** Of objects that had any. Not in here: none. */
  private readonly attempts = new Map<string, Attempts>();
  private readonly suspects: Suspects;

  /**
   * @param cleanUp runs what may fail
   * @param onSettled objects that had to wait for others may be delivered
   */
  constructor(
    private readonly storage: Pick<ObjectStorage, 'newestFound' | 'setAttempts'>,
    private readonly cleanUp: (operation: () => void) => void,
    onSettled: () => void,
  ) {
    this.suspects = new Suspects(onSettled);
  }

  of(id: string): Attempts {
    return this.attempts.get(id) ?? NO_ATTEMPTS;
  }

  /** Of an object of an earlier run. `isParked`: as `afterRestart`. */
  found(id: string, attempts: Attempts, isParked: boolean): void {
    this.attempts.set(id, afterRestart(attempts, isParked));
  }

  /** False: it has to wait for a moment. */
  mayBegin(id: string): boolean {
    return this.suspects.mayBegin(this.of(id));
  }

  begin(id: string, before = this.of(id)): Attempts {
    const attempts = id < this.storage.newestFound ? { ...before, isOpen: true } : before;
    this.suspects.begin(id, attempts);
    if (attempts !== this.of(id)) this.keep(id, attempts);
    return attempts;
  }

  /** Another one, for the flow did not acknowledge the last. */
  beginAgain(id: string): Attempts {
    this.suspects.end(id);
    const { deliveries, unacknowledged, crashes } = this.of(id);
    const before = { crashes, deliveries: deliveries + 1, unacknowledged: unacknowledged + 1, isOpen: false };
    return this.begin(id, before);
  }

  /** The flow has got its message. */
  delivered(id: string): void {
    this.suspects.delivered(id);
  }

  /** It may have been delivered, and nobody knows what became of it. */
  countDelivery(id: string): void {
    const attempts = this.of(id);
    this.keep(id, { ...attempts, deliveries: attempts.deliveries + 1 });
  }

  /** It did not end the process. */
  end(id: string): void {
    const attempts = this.of(id);
    if (attempts.isOpen) this.keep(id, { ...attempts, isOpen: false });
    this.suspects.end(id);
  }

  forget(id: string): void {
    this.attempts.delete(id);
    this.suspects.end(id);
  }

  clear(): void {
    this.attempts.clear();
    this.suspects.clear();
  }

  private keep(id: string, attempts: Attempts): void {
    this.attempts.set(id, attempts);
    this.cleanUp(() => this.storage.setAttempts(id, attempts));
  }
}
