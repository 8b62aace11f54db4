import { Fifo } from '../basics';
import { sizeInId } from './object-id';
import type { ObjectStorage } from './object-storage';

export interface KeepLimits {
  /** How long an object that the flow got without acknowledgement can still be opened. 0: not at all. */
  keepDeliveredMs: number;
  /** Bytes of all of them; the oldest goes first. */
  keepDeliveredBytes: number;
}

export const KEEP_NOTHING: KeepLimits = { keepDeliveredMs: 0, keepDeliveredBytes: 0 };

interface Kept {
  id: string;
  size: number;
  until: number;
}

/** Objects that the flow has got and nobody will acknowledge, for a while. */
export class KeptDelivered {
  private readonly kept = new Map<string, Kept>();
  /** In the order of their delivery, with some that are kept no more: a map is slow to give its oldest entry. */
  private order = new Fifo<Kept>();
  private bytes = 0;
  private timer: NodeJS.Timeout | undefined;

  /**
   * @param cleanUp runs what may fail
   * @param onGone told of each that cannot be opened any more
   */
  constructor(
    private readonly limits: KeepLimits,
    private readonly storage: Pick<ObjectStorage, 'keep' | 'discardKept' | 'restore' | 'remove'>,
    private readonly cleanUp: (operation: () => void) => void,
    private readonly onGone: (id: string) => void,
  ) {}

  has(id: string): boolean {
    return this.kept.has(id);
  }

  ids(): Iterable<string> {
    return this.kept.keys();
  }

  /** Keeps an object, or removes it where it is not to be kept. */
  add(id: string): void {
    const { keepDeliveredMs, keepDeliveredBytes } = this.limits;
    this.cleanUp(() => {
      const size = keepDeliveredMs > 0 ? (sizeInId(id) ?? Infinity) : Infinity;
      if (size > keepDeliveredBytes) this.storage.remove(id);
      else this.keep(id, size);
    });
  }

  private keep(id: string, size: number): void {
    const { keepDeliveredMs, keepDeliveredBytes } = this.limits;
    this.storage.keep(id);
    const kept = { id, size, until: performance.now() + keepDeliveredMs };
    this.kept.set(id, kept);
    this.order.push(kept);
    this.bytes += kept.size;
    while (this.bytes > keepDeliveredBytes) this.discardOldest();
    this.timer ??= setTimeout(() => this.expire(), keepDeliveredMs).unref();
  }

  /** It is an object of the queue again. @throws the system's error; then it is gone */
  restore(id: string): void {
    this.forget(id);
    try {
      this.storage.restore(id);
    } catch (error) {
      this.discard(id);
      throw error;
    }
  }

  private forget(id: string): void {
    const kept = this.kept.get(id);
    if (kept === undefined) return;
    this.kept.delete(id);
    this.bytes -= kept.size;
  }

  /** True when there were some. */
  clear(): boolean {
    const hadSome = this.kept.size > 0;
    clearTimeout(this.timer);
    this.timer = undefined;
    while (this.order.size > 0) this.discardOldest();
    return hadSome;
  }

  private discardOldest(): void {
    const oldest = this.order.shift();
    if (oldest === undefined || this.kept.get(oldest.id) !== oldest) return;
    this.forget(oldest.id);
    this.discard(oldest.id);
  }

  private discard(id: string): void {
    this.onGone(id);
    this.cleanUp(() => this.storage.discardKept(id));
  }

  private expire(): void {
    this.timer = undefined;
    const now = performance.now();
    for (let oldest = this.order.head; oldest !== undefined; oldest = this.order.head) {
      if (oldest.until > now) {
        this.timer = setTimeout(() => this.expire(), oldest.until - now).unref();
        return;
      }
      this.discardOldest();
    }
  }
}
